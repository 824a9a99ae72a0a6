"""Whether kernels know boundaries: how far they are from a plain average, and from what they were before training.

Both there and where the picture is flat. "Boundary details are highlighted, while flat regions are weakened", says the
paper's supplementary, section C, of kernels after training beside those before.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from a2u_tf.types import Array
from a2u_tf.visualization import KernelMap

BOUNDARY, FLAT = 0.1, 0.02  # gradient magnitudes of pictures in [0, 1], per pixel


def gradient_magnitude(pictures: ArrayLike) -> Array:
    """Return the gradient magnitude of pictures `(N, H, W, C)` by central differences, `(N, H, W)`.

    It is that of the mean over the channels.
    """
    grey = np.asarray(pictures, np.float32).mean(axis=-1)
    padded = np.pad(grey, [(0, 0), (1, 1), (1, 1)], mode="edge")
    down = (padded[:, 2:, 1:-1] - padded[:, :-2, 1:-1]) / 2
    right = (padded[:, 1:-1, 2:] - padded[:, 1:-1, :-2]) / 2
    magnitude: Array = np.hypot(down, right)
    return magnitude


def regions(pictures: ArrayLike, level: KernelMap) -> dict[str, Array]:
    """Return which kernels are on boundaries, in flat regions, and at the edge of the map.

    A kernel stands for the pixels of the picture that its map gives it. It is on a boundary where one of them has a
    gradient magnitude of at least 0.1, in a flat region where all are below 0.02; kernels between count for neither.
    Those within `level.scale` of the map's edge are apart: what they are made from reaches into the zeros outside.

    Args:
        pictures: Floats of shape `(N, H, W, C)` in [0, 1].
        level: `KernelMap` of these pictures, at their resolution or a lower one.

    Returns:
        Dict of three masks, `boundary`, `flat` and `edge`, of the shape of the map.
    """
    largest, shape = gradient_magnitude(pictures), level.weights.shape[:3]
    for axis in (1, 2):
        pixels, cells = largest.shape[axis], shape[axis]
        # Odd pictures may have one kernel more than pixels: the last pixel then stands for two.
        first_pixels = np.minimum(-(-np.arange(cells) * pixels // cells), pixels - 1)
        largest = np.maximum.reduceat(largest, first_pixels, axis=axis)
    edge = np.ones(shape, bool)
    edge[:, level.scale : -level.scale, level.scale : -level.scale] = False
    return {"boundary": ~edge & (largest >= BOUNDARY), "flat": ~edge & (largest < FLAT), "edge": edge}


def change(before: KernelMap, after: KernelMap) -> Array:
    """Return by how much training changed each kernel: the mean of its weights' absolute changes, `(N, H, W)`."""
    return np.asarray(np.abs(after.weights - before.weights).mean(axis=(3, 4, 5)))


def summarize(values: Mapping[str, Array]) -> dict[str, Any]:
    """Return figures about one value a kernel, given by region: counts, means, None for what there is nothing of.

    `boundary_over_flat` is the ratio of the two means. `boundary_above_flat` is the share of pairs of a boundary kernel
    and a flat one in which the boundary's value is the larger one, ties half: 0.5 by chance.
    """
    figures: dict[str, Any] = {
        name: {"kernels": len(v), "mean": float(v.mean()) if len(v) else None} for name, v in values.items()
    }
    boundary, flat = values["boundary"], np.sort(values["flat"])
    ratio = share = None
    if len(boundary) and len(flat):
        ratio = float(boundary.mean() / flat.mean()) if flat.mean() else None
        ranks = np.searchsorted(flat, boundary, "left") + np.searchsorted(flat, boundary, "right")
        share = float(ranks.mean() / (2 * len(flat)))
    return {**figures, "boundary_over_flat": ratio, "boundary_above_flat": share}
