"""The checks that layers share."""

import pytest

from a2u_tf.layers.base import GuidedUpSampling2D
from a2u_tf.layers.checks import check_guidance


@pytest.mark.parametrize("shape", [(None, None, None, 3), (2, 5, 7, 1), [2, 5, 7, 1]])
def test_guidance_of_rank_4_with_channels_passes(shape):
    check_guidance(shape)


@pytest.mark.parametrize("shape", [(2, 5, 7), (2, 5, 7, 3, 1), (2, 5, 7, None), {"up": (2, 5, 7, 1)}])
def test_other_guidance_is_refused_with_its_shape(shape):
    with pytest.raises(ValueError, match=r"rank 4.*channel count is known.*Received: shape=") as error:
        check_guidance(shape)
    assert str(shape) in str(error.value)


class Guided(GuidedUpSampling2D):
    def upsample(self, inputs, guidance):
        return guidance[..., :1]


@pytest.fixture
def layer():
    return Guided(3)


@pytest.mark.parametrize("inputs", [(2, 3, 4, 7), (2, None, None, 7)])
@pytest.mark.parametrize("guidance", [(2, 9, 12, 5), (None, None, 12, 5), (2, None, None, 1)])
def test_exact_guidance_passes(layer, inputs, guidance):
    assert layer.compute_output_shape(inputs, guidance) == (*guidance[:3], 7)


@pytest.mark.parametrize("guidance", [(2, 8, 12, 5), (2, 9, 11, 5), (None, None, 13, 5)])
def test_other_sizes_of_guidance_are_refused(layer, guidance):
    with pytest.raises(ValueError, match=r"exactly 3 times.*Received: inputs.shape=\(2, 3, 4, 7\), guidance.shape="):
        layer.compute_output_shape((2, 3, 4, 7), guidance)


def test_missing_guidance_is_refused(layer):
    with pytest.raises(ValueError, match=r"Guided needs guidance: call it with \(inputs, guidance\)"):
        layer.compute_output_shape((2, 3, 4, 7))


@pytest.mark.parametrize("shape", [(2, 3, 4), (2, 3, 4, None)])
def test_features_of_other_ranks_are_refused(layer, shape):
    with pytest.raises(ValueError, match=r"Guided upsamples tensors of rank 4.*Received: shape="):
        layer.compute_output_shape(shape, (2, 9, 12, 5))


@pytest.mark.tensorflow
def test_unknown_sizes_of_guidance_are_checked_when_the_graph_runs(layer):
    import tensorflow as tf

    function = tf.function(layer.call, input_signature=[tf.TensorSpec((None, None, None, 4))] * 2)
    assert function(tf.zeros((2, 2, 1, 4)), tf.zeros((2, 6, 3, 4))).shape == (2, 6, 3, 1)
    for shape in ((2, 5, 3, 4), (2, 6, 4, 4), (1, 6, 3, 4)):
        with pytest.raises(tf.errors.InvalidArgumentError, match="exactly 3 times the height and width"):
            function(tf.zeros((2, 2, 1, 4)), tf.zeros(shape))
