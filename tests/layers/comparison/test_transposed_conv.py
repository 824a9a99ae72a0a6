"""Transposed convolution against vectors and NumPy."""

import numpy as np
import pytest

from a2u_tf.layers.comparison.transposed_conv import TransposedConvUpSampling2D
from tests.helpers import run, to_numpy
from tests.layers.comparison.oracle import golden
from tests.layers.oracle import FLOAT64_TOLERANCE, maker, named_weights, randomize

make = maker(TransposedConvUpSampling2D)


@pytest.mark.parametrize(("name", "kernel_size"), [("deconv_k3s2p1op1", None), ("deconv_k4s2p1", 4)])
def test_golden(golden_dir, name, kernel_size):
    vectors = golden(golden_dir, name)
    layer = make(vectors["x"].shape, kernel_size=kernel_size)
    # (in, out, rows, columns) became (rows, columns, out, in). The vectors go from three channels to two.
    kernel = np.pad(vectors["param.weight"], [(0, 0), (0, 0), (0, 1), (0, 0)])
    layer.conv.set_weights([kernel, np.pad(vectors["param.bias"], (0, 1))])
    outputs = to_numpy(layer(vectors["x"]))
    np.testing.assert_allclose(outputs[..., :2], vectors["y"], atol=1e-5)
    assert not outputs[..., 2].any()


@pytest.mark.parametrize(("scale", "kernel_size"), [(1, 1), (2, 2), (2, 3), (2, 5), (3, 4), (3, 5), (1, 3)])
def test_equals_numpy(rng, scale, kernel_size):
    x = rng.normal(size=(2, 3, 4, 2))
    layer = make(x.shape, scale=scale, kernel_size=kernel_size, dtype="float64")
    randomize(layer, rng)
    weights = named_weights(layer)
    expected = np.zeros((2, 3 * scale, 4 * scale, 2)) + weights["conv/bias"]
    for i, j, u, v in np.ndindex(3, 4, kernel_size, kernel_size):
        row, column = (scale * at - (kernel_size - 1) // 2 + tap for at, tap in ((i, u), (j, v)))
        if 0 <= row < 3 * scale and 0 <= column < 4 * scale:
            expected[:, row, column] += x[:, i, j] @ weights["conv/kernel"][u, v].T
    np.testing.assert_allclose(to_numpy(run(layer, x)), expected, atol=10 * FLOAT64_TOLERANCE)


@pytest.mark.parametrize(("settings", "received"), [({"kernel_size": 1}, 1), ({"scale": 3, "kernel_size": 3}, 3)])
def test_exception_of_small_kernels(settings, received):
    with pytest.raises(ValueError, match=f"would have no source. Received: kernel_size={received}"):
        TransposedConvUpSampling2D(**settings)
