"""Functions that are linear in each of two tensors, with gradients of their own on every backend."""

import functools

import keras
from keras import ops


def bilinear(forward, gradients, a, b):
    """Return `forward(a, b)`, whose gradients are `gradients(a, b, upstream)`; nothing else is kept for them.

    JAX derives them itself: it keeps nothing large under XLA, and a gradient of our own would rule out `jax.jvp`. So
    does torch while it traces a graph, which holds plain operations alone.
    """
    backend = keras.backend.backend()
    if backend == "tensorflow":

        @ops.custom_gradient
        def run(a, b):
            return forward(a, b), lambda upstream: gradients(a, b, upstream)

        return run(a, b)
    if backend == "torch":
        import torch

        if not torch.jit.is_tracing():
            return _torch_function().apply(a, b, forward, gradients)
    return forward(a, b)


@functools.cache
def _torch_function():
    import torch

    class Bilinear(torch.autograd.Function):
        """`bilinear` as the transforms of `torch.func` and forward-mode differentiation take it."""

        generate_vmap_rule = True

        @staticmethod
        def forward(a, b, forward, gradients):
            return forward(a, b)

        @staticmethod
        def setup_context(ctx, inputs, output):
            a, b, ctx.forward, ctx.gradients = inputs
            ctx.save_for_backward(a, b)
            ctx.save_for_forward(a, b)

        @staticmethod
        def backward(ctx, upstream):
            return (*ctx.gradients(*ctx.saved_tensors, upstream), None, None)

        @staticmethod
        def jvp(ctx, a_tangent, b_tangent, _forward, _gradients):
            a, b = ctx.saved_tensors
            parts = [ctx.forward(x, y) for x, y in ((a_tangent, b), (a, b_tangent)) if x is not None and y is not None]
            return sum(parts[1:], parts[0])

    return Bilinear
