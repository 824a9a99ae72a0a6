"""The kernel generator in NumPy, pixel by pixel, and ways to call layers on every backend."""

import itertools
import math

import keras
import numpy as np
from keras import ops

from a2u_tf.layers import GUIDED, A2UKernels, make_upsampler
from tests.helpers import run, to_numpy

# Outside TensorFlow, Keras computes what is declared float64 in float32 here and there.
EXACT = keras.backend.backend() == "tensorflow"
FLOAT64_TOLERANCE = 1e-10 if EXACT else 1e-5

VARIANTS = list(itertools.product(("static", "hybrid", "dynamic"), (True, False)))


def maker(layer_class):
    """Return a function of shapes and settings to a built layer; a generator behind the shapes draws its weights."""

    def make(*shapes, **settings):
        layer = layer_class(**settings)
        layer.build(*(shape for shape in shapes if not isinstance(shape, np.random.Generator)))
        if isinstance(shapes[-1], np.random.Generator):
            randomize(layer, shapes[-1])
        return layer

    return make


make_kernels = maker(A2UKernels)


def arrays(rng, name, size=(3, 5), batch=2, channels=8, scale=2, dtype="float32"):
    """A feature, and for guided methods their guidance."""
    shapes = [(batch, *size, channels), (batch, *(scale * length for length in size), channels)]
    return [rng.normal(size=shape).astype(dtype) for shape in shapes[: 1 + (name in GUIDED)]]


def model_of(name, **settings):
    """A functional model of open sizes around the layer "up"."""
    inputs = [keras.Input((None, None, 8)) for _ in range(1 + (name in GUIDED))]
    return keras.Model(inputs, make_upsampler(name, name="up", **settings)(*inputs))


def randomize(layer, rng):
    for variable in layer.trainable_variables:
        variable.assign(rng.normal(size=tuple(variable.shape)))


def predict(model, inputs):
    """NumPy outputs of a model of one input or a list of them, quicker than `model.predict` traces its graph."""
    inputs = inputs if isinstance(inputs, list) else [inputs]
    return to_numpy(run(lambda *tensors: model(list(tensors) if len(tensors) > 1 else tensors[0]), *inputs))


def count(layer):
    """Trainable parameters."""
    return sum(math.prod(variable.shape) for variable in layer.trainable_variables)


def named_weights(layer):
    """NumPy arrays by their names within the layer."""
    return {
        variable.path.split(f"{layer.name}/")[-1]: to_numpy(variable.value) for variable in layer.trainable_variables
    }


def with_weights(layer):
    """Turn a layer into a function of inputs and weights: its dict of maps, flattened into one vector."""

    def function(*tensors):
        inputs, weights = tensors[0], tensors[1:]
        outputs, _ = layer.stateless_call(list(weights), [], inputs)
        return ops.concatenate([ops.reshape(outputs[name], (-1,)) for name in sorted(outputs)])

    return function


def a2u_kernels(x, weights, *, variant, encoding_size=6, scale=2, rank=1, groups=1, stride=None, **settings):
    """Kernels by the chain of the paper, as a dict; both directions where there is a projection for them."""
    last = settings.get("normalization", "auto")
    if last == "auto":
        last = "sigmoid" if settings.get("kernel_size", 3) == 1 else "softmax of sigmoid"
    stride = stride or scale
    channels = x.shape[-1]
    average = x.mean(axis=(1, 2))
    embedded = []
    for side in ("u", "v"):
        filters = _filters(x, weights, f"encoder_{side}", variant, encoding_size, rank)
        encoded = _correlate(x, filters, stride)
        if f"norm_{side}/gamma" in weights:
            encoded = _group_norm(encoded, rank, weights[f"norm_{side}/gamma"], weights[f"norm_{side}/beta"])
        embedded.append(np.where(encoded > 0, encoded, 0.01 * encoded))
    products = (embedded[0] * embedded[1]).reshape(*embedded[0].shape[:3], rank, channels)
    affinity = products.sum(axis=-1) / np.sqrt(channels)
    kernels = {}
    if matrix := _projection(average, weights, "projection_up", variant, rank):
        raw = np.einsum("nyxq,nqv->nyxv", affinity, np.stack(matrix))
        up = _pixel_shuffle(raw, scale)
        up = 1 / (1 + np.exp(-up)) if "sigmoid" in last else up
        ratio = scale // stride
        up = up[:, : x.shape[1] * ratio, : x.shape[2] * ratio]
        kernels["up"] = _softmax(up, groups) if "softmax" in last else up
    if matrix := _projection(average, weights, "projection_down", variant, rank):
        kernels["down"] = _softmax(np.einsum("nyxq,nqv->nyxv", affinity, np.stack(matrix)), groups)
    return kernels


def _filters(x, weights, name, variant, size, rank):
    """`(N, k, k, rank, C or 1)`."""
    if variant != "dynamic":
        return np.stack([weights[name]] * len(x))
    _, height, width, _ = x.shape
    pooled = np.zeros((len(x), size, size, x.shape[-1]))
    for i, j in np.ndindex(size, size):
        rows = slice(i * height // size, math.ceil((i + 1) * height / size))
        columns = slice(j * width // size, math.ceil((j + 1) * width / size))
        pooled[:, i, j] = x[:, rows, columns].mean(axis=(1, 2))
    filters = pooled @ weights[f"{name}/kernel"] + weights.get(f"{name}/bias", 0)
    return filters.reshape(len(x), size, size, rank, -1)


def _correlate(x, filters, stride):
    batch, height, width, channels = x.shape
    size, rank = filters.shape[1], filters.shape[3]
    before = (size - 1) // 2
    out = np.zeros((batch, -(-height // stride), -(-width // stride), rank, channels))
    for y, column in np.ndindex(out.shape[1:3]):
        for i, j in np.ndindex(size, size):
            v, u = stride * y + i - before, stride * column + j - before
            if 0 <= v < height and 0 <= u < width:
                out[:, y, column] += filters[:, i, j] * x[:, v, u][:, None]
    return out.reshape(*out.shape[:3], rank * channels)


def _group_norm(x, rank, gamma, beta):
    """Each of the `rank` encodings by itself, in the largest number of groups up to 32."""
    channels = x.shape[-1] // rank
    groups = rank * max(n for n in range(1, 33) if channels % n == 0)
    grouped = x.reshape(*x.shape[:3], groups, -1)
    mean = grouped.mean(axis=(1, 2, 4), keepdims=True)
    variance = np.square(grouped - mean).mean(axis=(1, 2, 4), keepdims=True)
    return ((grouped - mean) / np.sqrt(variance + 1e-5)).reshape(x.shape) * gamma + beta


def _projection(average, weights, name, variant, rank):
    """One `(rank, values)` matrix per sample, or nothing."""
    if variant == "static":
        return [weights[name]] * len(average) if name in weights else []
    if f"{name}/kernel" not in weights:
        return []
    matrices = average @ weights[f"{name}/kernel"] + weights.get(f"{name}/bias", 0)
    return [matrix.reshape(rank, -1) for matrix in matrices]


def _pixel_shuffle(raw, scale):
    batch, rows, columns, depth = raw.shape
    depth //= scale**2
    out = np.zeros((batch, rows * scale, columns * scale, depth))
    for dy, dx in np.ndindex(scale, scale):
        first = (scale * dy + dx) * depth
        out[:, dy::scale, dx::scale] = raw[..., first : first + depth]
    return out


def _softmax(x, groups):
    grouped = np.exp(x.reshape(*x.shape[:3], groups, -1))
    return (grouped / grouped.sum(axis=-1, keepdims=True)).reshape(x.shape)
