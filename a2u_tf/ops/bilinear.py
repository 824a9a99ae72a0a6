"""Functions that are linear in each of two tensors, with gradients of their own on every backend."""

import functools
from collections.abc import Callable
from typing import Any, TypeAlias

import keras
from keras import ops

from a2u_tf.ops.dtypes import common_dtype, wide_dtype
from a2u_tf.ops.trace import materialize
from a2u_tf.types import Tensor

Way: TypeAlias = Callable[..., Any]


def widely(forward: Way, a: Tensor, b: Tensor) -> Tensor:
    """`forward(a, b)` in the common dtype of the two, of half precisions computed in float32."""
    dtype = common_dtype(a.dtype, b.dtype)
    return materialize(ops.cast(forward(*(ops.cast(x, wide_dtype(dtype)) for x in (a, b))), dtype))


def bilinear(forward: Way, gradients: Way, a: Tensor, b: Tensor) -> Tensor:
    """`widely(forward, a, b)`, with `gradients(a, b, upstream)`, for which nothing else is kept.

    A graph that torch traces holds plain operations alone, of which torch derives the gradients itself.
    """

    def pull_back(a: Tensor, b: Tensor, upstream: Tensor) -> tuple[Tensor, Tensor]:
        wide = wide_dtype(common_dtype(a.dtype, b.dtype))
        to_a, to_b = gradients(*(ops.cast(x, wide) for x in (a, b, upstream)))
        return ops.cast(to_a, a.dtype), ops.cast(to_b, b.dtype)

    backend = keras.backend.backend()
    if backend == "tensorflow":

        @ops.custom_gradient
        def run(a: Tensor, b: Tensor) -> Any:
            return widely(forward, a, b), functools.partial(pull_back, a, b)

        return run(a, b)
    if backend == "jax":
        return _for_jax(functools.partial(widely, forward), pull_back)(a, b)
    if backend == "torch":
        import torch

        if not torch.jit.is_tracing():  # type: ignore[attr-defined,no-untyped-call,unused-ignore]
            return _torch_function().apply(a, b, functools.partial(widely, forward), pull_back)
    return widely(forward, a, b)


def _for_jax(forward: Way, gradients: Way) -> Any:
    """Give tangents by the transposes of the gradients, which JAX transposes to what they were.

    A gradient of our own by `jax.custom_vjp` would rule out forward mode. What JAX derives of `forward` takes longer.
    """
    import jax

    @jax.custom_jvp
    def run(a: Tensor, b: Tensor) -> Tensor:
        return forward(a, b)

    def tangent(primals: tuple[Tensor, Tensor], tangents: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
        output = run(*primals)
        total = jax.numpy.zeros_like(output)
        for index, given in enumerate(tangents):
            if not isinstance(given, jax.custom_derivatives.SymbolicZero):
                to_one = jax.linear_transpose(lambda upstream, i=index: gradients(*primals, upstream)[i], output)
                total += to_one(given)[0]
        return output, total

    run.defjvp(tangent, symbolic_zeros=True)
    return run


@functools.cache
def _torch_function() -> Any:
    import torch

    class Bilinear(torch.autograd.Function):
        generate_vmap_rule = True  # for the transforms of `torch.func`

        @staticmethod
        def forward(a: Tensor, b: Tensor, forward: Any, gradients: Any) -> Tensor:
            return forward(a, b)

        @staticmethod
        def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
            a, b, ctx.forward, ctx.gradients = inputs
            ctx.save_for_backward(a, b)
            ctx.save_for_forward(a, b)

        @staticmethod
        def backward(ctx: Any, upstream: Tensor) -> tuple[Any, ...]:
            return (*ctx.gradients(*ctx.saved_tensors, upstream), None, None)

        @staticmethod
        def jvp(ctx: Any, a_tangent: Tensor, b_tangent: Tensor, _forward: None, _gradients: None) -> Tensor:
            a, b = ctx.saved_tensors
            parts = [ctx.forward(x, y) for x, y in ((a_tangent, b), (a, b_tangent)) if x is not None and y is not None]
            return sum(parts[1:], parts[0])

    return Bilinear
