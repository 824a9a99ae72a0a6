"""The checks that layers share."""

import keras
import pytest

from a2u_tf.layers.checks import check_exact_guidance, check_features, check_guidance


@pytest.mark.parametrize("shape", [(None, None, None, 3), (2, 5, 7, 1), [2, 5, 7, 1]])
def test_guidance_of_rank_4_with_channels_passes(shape):
    check_guidance(shape)


@pytest.mark.parametrize("shape", [(2, 5, 7), (2, 5, 7, 3, 1), (2, 5, 7, None), {"up": (2, 5, 7, 1)}])
def test_other_guidance_is_refused_with_its_shape(shape):
    with pytest.raises(ValueError, match=r"rank 4.*channel count is known.*Received: shape=") as error:
        check_guidance(shape)
    assert str(shape) in str(error.value)


@pytest.fixture
def layer():
    layer = keras.layers.Identity()
    layer.scale = 3
    return layer


@pytest.mark.parametrize("guidance", [(2, 9, 12, 5), (None, None, 12, 5), (2, None, None, 1)])
def test_exact_guidance_passes(layer, guidance):
    check_exact_guidance(layer, (2, 3, 4, 7), guidance)
    check_exact_guidance(layer, (2, None, None, 7), guidance)


@pytest.mark.parametrize("guidance", [(2, 8, 12, 5), (2, 9, 11, 5), (None, None, 13, 5)])
def test_other_sizes_of_guidance_are_refused(layer, guidance):
    with pytest.raises(ValueError, match=r"exactly 3 times.*Received: inputs.shape=\(2, 3, 4, 7\), guidance.shape="):
        check_exact_guidance(layer, (2, 3, 4, 7), guidance)


def test_missing_guidance_is_refused(layer):
    with pytest.raises(ValueError, match=r"Identity needs guidance: call it with \(inputs, guidance\)"):
        check_exact_guidance(layer, (2, 3, 4, 7), None)


@pytest.mark.parametrize("shape", [(2, 3, 4), (2, 3, 4, None)])
def test_features_of_other_ranks_are_refused(layer, shape):
    with pytest.raises(ValueError, match=r"Identity upsamples tensors of rank 4.*Received: shape="):
        check_features(layer, shape)
