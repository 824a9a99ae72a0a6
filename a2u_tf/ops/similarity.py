"""Scores of each output pixel against the window of its cell: the sibling of reassembly that SAPA needs."""

from types import ModuleType
from typing import Any

from keras import ops

from a2u_tf.ops.bilinear import bilinear
from a2u_tf.ops.composite import matmul as by_matmul
from a2u_tf.ops.composite import taps as by_taps
from a2u_tf.ops.dtypes import common_dtype, wide_dtype
from a2u_tf.ops.layout import merge_phases, split_cells, split_windows, taps, window_tap
from a2u_tf.ops.reduction import sum_channels
from a2u_tf.ops.trace import in_xla_trace, materialize
from a2u_tf.ops.validation import check_settings
from a2u_tf.types import Shape, Tensor


def similarity(query: Tensor, key: Tensor, kernel_size: int, scale: int = 2) -> Tensor:
    """Compare every query with the keys of the window around its lower-resolution pixel, by inner products.

    `S[n,y,x,i s + j] = sum_c Q[n,y,x,c] * K[n, y//r + i - p, x//r + j - p, c]` with `s = kernel_size`,
    `p = (s - 1) / 2` and `r = scale`. Keys outside the map are zero, and so are their scores. Reassembly
    (`a2u_tf.ops.reassemble_up`) reads the taps in the same order.

    No tensor of windows is kept for the backward pass. Under XLA none is made.

    Args:
        query: Float tensor `Q` of shape `(N, scale * h, scale * w, C)`.
        key: Float tensor `K` of shape `(N, h, w, C)`.
        kernel_size: Odd integer `s`, the side of the window.
        scale: Integer `r >= 1`, the ratio of the two resolutions.

    Returns:
        Tensor of shape `(N, scale * h, scale * w, kernel_size**2)` in the common dtype of the two; half precisions are
        accumulated in float32.

    Raises:
        ValueError: Where arguments, ranks or known sizes do not fit.

    Reference: Lu et al., "SAPA: Similarity-Aware Point Affiliation for Feature Upsampling", NeurIPS 2022.
    """
    kernel_size, scale, _ = check_settings("up", kernel_size, scale, 1)
    _check_shapes(tuple(query.shape), tuple(key.shape), scale)
    form = "taps" if in_xla_trace() else "matmul"
    return similarity_as(form, query, key, kernel_size, scale)


def similarity_as(form: str, query: Tensor, key: Tensor, kernel_size: int, scale: int) -> Tensor:
    """Score by one form, `"taps"` or `"matmul"`, whatever is being traced."""
    module: ModuleType = by_taps if form == "taps" else by_matmul
    scores = _sums_over_channels if form == "taps" else _matrix_products
    settings: dict[str, Any] = {
        "kernel_size": kernel_size,
        "up": scale,
        "groups": 1,
        "grid": tuple(ops.shape(key)[1:3]),
    }
    if form == "taps":
        settings["down"] = 1
    dtype = common_dtype(query.dtype, key.dtype)
    compute_dtype = wide_dtype(dtype)

    def forward(query: Tensor, key: Tensor) -> Tensor:
        query, key = (ops.cast(x, compute_dtype) for x in (query, key))
        return materialize(ops.cast(scores(query, key, kernel_size, scale), dtype))

    def gradients(query: Tensor, key: Tensor, upstream: Tensor) -> tuple[Tensor, Tensor]:
        wide_query, wide_key, upstream = (ops.cast(x, compute_dtype) for x in (query, key, upstream))
        # Scores are what reassembly of the keys sends back to its kernels; read that the other way round.
        to_query = module.forward(wide_key, upstream, **settings)
        to_key, _ = module.gradients(wide_key, upstream, wide_query, **settings)
        return ops.cast(to_query, query.dtype), ops.cast(to_key, key.dtype)

    return bilinear(forward, gradients, query, key)


def _matrix_products(query: Tensor, key: Tensor, kernel_size: int, scale: int) -> Tensor:
    """The queries of a cell times the keys of its window: the form outside XLA."""
    batch, rows, columns, channels = ops.shape(key)
    split = split_windows(key, kernel_size, 1, (rows, columns))
    windows = ops.stack([window_tap(split, i, j, (rows, columns)) for _, i, j in taps(kernel_size)], axis=3)
    cells = ops.transpose(split_cells(query, (rows, columns), scale), (0, 1, 3, 2, 4, 5))
    cells = ops.reshape(cells, (batch, rows, columns, scale**2, channels))
    scores = cells @ ops.swapaxes(windows, 3, 4)  # torch's `ops.matmul` makes float32 of float64
    scores = ops.reshape(scores, (batch, rows, columns, scale, scale, kernel_size**2))
    return merge_phases(ops.transpose(scores, (0, 1, 3, 2, 4, 5)))


def _sums_over_channels(query: Tensor, key: Tensor, kernel_size: int, scale: int) -> Tensor:
    """One product and sum per tap: the form under XLA."""
    grid = tuple(ops.shape(key)[1:3])
    windows = split_windows(key, kernel_size, 1, grid)
    cells = split_cells(query, grid, scale)
    scores = []
    for _, i, j in taps(kernel_size):
        scores.append(sum_channels(cells * window_tap(windows, i, j, grid)[:, :, None, :, None, :]))
    return merge_phases(ops.concatenate(scores, axis=-1))


def _check_shapes(query: Shape, key: Shape, scale: int) -> None:
    received = f"Received: query.shape={query}, key.shape={key}"
    if len(query) != 4 or len(key) != 4:
        raise ValueError(
            f"`query` and `key` must be tensors of rank 4, (batch, height, width, channels). {received}. "
            "Bring them there with `keras.ops.reshape`."
        )
    for axis, name, ratio in ((0, "batch size", 1), (1, "height", scale), (2, "width", scale), (3, "channels", 1)):
        high, low = query[axis], key[axis]
        if high is not None and low is not None and high != ratio * low:
            times = f"{ratio} times the {name}" if axis in (1, 2) else f"the {name}"
            raise ValueError(
                f"`query` must have {times} of `key`. {received}. Resize or project the maps that both are made from."
            )
