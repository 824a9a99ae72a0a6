"""Sums over channels."""

import numpy as np
import pytest

from a2u_tf.ops.reduction import sum_channels
from tests.helpers import assert_close, run


def test_by_hand():
    x = np.array([[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]])
    for groups, expected in ((1, [[21.0]]), (2, [[6.0, 15.0]]), (3, [[3.0, 7.0, 11.0]]), (6, x)):
        assert_close(run(lambda x, groups=groups: sum_channels(x, groups), x), expected)


@pytest.mark.parametrize("shape", [(2, 3, 4, 8), (5, 8), (2, 1, 3, 1, 2, 8), (0, 3, 8)])
@pytest.mark.parametrize("groups", [1, 2, 8])
def test_cardinality_of_any_rank(rng, shape, groups):
    x = rng.normal(size=shape)
    expected = x.reshape(*shape[:-1], groups, 8 // groups).sum(axis=-1)
    assert_close(run(lambda x: sum_channels(x, groups), x), expected)


def test_one_channel(rng):
    x = rng.normal(size=(2, 3, 1))
    assert_close(run(sum_channels, x), x)


@pytest.mark.tensorflow
@pytest.mark.parametrize("known", [True, False], ids=["static", "unknown"])
@pytest.mark.parametrize("jit", [False, True], ids=["graph", "xla"])
@pytest.mark.parametrize("groups", [1, 2, 6])
def test_jit_equals_numpy(rng, groups, jit, known):
    import tensorflow as tf

    x = rng.normal(size=(2, 3, 6))
    signature = [tf.TensorSpec([2, 3, 6] if known else [None] * 3, "float64")]
    traced = tf.function(lambda x: sum_channels(x, groups), jit_compile=jit, input_signature=signature)
    assert_close(traced(tf.constant(x)), x.reshape(2, 3, groups, -1).sum(axis=-1))
