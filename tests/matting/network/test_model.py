"""The user-level model: any size, the trimap's word, the recorded steps around the network, other settings of Keras."""

import keras
import numpy as np
import pytest
from keras import ops

from a2u_tf.matting import MattingModel, matting_net
from a2u_tf.matting.network.model import framed, matte
from a2u_tf.matting.prediction import for_prediction
from a2u_tf.reconstruction import reconstruction_net
from tests.helpers import dtype_policy, fused_normalizations, skip_unless_empty_maps_convolve, tiny_matting, to_numpy
from tests.matting.pytorch_release.recipe import channels_last

pytestmark = pytest.mark.network


@pytest.fixture(scope="module")
def model():
    return MattingModel(matting_net(width=0.125))


def picture(rng, size, batch=1):
    image = rng.integers(0, 256, size=(batch, *size, 3), dtype="uint8")
    trimap = rng.choice(np.array([0, 128, 255], "uint8"), size=(batch, *size, 1))
    return image, trimap


@pytest.mark.parametrize("case", range(4))
def test_golden_around_the_network(golden_dir, case):
    with np.load(golden_dir / "G_data_steps.npz") as file:
        g = {name: file[name] for name in file.files if f"_{case}_" in name}
    image = g[f"G5_{case}_image_bgr"][None, ..., ::-1]
    trimap = g[f"G5_{case}_trimap"][None, ..., None]
    received = to_numpy(framed(ops.convert_to_tensor(image.copy()), ops.convert_to_tensor(trimap), 16))
    expected = channels_last(g[f"G6_{case}_demo_net_input_padded"])  # levels beside 0 and 255 are unknown
    np.testing.assert_allclose(received, expected, rtol=0, atol=2e-6)
    output = g[f"G5_{case}_fake_net_output"][None, ..., None]
    alpha = to_numpy(matte(ops.convert_to_tensor(output), ops.convert_to_tensor(trimap)))[0, ..., 0]
    expected = g[f"G6_{case}_demo_final_alpha_u8"].astype(int)
    assert np.abs((alpha * 255).astype(int) - expected).max() <= 1  # the recorded levels are cut off, not rounded
    exact = (trimap[0, ..., 0] == 128) | (trimap[0, ..., 0] == 0) | (trimap[0, ..., 0] == 255)
    np.testing.assert_allclose(alpha[exact] * 255, g[f"G5_{case}_final_alpha_f32"][exact], rtol=0, atol=1e-3)


@pytest.mark.parametrize("size", [(1, 1), (2, 3), (15, 17), (16, 32), (33, 50)])
def test_padding_is_numpys_reflection(rng, size):
    image, trimap = picture(rng, size)
    received = to_numpy(framed(ops.convert_to_tensor(image), ops.convert_to_tensor(trimap), 16))
    height, width = (-(-length // 16) * 16 for length in size)
    pad = ((0, 0), (0, height - size[0]), (0, width - size[1]), (0, 0))
    expected = np.pad(trimap.astype("float32") / 255, pad, mode="reflect")
    np.testing.assert_allclose(received[..., 3:], expected, atol=1e-6)
    expected = (np.pad(image, pad, mode="reflect") / 255 - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225]
    np.testing.assert_allclose(received[..., :3], expected, atol=1e-5)


@pytest.mark.parametrize("size", [(1, 1), (5, 70), (33, 50), (32, 32)])
def test_any_size(rng, model, size):
    image, trimap = picture(rng, size, batch=2)
    alpha = to_numpy(model({"image": image, "trimap": trimap})["alpha"])
    assert (alpha.shape, alpha.dtype) == ((2, *size, 1), "float32")
    network = np.clip(to_numpy(model.network(framed(ops.array(image), ops.array(trimap), 16))), 0, 1)
    expected = np.select([trimap == 0, trimap == 255], [0, 1], network[:, : size[0], : size[1]])
    np.testing.assert_allclose(alpha, expected, atol=1e-6)


def test_empty_batch(model):
    skip_unless_empty_maps_convolve()
    inputs = {"image": np.zeros((0, 20, 20, 3), "uint8"), "trimap": np.zeros((0, 20, 20, 1), "uint8")}
    assert model(inputs)["alpha"].shape == (0, 20, 20, 1)


def test_floats_are_the_same_picture(rng, model):
    image, trimap = picture(rng, (20, 30))
    expected = model.predict({"image": image, "trimap": trimap}, verbose=0)["alpha"]
    received = model.predict({"image": (image / 255).astype("float32"), "trimap": trimap}, verbose=0)["alpha"]
    np.testing.assert_allclose(received, expected, atol=1e-4)


def test_serialization(rng, tmp_path):
    settings = {"variant": "hybrid", "channel_shared": False, "kernel_size": 5, "encoding_size": 4}
    model = MattingModel(matting_net(width=0.125, **settings))
    inputs = dict(zip(("image", "trimap"), picture(rng, (20, 30)), strict=True))
    model.save(tmp_path / "matting.keras")
    loaded = keras.saving.load_model(tmp_path / "matting.keras")
    np.testing.assert_array_equal(to_numpy(loaded(inputs)["alpha"]), to_numpy(model(inputs)["alpha"]))


@pytest.mark.tensorflow
def test_normalisation_is_fused_also_in_loaded_and_copied_models(tmp_path):
    model = MattingModel(matting_net("bilinear", None, width=0.03))
    model.save(tmp_path / "model.keras")
    for one in (model, keras.saving.load_model(tmp_path / "model.keras"), for_prediction(model)):
        fused = fused_normalizations(one)
        assert len(fused) > 40
        assert all(fused)


def test_exceptions(rng):
    model = tiny_matting()
    image, trimap = picture(rng, (16, 16))
    for inputs, message in (
        (image, "dict with the keys 'image' and 'trimap'. Received: ndarray|EagerTensor|Array|Tensor"),
        ({"image": image}, r"Received: \['image'\]"),
        ({"image": image[..., :1], "trimap": trimap}, r"`image` must have shape \(N, H, W, 3\)"),
        ({"image": image, "trimap": trimap[..., 0]}, r"`trimap` must have shape \(N, H, W, 1\)"),
        ({"image": image, "trimap": trimap[:, :8]}, r"same size. Received: \(1, 16, 16, 3\) and \(1, 8, 16, 1\)"),
        ({"image": image, "trimap": trimap / np.float32(255)}, "`trimap` must be uint8.*Received: float32"),
        ({"image": image, "trimap": trimap.astype("int32")}, "`trimap` must be uint8.*Received: int32"),
    ):
        with pytest.raises(ValueError, match=message):
            model(inputs)


@pytest.fixture(autouse=True)
def settings_stay():
    floatx, data_format = keras.config.floatx(), keras.config.image_data_format()
    with dtype_policy(keras.config.dtype_policy()):
        yield
    keras.config.set_floatx(floatx)
    keras.config.set_image_data_format(data_format)


def small_alpha():
    image, trimap = picture(np.random.default_rng(3), (30, 45))
    model = MattingModel(matting_net(width=0.25, weights="small"))
    return model({"image": image, "trimap": np.full_like(trimap, 128)})["alpha"]


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


KINDS = ["nearest+conv", "bilinear+max_pool", "indexnet_m2o+indexnet", "fade+conv", "max_unpool+a2u"]


@pytest.mark.parametrize("kinds", KINDS)
def test_channels_first_for_every_kind_of_layer(kinds):
    keras.config.set_image_data_format("channels_first")
    for network, settings in ((matting_net, {"width": 0.1}), (reconstruction_net, {})):
        model = network(*kinds.split("+"), **settings)
        formats = {getattr(layer, "data_format", "channels_last") for layer in model.layers}
        assert formats == {"channels_last"}
