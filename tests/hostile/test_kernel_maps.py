"""Graphs that call the ops that make kernel maps past our Python checks: an error status, never a crash."""

import numpy as np
import pytest

from a2u_tf.ops import compiled
from a2u_tf.ops.compiled import library

pytestmark = pytest.mark.tensorflow
AFFINITY = {"rank": 1, "norm_groups": 2, "epsilon_bits": library.bits_of(1e-5)}
MAPS = {"scale": 2, "groups": 1, "taps": 9, "normalization": "softmax"}
# Attributes and shapes that fit each other, by op.
FITTING = {
    "A2U>Affinity": (AFFINITY, [(1, 2, 3, 4), (1, 2, 3, 4), (4, 4)]),
    "A2U>AffinityGrad": (AFFINITY, [(1, 2, 3, 4), (1, 2, 3, 4), (4, 4), (1, 2, 3, 1)]),
    "A2U>KernelMaps": (MAPS, [(1, 2, 3, 1), (1, 1, 36)]),
    "A2U>KernelMapsGrad": (MAPS, [(1, 2, 3, 1), (1, 1, 36), (1, 4, 6, 9)]),
}
PLACES = [(op, place) for op, (_, shapes) in FITTING.items() for place in range(len(shapes))]
WRONG = {
    "A2U>Affinity": [
        ("rank", 0),
        ("rank", 3),
        ("rank", 2**33 + 1),
        ("norm_groups", -1),
        ("norm_groups", 3),
        ("rank", 2**62),
        ("epsilon_bits", -1),
    ],
    "A2U>KernelMaps": [
        ("scale", 0),
        ("scale", 2**31),
        ("groups", 2**33 + 1),
        ("taps", -9),
        ("taps", 2**62),
        ("taps", 8),
    ],
}


@pytest.fixture
def tf():
    """TensorFlow with the ops registered."""
    if reason := compiled.unavailable():
        pytest.skip(f"the compiled op: {reason}")
    import tensorflow

    return tensorflow


def run(tf, op, attributes, shapes):
    """Run a graph of placeholders that say nothing of their shapes, and the op; no check of ours has seen it."""
    graph = tf.compat.v1.GraphDef()
    names = [f"input_{number}" for number in range(len(shapes))]
    for name in names:
        node = graph.node.add(name=name, op="Placeholder")
        node.attr["dtype"].type = tf.float32.as_datatype_enum
        node.attr["shape"].shape.unknown_rank = True
    node = graph.node.add(name="op", op=op, input=names)
    node.attr["T"].type = tf.float32.as_datatype_enum
    for name, value in attributes.items():
        if isinstance(value, str):
            node.attr[name].s = value.encode()
        else:
            node.attr[name].i = value
    with tf.Graph().as_default():
        tf.graph_util.import_graph_def(graph, name="")
        with tf.compat.v1.Session() as session:
            feed = {f"{name}:0": np.zeros(shape, "float32") for name, shape in zip(names, shapes, strict=True)}
            return session.run("op:0", feed)


@pytest.mark.parametrize("op", FITTING)
def test_the_crafted_graph_runs_where_it_fits(tf, op):
    attributes, shapes = FITTING[op]
    expected = {"A2U>Affinity": (1, 2, 3, 1), "A2U>KernelMaps": (1, 4, 6, 9)}.get(op, shapes[0])
    assert run(tf, op, attributes, shapes).shape == expected


@pytest.mark.parametrize("gradient", ["", "Grad"])
@pytest.mark.parametrize(("op", "name", "value"), [(op, *case) for op, cases in WRONG.items() for case in cases])
def test_inconsistent_attributes(tf, op, name, value, gradient):
    attributes, shapes = FITTING[op + gradient]
    with pytest.raises((ValueError, tf.errors.InvalidArgumentError)):
        run(tf, op + gradient, {**attributes, name: value}, shapes)


@pytest.mark.parametrize(("op", "place"), PLACES)
@pytest.mark.parametrize("shape", [(), (3,), (1, 2, 3), (1, 2, 3, 4, 1), (2, 2, 3, 5), (1, 10**6, 1, 2)])
def test_inconsistent_inputs(tf, op, place, shape):
    attributes, shapes = FITTING[op]
    with pytest.raises(tf.errors.InvalidArgumentError, match="Received: "):
        run(tf, op, attributes, [shape if number == place else fitting for number, fitting in enumerate(shapes)])
