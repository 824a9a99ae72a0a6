"""Graphs that call the compiled op past our Python checks: an error status, never a crash.

Where shapes and attributes are wrong at random, see tests/ops/compiled/test_fuzz.py; for the checks in Python,
tests/ops/test_validation.py.
"""

import pytest

from a2u_tf.ops import compiled
from a2u_tf.ops.compiled import library
from tests.hostile.crafted import run_crafted

pytestmark = pytest.mark.tensorflow
OPS = ("A2U>Reassemble", "A2U>ReassembleGrad")
FITTING = ((1, 2, 3, 4), (1, 4, 6, 9), (1, 4, 6, 4))  # features, kernels, upstream of kernel_size=3, up=2


@pytest.fixture
def tf():
    """TensorFlow with the op registered."""
    if reason := compiled.unavailable():
        pytest.skip(f"the compiled op: {reason}")
    import tensorflow

    return tensorflow


def run(tf, op, shapes, **attributes):
    attributes = {"kernel_size": 3, "up": 2, "down": 1, "groups": 1, **attributes}
    return run_crafted(tf, op, attributes, shapes[: 2 if op == OPS[0] else 3])


@pytest.mark.parametrize("op", OPS)
def test_the_crafted_graph_runs_where_it_fits(tf, op):
    assert run(tf, op, FITTING).shape == FITTING[2 if op == OPS[0] else 0]


@pytest.mark.parametrize("op", OPS)
@pytest.mark.parametrize(
    "attributes",
    [
        *({"kernel_size": value} for value in (0, -3, 2, 1025, 2**31 + 3, 2**62, -(2**63), None)),  # 3 in 32 bits
        *({"up": value} for value in (0, 2**33 + 2, 2**63 - 1)),
        *({"groups": value} for value in (0, 3, 2**32 + 1, 2**63 - 1)),
        {"down": 2},
        {"down": -1},
        {"up": 1, "down": 2**63 - 1},
        {"kernel_size": 1023, "groups": 2**31 - 1},
    ],
    ids=str,
)
def test_inconsistent_attributes(tf, op, attributes):
    with pytest.raises((ValueError, tf.errors.InvalidArgumentError)):
        run(tf, op, FITTING, **attributes)


@pytest.mark.parametrize("op", OPS)
@pytest.mark.parametrize("place", [0, 1, 2])
@pytest.mark.parametrize(
    "shape", [(), (3,), (1, 4, 6), (1, 4, 6, 9, 1), (0, 0, 0, 0), (2, 2, 3, 4), (1, 4, 6, 3), (1, 10**6, 1, 1)]
)
def test_inconsistent_inputs(tf, op, place, shape):
    if op == OPS[0] and place == 2:
        return  # it has no upstream gradient
    shapes = [shape if number == place else fitting for number, fitting in enumerate(FITTING)]
    with pytest.raises(tf.errors.InvalidArgumentError, match="Received: "):
        run(tf, op, shapes)


def test_saved_model_edited_after_it_was_written(tf, tmp_path):
    """The file says other attributes than those that Python once checked, also inside of functions."""
    from tensorflow.core.protobuf import saved_model_pb2

    ops, _ = library.load()[0]
    anything = tf.TensorSpec(None, tf.float32)

    def both(features, kernels, upstream):
        outputs = ops.a2u_reassemble(features, kernels, kernel_size=3, up=2)
        gradients = ops.a2u_reassemble_grad(features, kernels, upstream, kernel_size=3, up=2)
        return {"output": outputs, "features": gradients[0], "kernels": gradients[1]}

    function = tf.function(both).get_concrete_function(*[anything] * 3)
    tf.saved_model.save(tf.Module(), str(tmp_path / "model"), function)
    file = tmp_path / "model" / "saved_model.pb"
    original = file.read_bytes()

    def call(shapes):
        loaded = tf.saved_model.load(str(tmp_path / "model")).signatures["serving_default"]
        names = ("features", "kernels", "upstream")
        return loaded(**{name: tf.zeros(shape) for name, shape in zip(names, shapes, strict=True)})

    assert call(FITTING)["output"].shape == FITTING[2]
    with pytest.raises(tf.errors.InvalidArgumentError, match="Received: "):
        call((FITTING[0], FITTING[1], (1, 4, 6, 5)))
    for name, value in (("kernel_size", 5), ("kernel_size", -1), ("up", 3), ("down", 2**40), ("groups", 2**31)):
        model = saved_model_pb2.SavedModel.FromString(original)
        nodes = [node for part in model.meta_graphs[0].graph_def.library.function for node in part.node_def]
        edited = [node for node in nodes if node.op in OPS]
        assert len(edited) == 2
        for node in edited:
            node.attr[name].i = value
        file.write_bytes(model.SerializeToString())
        with pytest.raises((ValueError, tf.errors.InvalidArgumentError)):
            call(FITTING)
