"""The networks under other settings of Keras: the same numbers."""

import keras
import numpy as np
import pytest

from a2u_tf.matting import MattingModel, matting_net
from a2u_tf.reconstruction import reconstruction_net
from tests.helpers import dtype_policy, to_numpy

pytestmark = pytest.mark.network


@pytest.fixture(autouse=True)
def settings_stay():
    before = keras.config.floatx(), keras.config.image_data_format()
    with dtype_policy(keras.config.dtype_policy()):
        yield
    keras.config.set_floatx(before[0])
    keras.config.set_image_data_format(before[1])


def small_alpha():
    rng = np.random.default_rng(3)
    picture = {
        "image": rng.integers(0, 256, (1, 30, 45, 3), dtype="uint8"),
        "trimap": np.full((1, 30, 45, 1), 128, "uint8"),
    }
    return MattingModel(matting_net(width=0.25, weights="small"))(picture)["alpha"]


@pytest.mark.parametrize("floatx", ["float16", "bfloat16", "float64"])
def test_floatx(floatx):
    expected = to_numpy(small_alpha())
    keras.config.set_floatx(floatx)
    keras.config.set_dtype_policy(floatx)  # as it follows the floatx where none was set
    if floatx == "bfloat16" and keras.backend.backend() == "jax":
        with pytest.raises(ValueError, match=r"`trimap` must be uint8.*floatx='bfloat16': set the dtype policy"):
            small_alpha()
        return
    alpha = small_alpha()
    assert keras.backend.standardize_dtype(alpha.dtype) == ("float64" if floatx == "float64" else "float32")
    assert abs(to_numpy(alpha).mean() - expected.mean()) < (0.01 if floatx != "float64" else 1e-6)


def test_channels_first():
    expected = to_numpy(small_alpha())
    keras.config.set_image_data_format("channels_first")
    np.testing.assert_allclose(to_numpy(small_alpha()), expected, atol=1e-5)


@pytest.mark.parametrize(
    ("upsampling", "downsampling"),
    [
        ("nearest", "conv"),
        ("bilinear", "max_pool"),
        ("indexnet_m2o", "indexnet"),
        ("fade", "conv"),
        ("max_unpool", "a2u"),
    ],
)
def test_channels_first_for_every_kind_of_layer(upsampling, downsampling):
    keras.config.set_image_data_format("channels_first")
    for network, settings in ((matting_net, {"width": 0.1}), (reconstruction_net, {})):
        model = network(upsampling, downsampling, **settings)
        formats = {getattr(layer, "data_format", "channels_last") for layer in model.layers}
        assert formats == {"channels_last"}


def test_numpy_integers_are_saved(tmp_path):
    three = np.int64(3)
    model = reconstruction_net(kernel_size=three, encoding_size=three, input_shape=(np.int64(16), None, np.int64(1)))
    model.save(tmp_path / "model.keras")
    assert keras.saving.load_model(tmp_path / "model.keras").input_shape == (None, 16, None, 1)
