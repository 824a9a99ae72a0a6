"""FADE against its definition pixel by pixel."""

import numpy as np
import pytest

from a2u_tf.layers.comparison.fade import FADEUpSampling2D
from a2u_tf.ops import reference
from tests.helpers import FLOAT_DTYPES, assert_close, run, to_numpy
from tests.layers.oracle import maker, named_weights

FORMS = pytest.mark.parametrize("lite", [False, True], ids=["full", "lite"])


make_layer = maker(FADEUpSampling2D)


def make_arrays(rng, height, width, channels, batch=2, dtype="float32"):
    shapes = (batch, height, width, channels), (batch, 2 * height, 2 * width, channels)
    return [rng.normal(size=shape).astype(dtype) for shape in shapes]


def fade(z, guidance, weights, kernel_size, lite):
    """The definition, pixel by pixel."""

    def convolve(x, n, y, column):
        """The 3x3 convolution at one pixel."""
        total = weights["content_encoder/bias"].copy()
        for i, j in np.ndindex(3, 3):
            v, u = y + i - 1, column + j - 1
            if 0 <= v < x.shape[1] and 0 <= u < x.shape[2]:
                kernel = weights["content_encoder/kernel"][i, j]
                total += x[n, v, u] * kernel[:, 0] if lite else x[n, v, u] @ kernel
        return total

    fine = guidance @ weights["embedding_guidance/kernel"] + weights["embedding_guidance/bias"]
    coarse = z @ weights["embedding_inputs/kernel"]
    gate = 1 / (1 + np.exp(-(z @ weights["gate/kernel"] + weights["gate/bias"])))
    gate = gate.repeat(2, axis=1).repeat(2, axis=2)
    kernels = np.zeros((*guidance.shape[:3], kernel_size**2))
    for n, y, x in np.ndindex(guidance.shape[:3]):
        kernels[n, y, x] = np.exp(convolve(fine, n, y, x) + convolve(coarse, n, y // 2, x // 2))
    kernels /= kernels.sum(axis=-1, keepdims=True)
    return gate * guidance + (1 - gate) * reference.reassemble_up(z, kernels, kernel_size)


@pytest.mark.parametrize("dtype", FLOAT_DTYPES)
@pytest.mark.parametrize("kernel_size", [3, 5])
@FORMS
def test_feature_equals_the_definition(rng, lite, kernel_size, dtype):
    inputs, guidance = make_arrays(rng, 2, 3, 4, dtype=dtype)
    layer = make_layer(
        inputs.shape, guidance.shape, rng, kernel_size=kernel_size, embedding_size=3, lite=lite, dtype=dtype
    )
    outputs = run(layer, inputs, guidance)
    assert tuple(outputs.shape) == layer.compute_output_shape(inputs.shape, guidance.shape) == guidance.shape
    weights = named_weights(layer)
    expected = fade(inputs.astype("float64"), guidance.astype("float64"), weights, kernel_size, lite)
    assert_close(outputs, expected, scale=100)  # scores of random weights: a softmax multiplies by their rounding


@FORMS
def test_feature_zero_weights_are_half_guidance_half_box_average(rng, lite):
    inputs, guidance = make_arrays(rng, 3, 4, 2)
    layer = make_layer(inputs.shape, guidance.shape, lite=lite)
    layer.set_weights([np.zeros(weight.shape) for weight in layer.weights])
    average = reference.reassemble_up(inputs, np.full((2, 6, 8, 25), 1 / 25), 5)
    assert_close(run(layer, inputs, guidance), (guidance + average) / 2)


@pytest.mark.parametrize("bias", [1e3, -1e3])
@FORMS
def test_feature_extreme_gates(rng, lite, bias):
    inputs, guidance = make_arrays(rng, 3, 4, 2)
    layer = make_layer(inputs.shape, guidance.shape, rng, lite=lite)
    layer.gate.bias.assign([bias])
    reassembled = reference.reassemble_up(inputs, to_numpy(run(layer._kernels, inputs, guidance)), 5)
    assert_close(run(layer, inputs, guidance), guidance if bias > 0 else reassembled)


@FORMS
def test_feature_kernels_sum_to_one(rng, lite):
    inputs, guidance = make_arrays(rng, 6, 5, 3)
    inputs[:] = 0.7
    layer = make_layer(inputs.shape, guidance.shape, kernel_size=3, lite=lite)
    layer.gate.set_weights([np.zeros((3, 1)), np.array([-1e3])])
    np.testing.assert_allclose(to_numpy(run(layer._kernels, inputs, guidance)).sum(axis=-1), 1, atol=1e-5)
    outputs = to_numpy(run(layer, inputs, guidance))
    np.testing.assert_allclose(outputs[:, 2:-2, 2:-2], 0.7, atol=1e-5)
    assert (outputs[:, 0] < 0.69).all()  # taps outside the map are zero and not renormalised


def test_by_hand_of_the_semi_shift():
    """One embedding channel and tap (1, 1) alone: a pixel of either map moves just the kernels that should see it."""
    inputs, guidance = np.zeros((1, 2, 3, 1), "float32"), np.zeros((1, 4, 6, 1), "float32")
    layer = make_layer(inputs.shape, guidance.shape, kernel_size=3, embedding_size=1)
    content = np.zeros((3, 3, 1, 9))
    content[1, 0, 0, 4] = np.log(8)  # reads the pixel to the left
    layer.content_encoder.set_weights([content, np.zeros(9)])
    layer.embedding_guidance.set_weights([np.ones((1, 1)), np.zeros(1)])
    layer.embedding_inputs.set_weights([np.ones((1, 1))])
    guidance[0, 1, 2] = 1
    kernels = to_numpy(run(layer._kernels, inputs, guidance))[0, :, :, 4]
    assert np.argwhere(kernels > 0.12).tolist() == [[1, 3]]
    np.testing.assert_allclose(kernels[1, 3], 8 / 16, atol=1e-6)
    guidance[:], inputs[0, 0, 0] = 0, 1
    kernels = to_numpy(run(layer._kernels, inputs, guidance))[0, :, :, 4]
    assert np.argwhere(kernels > 0.12).tolist() == [[0, 2], [0, 3], [1, 2], [1, 3]]


def test_exception_of_guidance():
    inputs = np.zeros((1, 2, 2, 4), "float32")
    with pytest.raises(ValueError, match=r"same channels in both.*guidance.shape=\(1, 4, 4, 3\).*Dense\(4\)"):
        FADEUpSampling2D()(inputs, np.zeros((1, 4, 4, 3), "float32"))
