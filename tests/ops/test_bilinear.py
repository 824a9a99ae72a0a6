"""Functions that are linear in each of two tensors: gradients as they are given, and the transforms of JAX."""

import keras
import numpy as np
import pytest
from keras import ops

from a2u_tf.ops.bilinear import bilinear, widely
from tests.helpers import assert_close, gradients


def product(a, b):
    return ops.matmul(a, b)


def product_gradients(a, b, upstream):
    return ops.matmul(upstream, ops.swapaxes(b, -1, -2)), ops.matmul(ops.swapaxes(a, -1, -2), upstream)


def expected_gradients(a, b, cotangent):
    return cotangent @ b.swapaxes(-1, -2), a.swapaxes(-1, -2) @ cotangent


@pytest.fixture
def arrays(rng):
    """Two factors, and a cotangent of their product, of rank 4 as maps are."""
    return [rng.normal(size=(2, 1, *size)).astype("float32") for size in ((3, 4), (4, 5), (3, 5))]


def test_gradients_are_those_given(arrays):
    def tripled(*tensors):
        return [3 * x for x in product_gradients(*tensors)]

    *factors, cotangent = arrays
    actual = gradients(lambda *x: bilinear(product, tripled, *x), *factors, cotangent=cotangent)
    for x, y in zip(actual, expected_gradients(*arrays), strict=True):
        assert_close(x, 3 * y)


def test_gradient_of_one_tensor_alone(arrays):
    *factors, cotangent = arrays
    fixed = ops.convert_to_tensor(factors[0])
    (actual,) = gradients(lambda b: bilinear(product, product_gradients, fixed, b), factors[1], cotangent=cotangent)
    assert_close(actual, expected_gradients(*arrays)[1])


def test_half_precision_is_computed_widely(arrays):
    a, b = (ops.convert_to_tensor(x, "float16") for x in arrays[:2])
    seen = []
    assert keras.backend.standardize_dtype(widely(lambda *x: seen.extend(x) or product(*x), a, b).dtype) == "float16"
    assert {keras.backend.standardize_dtype(x.dtype) for x in seen} == {"float32"}


@pytest.mark.skipif(keras.backend.backend() != "jax", reason="runs on jax, in tests/integration")
def test_transforms_of_jax(arrays):
    import jax

    def own(a, b):
        return (bilinear(product, product_gradients, a, b) ** 2).sum()

    def plain(a, b):
        return ((a @ b) ** 2).sum()

    a, b, _ = (jax.numpy.asarray(x) for x in arrays)
    tangents = (a[::-1], b[::-1])
    batch = jax.numpy.stack([a, 2 * a])
    for make in (
        lambda f: jax.jvp(f, (a, b), tangents),
        lambda f: jax.vmap(jax.grad(f, (0, 1)), (0, None))(batch, b),
        lambda f: jax.jvp(jax.grad(f, (0, 1)), (a, b), tangents),
        lambda f: jax.grad(lambda *t: (jax.grad(f)(*t) ** 2).sum(), (0, 1))(a, b),
        lambda f: jax.jit(jax.hessian(f))(a, b),
    ):
        for x, y in zip(*(jax.tree.leaves(make(f)) for f in (own, plain)), strict=True):
            np.testing.assert_allclose(x, y, rtol=1e-4, atol=1e-4 * np.abs(y).max())
