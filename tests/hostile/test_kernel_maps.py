"""Graphs that call the ops that make kernel maps past our Python checks: an error status, never a crash."""

import pytest

from a2u_tf.ops import compiled
from a2u_tf.ops.compiled import library
from tests.hostile.crafted import run_crafted

pytestmark = pytest.mark.tensorflow
AFFINITY = {"rank": 1, "norm_groups": 2, "epsilon_bits": library.bits_of(1e-5)}
MAPS = {"scale": 2, "groups": 1, "taps": 9, "normalization": "softmax"}
# Attributes and shapes that fit each other, by op.
FITTING = {
    "A2U>Affinity": (AFFINITY, [(2, 2, 3, 4), (4, 4)]),
    "A2U>AffinityGrad": (AFFINITY, [(2, 2, 3, 4), (4, 4), (1, 2, 3, 1)]),
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


@pytest.mark.parametrize("op", FITTING)
def test_the_crafted_graph_runs_where_it_fits(tf, op):
    attributes, shapes = FITTING[op]
    expected = {"A2U>Affinity": (1, 2, 3, 1), "A2U>KernelMaps": (1, 4, 6, 9)}.get(op, shapes[0])
    assert run_crafted(tf, op, attributes, shapes).shape == expected


@pytest.mark.parametrize("gradient", ["", "Grad"])
@pytest.mark.parametrize(("op", "name", "value"), [(op, *case) for op, cases in WRONG.items() for case in cases])
def test_inconsistent_attributes(tf, op, name, value, gradient):
    attributes, shapes = FITTING[op + gradient]
    with pytest.raises((ValueError, tf.errors.InvalidArgumentError)):
        run_crafted(tf, op + gradient, {**attributes, name: value}, shapes)


@pytest.mark.parametrize(("op", "place"), PLACES)
@pytest.mark.parametrize("shape", [(), (3,), (1, 2, 3), (1, 2, 3, 4, 1), (2, 2, 3, 5), (1, 10**6, 1, 2)])
def test_inconsistent_inputs(tf, op, place, shape):
    attributes, shapes = FITTING[op]
    with pytest.raises(tf.errors.InvalidArgumentError, match="Received: "):
        run_crafted(
            tf, op, attributes, [shape if number == place else fitting for number, fitting in enumerate(shapes)]
        )
