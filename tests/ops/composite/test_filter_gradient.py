"""What goes back to windows that serve all pixels of a sample: TensorFlow's convolution beside the sum over taps."""

import numpy as np
import pytest

from a2u_tf.ops.composite import taps
from a2u_tf.ops.composite.filter_gradient import filter_gradient
from tests.helpers import assert_close
from tests.ops.oracle import Case

SIZES = [
    Case("down", (6, 8), 4),
    Case("down", (7, 5), 5),
    Case("down", (5, 6), 2, scale=1),
    Case("down", (7, 10), 2, 3),
]


@pytest.mark.tensorflow
@pytest.mark.parametrize("case", SIZES, ids=str)
def test_equals_the_sum_over_taps(rng, case):
    import tensorflow as tf

    features, _, upstream = case.arrays(rng)
    _, _, second = case.arrays(rng)
    kernels = tf.zeros((len(features), 1, 1, 2 * case.window.depth), "float64")
    actual = filter_gradient(case.window, tf.constant(features), kernels, tf.concat([upstream, second], 0))
    expected = [taps.to_kernels(features, x, case.window, (1, 1)) for x in (upstream, second)]
    assert_close(actual, np.concatenate(expected, axis=-1), scale=np.abs(expected).max())
