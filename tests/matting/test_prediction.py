"""One picture through a model, and convolution in strips."""

import keras
import numpy as np
import pytest

from a2u_tf.matting import MattingModel, matting_net, prediction
from a2u_tf.matting.data import network_input
from a2u_tf.matting.network.model import framed
from a2u_tf.matting.prediction import StripConv2D, can_be_stripped, for_prediction, predict_alpha
from tests.helpers import assert_close, dtype_policy, tiny_matting, to_numpy


@pytest.fixture(scope="module")
def model():
    return MattingModel(matting_net(width=0.03))


class Recorded:
    """A model that answers one level, and keeps what it was asked."""

    def __init__(self):
        self.asked = []

    def predict_on_batch(self, inputs):
        self.asked.append(inputs)
        return {"alpha": np.full(inputs["trimap"].shape, 0.25, "float32")}


@pytest.mark.parametrize("shapes", [((4, 4, 3), (4, 5)), ((4, 4), (4, 4)), ((4, 4, 3), (4, 4, 1)), ((0, 4, 3), (0, 4))])
def test_exception(shapes):
    image, trimap = (np.zeros(shape, "uint8") for shape in shapes)
    with pytest.raises(ValueError, match=r"`image` and `trimap` must be of shapes \(H, W, 3\) and \(H, W\). Rec"):
        predict_alpha(Recorded(), image, trimap)


def test_working_size(rng):
    image = rng.integers(0, 256, (60, 92, 3), dtype="uint8")
    columns = np.indices((60, 92))[1]
    trimap = np.select([columns < 30, columns > 61], [0, 255], 128).astype("uint8")
    model = Recorded()
    alpha = predict_alpha(model, image, trimap, max_side=23)
    (seen,) = model.asked
    blocks = image.reshape(15, 4, 23, 4, 3).mean(axis=(1, 3))
    np.testing.assert_allclose(seen["image"][0].astype(float), blocks, atol=0.51)
    # Columns 28 to 31 and 60 to 63 are partly unknown, so those of the reduced trimap are.
    expected = np.broadcast_to([0] * 7 + [128] * 9 + [255] * 7, (15, 23))
    np.testing.assert_array_equal(seen["trimap"][0, ..., 0], expected)
    assert alpha.dtype == np.float32
    np.testing.assert_allclose(alpha, np.select([trimap == 0, trimap == 255], [0, 1], 0.25), atol=1e-6)


def test_working_size_of_a_small_picture_is_its_own(rng):
    image, trimap = rng.integers(0, 256, (20, 33, 3), dtype="uint8"), np.full((20, 33), 128, "uint8")
    model = Recorded()
    for max_side in (33, 32, 1):
        assert predict_alpha(model, image, trimap, max_side).shape == (20, 33)
    assert [inputs["image"].shape[1:3] for inputs in model.asked] == [(20, 33), (19, 32), (1, 1)]


def test_enlarged_matte_lies_where_the_picture_is():
    class Copies:
        def predict_on_batch(self, inputs):
            return {"alpha": inputs["image"][..., :1] / np.float32(255)}

    columns = np.tile(np.arange(0, 250, 2.5, dtype="float32"), (60, 1))
    image = np.stack([columns.astype("uint8")] * 3, axis=-1)
    alpha = predict_alpha(Copies(), image, np.full(columns.shape, 128, "uint8"), max_side=31)
    np.testing.assert_allclose(255 * alpha[:, 5:-5], columns[:, 5:-5], atol=1.5)


@pytest.mark.parametrize("max_side", [0, -1, 2.5, "9", True])
def test_bad_working_size(max_side):
    with pytest.raises(ValueError, match=r"`max_side` must be an integer of at least 1. Received: max_side="):
        predict_alpha(Recorded(), np.zeros((4, 4, 3), "uint8"), np.zeros((4, 4), "uint8"), max_side)


@pytest.mark.parametrize(
    "image",
    [np.ones((4, 4, 3), dtype) for dtype in ("uint16", "int8", "bool")]
    + [np.full((4, 4, 3), x) for x in (200.0, -0.1, np.nan)],
)
def test_images_without_a_scale(image):
    with pytest.raises(ValueError, match=r"`image` must be uint8, or floats in \[0, 1\]. Received: "):
        predict_alpha(Recorded(), image, np.full((4, 4), 128, "uint8"))


def test_training_and_prediction_read_the_same_numbers(rng):
    image = rng.integers(0, 256, (16, 32, 3), dtype="uint8")
    trimap = rng.choice(np.array([0, 128, 255], "uint8"), (16, 32))
    predicted_from = to_numpy(framed(image[None], trimap[None, ..., None], 16))[0]
    np.testing.assert_allclose(network_input(image, trimap), predicted_from, atol=1e-5)


@pytest.mark.network
def test_dtype(rng, model):
    image = rng.integers(0, 256, (48, 64, 3), dtype="uint8")
    trimap = np.full((48, 64), 128, "uint8")
    expected = predict_alpha(model, image, trimap)
    half = for_prediction(model, "bfloat16")
    for name in ("encoder_stem_conv", "kernels_1"):
        assert half.network.get_layer(name).compute_dtype == "bfloat16"
    assert all(variable.dtype == "float32" for variable in half.weights)
    alpha = predict_alpha(half, image, trimap)
    assert 0 < np.abs(alpha - expected).mean() < 0.01
    back = for_prediction(half, "float32")
    assert {layer.compute_dtype for layer in back.network.layers} == {"float32"}
    for weight, same in zip(back.weights, model.weights, strict=True):
        np.testing.assert_array_equal(to_numpy(weight), to_numpy(same))
    # Not bit for bit: `model` has met pictures of several sizes, so that TensorFlow traced it with open sizes, and
    # `back` with those of this picture; the two graphs round in other places.
    assert_close(predict_alpha(back, image, trimap), expected)


def test_other_dtypes():
    with pytest.raises(ValueError, match=r"must be one of .*'float32', 'bfloat16'.* Received: dtype='float16'"):
        for_prediction(tiny_matting(), "float16")
    assert for_prediction(tiny_matting(), "bfloat16").network.layers[-1].compute_dtype == "bfloat16"


@pytest.mark.network
@pytest.mark.tensorflow
def test_large_pictures_give_the_same(rng, monkeypatch):
    """In float64: in float32 convolutions round strips in other ways than the whole, on some processors."""
    monkeypatch.setattr(prediction, "MAX_WHOLE", 30_000)
    monkeypatch.setattr(prediction, "STRIP", 10_000)
    with dtype_policy("float64"):
        model = MattingModel(matting_net(width=0.03))
    large = for_prediction(model, large=True)
    assert sum(isinstance(layer, StripConv2D) for layer in large.network.layers) > 30
    image, trimap = rng.integers(0, 256, (47, 64, 3), dtype="uint8"), np.full((47, 64), 128, "uint8")
    expected = predict_alpha(model, image, trimap)
    assert np.ptp(expected) > 0.01
    # The matte is float32: what is equal in float64 is rounded to the same number, or to its neighbour.
    np.testing.assert_allclose(predict_alpha(large, image, trimap), expected, atol=np.finfo("float32").eps)


def loops(graph):
    return any("While" in operation.type for operation in graph.graph.get_operations())


@pytest.mark.tensorflow
@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize(("kernel_size", "strip"), [((7, 3), 3000), ((3, 3), 100), ((1, 5), 10_000), ((3, 3), 10**9)])
def test_convolution_in_strips_is_convolution(monkeypatch, rng, kernel_size, strip, known):
    import tensorflow as tf

    monkeypatch.setattr(prediction, "MAX_WHOLE", 1000)
    monkeypatch.setattr(prediction, "STRIP", strip)
    x = rng.normal(size=(1, 33, 21, 4)).astype("float32")
    settings = {"padding": "same", "activation": "relu", "bias_initializer": "ones"}
    plain, layer = keras.layers.Conv2D(5, kernel_size, **settings), StripConv2D(5, kernel_size, **settings)
    expected = plain(x)
    layer.build(x.shape)
    layer.set_weights(plain.get_weights())
    spec = tf.TensorSpec(x.shape if known else (1, None, None, 4))
    graph = tf.function(layer, input_signature=[spec]).get_concrete_function()
    assert loops(graph)
    assert graph.structured_outputs.shape[-1] == 5
    np.testing.assert_allclose(graph(x), expected, atol=1e-5)
    monkeypatch.undo()
    assert not loops(tf.function(layer).get_concrete_function(tf.TensorSpec(x.shape)))  # small maps go as a whole


def test_which_layers_are_stripped():
    assert can_be_stripped(keras.layers.Conv2D(2, 3, padding="same"))
    for other in ({"kernel_size": 1}, {"kernel_size": 2}, {"strides": 2}, {"dilation_rate": 2}, {"padding": "valid"}):
        settings = {"filters": 2, "kernel_size": 3, "padding": "same", **other}
        assert not can_be_stripped(keras.layers.Conv2D(**settings))
    assert not can_be_stripped(keras.layers.DepthwiseConv2D(3, padding="same"))
    assert not can_be_stripped(keras.layers.ReLU())
