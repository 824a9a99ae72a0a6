"""The choice between two forms: a sum over taps under XLA and for downsampling, else windows times kernels.

`benchmarks/reassembly.py` measures them. Each has a gradient of its own, so that no window tensor is kept for the
backward pass and TensorFlow's XLA gets a small graph to compile.
"""

import contextlib
import contextvars
import functools
from collections.abc import Iterator
from types import ModuleType

from keras import ops

from a2u_tf.ops.bilinear import bilinear, widely
from a2u_tf.ops.composite import maps, matmul, planes, taps
from a2u_tf.ops.composite.filter_gradient import filter_gradient
from a2u_tf.ops.composite.parts import compiled_part, compiles_parts
from a2u_tf.ops.layout import Window, split_batch
from a2u_tf.ops.trace import in_xla_trace
from a2u_tf.types import Tensor

_maps_only: contextvars.ContextVar[bool] = contextvars.ContextVar("a2u_tf_maps_only", default=False)


@contextlib.contextmanager
def maps_only() -> Iterator[None]:
    """While open, no tensor has a rank above four: see `maps`."""
    token = _maps_only.set(True)
    try:
        yield
    finally:
        _maps_only.reset(token)


def _choose_form(window: Window) -> ModuleType:
    return matmul if window.up > 1 and not in_xla_trace() else taps


def reassemble(features: Tensor, kernels: Tensor, window: Window, form: ModuleType | None = None) -> Tensor:
    """Reassemble in the common dtype of the two, by `form`, `taps` or (upwards only) `matmul`, where one is given.

    A kernel map of one pixel, which serves all, may hold several kernels for each group: outputs lie one after another
    along the batch, of all samples by the first, then by the next.
    """
    if form is None and _maps_only.get():
        return widely(functools.partial(_forward, maps, window), features, kernels)
    ways = (_forward, _to_features, _to_kernels)
    if form is None and compiles_parts(features, kernels):
        forward, to_features, to_kernels = (compiled_part(way, taps, window) for way in ways)
        if kernels.shape[1:3] == (1, 1) and window.up == window.groups == 1:
            to_kernels = functools.partial(filter_gradient, window)
        elif planes.suits(window, features, kernels):
            to_kernels = functools.partial(planes.to_kernels, window)
    else:
        forward, to_features, to_kernels = (
            functools.partial(way, form or _choose_form(window), window) for way in ways
        )

    def gradients(features: Tensor, kernels: Tensor, upstream: Tensor) -> tuple[Tensor, Tensor]:
        return to_features(features, kernels, upstream), to_kernels(features, kernels, upstream)

    return bilinear(forward, gradients, features, kernels)


def _forward(form: ModuleType, window: Window, features: Tensor, kernels: Tensor) -> Tensor:
    outputs = [form.forward(features, k, window) for k in _kernels_of_maps(kernels, window)]
    return ops.concatenate(outputs, axis=0) if len(outputs) > 1 else outputs[0]


def _to_features(form: ModuleType, window: Window, features: Tensor, kernels: Tensor, upstream: Tensor) -> Tensor:
    own = _kernels_of_maps(kernels, window)
    each = zip(own, split_batch(upstream, len(own)), strict=True)
    return sum(form.to_features(features, k, u, window) for k, u in each)


def _to_kernels(form: ModuleType, window: Window, features: Tensor, kernels: Tensor, upstream: Tensor) -> Tensor:
    size = ops.shape(kernels)[1:3]
    maps = _maps(kernels, window)
    each = [form.to_kernels(features, u, window, size) for u in split_batch(upstream, maps)]
    return ops.concatenate(each, axis=-1) if maps > 1 else each[0]


def _kernels_of_maps(kernels: Tensor, window: Window) -> list[Tensor]:
    maps, depth = _maps(kernels, window), window.depth
    return [kernels[..., m * depth : (m + 1) * depth] for m in range(maps)] if maps > 1 else [kernels]


def _maps(kernels: Tensor, window: Window) -> int:
    depth = kernels.shape[-1]  # unknown in some graphs, but not where filters make it
    return int(depth) // window.depth if depth else 1


def reassemble_plainly(features: Tensor, kernels: Tensor, window: Window) -> Tensor:
    """Reassemble as `reassemble` does, without a gradient of its own."""
    form = _choose_form(window)
    return widely(functools.partial(_forward, form, window), features, kernels)


def similarity(query: Tensor, key: Tensor, window: Window, form: ModuleType | None = None) -> Tensor:
    """Compare each query `(N, r h, r w, C)` with the keys `(N, h, w, C)` of the window around its pixel, for SAPA.

    `S[n,y,x,i s + j] = sum_c Q[n,y,x,c] * K[n, y//r + i - p, x//r + j - p, c]` with `s = kernel_size`, `r = scale` and
    `p = (s - 1) / 2`, zero for keys outside the map: what reassembly of the keys sends back to its kernels.
    """
    form = form or _choose_form(window)

    def scores(query: Tensor, key: Tensor) -> Tensor:
        return form.to_kernels(key, query, window, ops.shape(query)[1:3])

    def gradients(query: Tensor, key: Tensor, upstream: Tensor) -> tuple[Tensor, Tensor]:
        return form.forward(key, upstream, window), form.to_features(key, upstream, query, window)

    return bilinear(scores, gradients, query, key)
