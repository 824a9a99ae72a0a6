"""The order of what does not depend on each other."""

import re

import keras
import numpy as np
import pytest

from a2u_tf.matting.network import matting_net, stages
from a2u_tf.matting.network.order import After
from tests.helpers import to_numpy


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_after_hands_its_input_on(rng, dtype):
    x, earlier = rng.normal(size=(2, 3)).astype(dtype), rng.normal(size=5).astype("float32")
    inputs = keras.Input((3,), dtype=dtype), keras.Input((), dtype="float32")
    model = keras.Model(inputs, After()(*inputs))
    copy = keras.Model.from_config(model.get_config())
    for function in (After(), lambda *x: model(x), lambda *x: copy(x)):
        y = function(keras.ops.convert_to_tensor(x), keras.ops.convert_to_tensor(earlier[:2]))
        assert keras.backend.standardize_dtype(y.dtype) == dtype
        np.testing.assert_array_equal(to_numpy(y), to_numpy(x))


@pytest.mark.tensorflow
def test_maps_of_full_size_are_made_one_after_the_other():
    import tensorflow as tf

    net = matting_net("bilinear", "max_pool", width=0.05)
    graph = tf.function(net).get_concrete_function(tf.TensorSpec((1, 32, 32, 4))).graph
    operations = [op for op in graph.get_operations() if op.type in ("Conv2D", "MaxPool")]

    def made_by(layer):
        return next(op for op in operations if re.search(rf"/{layer}(_\d+)?/", op.name))

    def before(operation):
        found, waiting = set(), [operation]
        while waiting:
            op = waiting.pop()
            waiting += [o for o in (*(x.op for x in op.inputs), *op.control_inputs) if o.name not in found]
            found.add(op.name)
        return found

    assert made_by("downsampling_1").name in before(made_by("skip_1_conv"))
    assert made_by("decoder_1_1_2_conv").name in before(made_by("decoder_1_1_projection_conv"))


def test_blocks_without_projection_have_no_order():
    x = keras.Input((8, 8, 4))
    names = [layer.name for layer in keras.Model(x, stages.residual_block(x, 4, "a")).layers]
    assert not any("order" in name for name in names)
