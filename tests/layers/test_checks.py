"""The checks that layers share."""

import keras
import pytest

from a2u_tf.layers.checks import check_channels_last, check_guidance


@pytest.fixture
def channels_first():
    before = keras.config.image_data_format()
    keras.config.set_image_data_format("channels_first")
    yield
    keras.config.set_image_data_format(before)


def test_channels_last_passes():
    check_channels_last(keras.layers.Identity())


def test_channels_first_is_refused_with_the_layer_and_the_way_out(channels_first):
    with pytest.raises(ValueError, match=r"Identity reads channels-last.*Received: .*'channels_first'.*Permute"):
        check_channels_last(keras.layers.Identity())


@pytest.mark.parametrize("shape", [(None, None, None, 3), (2, 5, 7, 1), [2, 5, 7, 1]])
def test_guidance_of_rank_4_with_channels_passes(shape):
    check_guidance(shape)


@pytest.mark.parametrize("shape", [(2, 5, 7), (2, 5, 7, 3, 1), (2, 5, 7, None), {"up": (2, 5, 7, 1)}])
def test_other_guidance_is_refused_with_its_shape(shape):
    with pytest.raises(ValueError, match=r"rank 4.*channel count is known.*Received: shape=") as error:
        check_guidance(shape)
    assert str(shape) in str(error.value)
