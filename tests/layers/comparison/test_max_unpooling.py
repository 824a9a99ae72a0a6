"""Max-unpooling against vectors and NumPy."""

import numpy as np
import pytest

from a2u_tf.layers.comparison.max_unpooling import MaxUnpooling2D
from tests.helpers import gradients, run, to_numpy
from tests.layers.comparison.oracle import golden


def test_golden(golden_dir):
    """With a tie of four in the first block."""
    vectors = golden(golden_dir, "maxunpool")
    outputs = to_numpy(run(MaxUnpooling2D(), vectors["z"], vectors["x"]))
    np.testing.assert_array_equal(outputs, vectors["unpooled"])


@pytest.mark.parametrize("scale", [1, 2, 3])
@pytest.mark.parametrize("rest", [(0, 0), (1, 0), (0, 2)])
def test_equals_numpy(rng, scale, rest):
    rest = tuple(min(size, scale - 1) for size in rest)
    z = rng.normal(size=(2, 3, 2, 3)).astype("float32")
    x = rng.normal(size=(2, 3 * scale + rest[0], 2 * scale + rest[1], 3)).astype("float32")
    expected = np.zeros_like(x)
    for n, i, j, c in np.ndindex(*z.shape):
        block = x[n, i * scale : (i + 1) * scale, j * scale : (j + 1) * scale, c]
        a, b = divmod(int(np.argmax(block)), scale)
        expected[n, i * scale + a, j * scale + b, c] = z[n, i, j, c]
    np.testing.assert_array_equal(to_numpy(run(MaxUnpooling2D(scale), z, x)), expected)


def test_gradients(rng):
    """That of the inputs is what lies at the maxima; the guidance gets none."""
    z, x = rng.normal(size=(1, 2, 3, 2)).astype("float32"), rng.normal(size=(1, 4, 6, 2)).astype("float32")
    layer, cotangent = MaxUnpooling2D(), rng.normal(size=(1, 4, 6, 2)).astype("float32")
    to_z, to_x = gradients(lambda z, x: layer(z, x) + 0 * x, z, x, cotangent=cotangent)
    places = to_numpy(layer(np.ones_like(z), x))
    expected = (places * cotangent).reshape(1, 2, 2, 3, 2, 2).sum(axis=(2, 4))
    np.testing.assert_allclose(to_z, expected, atol=1e-6)
    assert not to_x.any()


@pytest.mark.parametrize("guidance", [(1, 6, 6, 2), (1, 4, 3, 2), (1, 4, 6, 4)])
def test_exception_of_other_guidance(guidance):
    with pytest.raises(ValueError, match=r"Received: inputs.shape=\(1, 2, 3, 2\), guidance.shape=.*was max-pooled"):
        MaxUnpooling2D()(np.zeros((1, 2, 3, 2), "float32"), np.zeros(guidance, "float32"))
