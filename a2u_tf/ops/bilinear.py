"""Functions that are linear in each of two tensors, with gradients of their own on every backend."""

import functools
from collections.abc import Callable
from typing import Any

import keras
from keras import ops

from a2u_tf.types import Tensor


def bilinear(
    forward: Callable[[Tensor, Tensor], Tensor],
    gradients: Callable[[Tensor, Tensor, Tensor], tuple[Tensor, Tensor]],
    a: Tensor,
    b: Tensor,
) -> Tensor:
    """Return `forward(a, b)`, whose gradients are `gradients(a, b, upstream)`; nothing else is kept for them.

    JAX derives them itself: it keeps nothing large under XLA, and a gradient of our own would rule out `jax.jvp`. So
    does torch while it traces a graph, which holds plain operations alone.
    """
    backend = keras.backend.backend()
    if backend == "tensorflow":

        @ops.custom_gradient
        def run(a: Tensor, b: Tensor) -> Any:
            return forward(a, b), lambda upstream: gradients(a, b, upstream)

        return run(a, b)
    if backend == "torch":
        import torch

        if not torch.jit.is_tracing():  # type: ignore[attr-defined,no-untyped-call,unused-ignore]
            return _torch_function().apply(a, b, forward, gradients)
    return forward(a, b)


@functools.cache
def _torch_function() -> Any:
    import torch

    class Bilinear(torch.autograd.Function):
        """`bilinear` as the transforms of `torch.func` and forward-mode differentiation take it."""

        generate_vmap_rule = True

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
