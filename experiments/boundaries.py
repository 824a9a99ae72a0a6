"""Whether kernels know boundaries: their deviation from a plain average there, and where the picture is flat."""

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


def deviation_by_region(pictures: ArrayLike, level: KernelMap) -> dict[str, Array]:
    """Return the deviations of the kernels on boundaries, in flat regions, and at the edge of the map.

    A kernel stands for the pixels of the picture that its map gives it. It is on a boundary where one of them has a
    gradient magnitude of at least 0.1, in a flat region where all are below 0.02; kernels between count for neither.
    Those within `level.scale` of the map's edge are apart: what they are made from reaches into the zeros outside.

    Args:
        pictures: Floats of shape `(N, H, W, C)` in [0, 1].
        level: `KernelMap` of these pictures, at their resolution or a lower one.

    Returns:
        Dict of three arrays of one axis, `KernelMap.deviation` of the kernels in `boundary`, `flat` and `edge`.
    """
    largest, deviation = gradient_magnitude(pictures), level.deviation()
    for axis in (1, 2):
        pixels, cells = largest.shape[axis], deviation.shape[axis]
        # Odd pictures may have one kernel more than pixels: the last pixel then stands for two.
        first_pixels = np.minimum(-(-np.arange(cells) * pixels // cells), pixels - 1)
        largest = np.maximum.reduceat(largest, first_pixels, axis=axis)
    edge = np.ones(deviation.shape, bool)
    edge[:, level.scale : -level.scale, level.scale : -level.scale] = False
    regions = {"boundary": ~edge & (largest >= BOUNDARY), "flat": ~edge & (largest < FLAT), "edge": edge}
    return {name: deviation[region] for name, region in regions.items()}


def summarize(regions: Mapping[str, Array]) -> dict[str, Any]:
    """Return a dict of figures about the arrays of `deviation_by_region`: counts, means, None for the mean of nothing.

    `boundary_above_flat` is the share of pairs of a boundary kernel and a flat one in which the boundary's deviation
    is the larger one, ties half: 0.5 by chance, whatever the size of the deviations.
    """
    figures: dict[str, Any] = {}
    for name, values in regions.items():
        figures[name] = {"kernels": len(values), "deviation": float(values.mean()) if len(values) else None}
    boundary, flat = regions["boundary"], np.sort(regions["flat"])
    share = None
    if len(boundary) and len(flat):
        ranks = np.searchsorted(flat, boundary, "left") + np.searchsorted(flat, boundary, "right")
        share = float(ranks.mean() / (2 * len(flat)))
    return {**figures, "boundary_above_flat": share}
