"""Reassembly in maps of rank four, against the reference."""

import pytest

from a2u_tf.ops import composite
from tests.helpers import FLOAT_DTYPES, assert_close, run
from tests.ops.oracle import DOWN_CASES, UP_CASES, Case


def maps(case):
    def function(features, kernels):
        ratio = {"up": case.scale} if case.direction == "up" else {"down": case.scale}
        with composite.maps_only():
            return composite.reassemble(features, kernels, case.kernel_size, groups=case.groups, **ratio)

    return function


@pytest.mark.parametrize("dtype", FLOAT_DTYPES)
@pytest.mark.parametrize("case", [*UP_CASES, *DOWN_CASES], ids=str)
def test_feature_equals_reference(rng, case, dtype):
    features, kernels, _ = case.arrays(rng, dtype)
    outputs = run(maps(case), features, kernels)
    assert_close(outputs, case.reference(features.astype("float64"), kernels.astype("float64")), dtype)


@pytest.mark.tensorflow
@pytest.mark.parametrize("case", [Case("up", (5, 7), 3, groups=2), Case("down", (5, 7), 6, groups=2)], ids=str)
def test_no_slice_above_rank_four(rng, case):
    import tensorflow as tf

    features, kernels, _ = case.arrays(rng)
    graph = tf.function(maps(case)).get_concrete_function(tf.constant(features), tf.constant(kernels)).graph
    slices = [operation for operation in graph.get_operations() if operation.type == "StridedSlice"]
    assert slices
    assert all(operation.inputs[0].shape.rank <= 4 for operation in slices)
    assert not [operation for operation in graph.get_operations() if "MatMul" in operation.type]
