"""Networks that are quick to export."""

import keras
import pytest

from a2u_tf.layers import A2UUpSampling2D
from a2u_tf.matting import MattingModel, matting_net
from tests.helpers import SEED


def one_level(seed=SEED):
    """Return a `MattingModel` of one A2U level: a graph that is traced in a second."""
    keras.utils.set_random_seed(seed)
    inputs = keras.Input((None, None, 4))
    skip = keras.layers.Conv2D(8, 3, padding="same", activation="relu")(inputs)
    deep = keras.layers.Conv2D(8, 3, strides=2, padding="same", activation="relu")(skip)
    up = A2UUpSampling2D(scale=2)(deep, guidance=skip)
    alpha = keras.layers.Conv2D(1, 3, padding="same", bias_initializer=keras.initializers.Constant(0.5))
    return MattingModel(keras.Model(inputs, alpha(keras.layers.Concatenate()([up, skip]))))


def whole_network():
    """Return the matting network at its narrowest, scaled to fill the range of alpha."""
    keras.utils.set_random_seed(SEED)
    network = matting_net("a2u", "max_pool", width=0.03)
    outputs = network(keras.random.normal((1, 32, 48, 4), seed=SEED))
    kernel = network.get_layer("alpha_conv").kernel
    kernel.assign(kernel * 0.5 / keras.ops.std(outputs))
    return MattingModel(network)


NAMES = {
    "one": ["a"],
    "two layers": ["a", "b"],
    "shared layer": ["output_0", "output_1"],
    "dict": ["p", "q"],
    "dict of one tensor": ["p", "q"],
    "nested": ["output_0", "output_1", "output_2"],
    "an input": ["output_0", "output_1"],
}


def several_outputs(kind):
    """Return a model with one of the structures of outputs in `NAMES`, which are their names in exports."""
    keras.utils.set_random_seed(1)
    x = keras.Input((4, 4, 3), name="x")
    a, b = keras.layers.Conv2D(2, 1, name="a"), keras.layers.Conv2D(2, 1, name="b")
    once = a(x)
    structure = {
        "one": once,
        "two layers": [once, b(x)],
        "shared layer": [once, a(2 * x)],
        "dict": {"q": once, "p": b(x)},
        "dict of one tensor": {"q": once, "p": once},
        "nested": {"q": [once, b(x)], "p": a(2 * x)},
        "an input": [x, once],
    }[kind]
    return keras.Model(x, structure)


def onnx_or_skip():
    pytest.importorskip("tf2onnx", reason="needs tf2onnx")
    return pytest.importorskip("onnxruntime", reason="needs onnxruntime")
