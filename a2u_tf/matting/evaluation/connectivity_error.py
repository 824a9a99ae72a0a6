"""The connectivity error of alpha mattes."""

from collections.abc import Sequence

import cv2
import numpy as np

from a2u_tf.types import Array


def connectivity_error(prediction: Array, target: Array, unknown: Array) -> float:
    """Sum over the unknown region of how much more one matte hangs loose than the other, over 1000.

    At each threshold 0.1, 0.2, ..., 1 the source region is the largest 4-connected component of the pixels where both
    mattes reach the threshold. A pixel's level is the last threshold up to which it belongs to every source region. By
    as much as its alpha exceeds the level, by 0.15 or more, it is disconnected.

    Where no pixel reaches a threshold, those of the last source region count as connected up to 1.

    Args:
        prediction, target: Arrays `(H, W)` of 0 to 255, both uint8 or both float64.
        unknown: Mask `(H, W)`.
    """
    levels = _connected_levels(_thresholds_reached(np.minimum(prediction, target)))[unknown]
    difference = _disconnected(prediction[unknown], levels) - _disconnected(target[unknown], levels)
    return float(np.abs(difference).sum() / (4 * 255) / 1000)


def _thresholds_reached(alpha: Array) -> Array:
    """Number of thresholds that each pixel reaches, uint8."""
    if alpha.dtype == np.uint8:
        return cv2.LUT(alpha, (np.arange(256) // 25.5).astype(np.uint8))
    return (alpha // 25.5).astype(np.uint8)


def _connected_levels(reached: Array) -> Array:
    """Level of each pixel in tenths, uint8."""
    levels = np.zeros_like(reached)
    connected = np.ones(reached.shape, bool)
    # Deep inside the brightest part, hence likely in the source region at every threshold.
    seed = cv2.minMaxLoc(cv2.blur(reached, (31, 31)))[3]
    for threshold in range(1, reached.max() + 1):
        connected &= _largest_component((reached >= threshold).view(np.uint8), seed)
        levels += connected.view(np.uint8)
    levels[connected] = 10
    return levels


def _largest_component(mask: Array, seed: Sequence[int]) -> Array:
    """Return the largest 4-connected component of `mask`, of those of one size the first, column by column.

    Args:
        mask: uint8, 0 and 1; is written to.
        seed: A pixel `(x, y)` that may lie in the component, which then is found faster.
    """
    if mask[seed[1], seed[0]]:
        area, *_ = cv2.floodFill(mask, None, seed, 2, flags=4)
        if 2 * area > cv2.countNonZero(mask):
            return np.equal(mask, 2)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=4)
    areas, lefts = stats[1:, cv2.CC_STAT_AREA], stats[1:, cv2.CC_STAT_LEFT]
    largest: Array = 1 + np.flatnonzero(areas == areas.max())
    if len(largest) > 1:
        left = lefts[largest - 1].min()
        column = labels[:, left]
        largest = column[np.isin(column, largest)]
    component: Array = labels == largest[0]
    return component


def _disconnected(alpha: Array, levels: Array) -> Array:
    """Excess of alpha over the level, where it is at least 0.15, in units of 1 / (4 * 255): whole numbers for uint8."""
    dtype = np.result_type(alpha, np.int32)
    excess = 4 * alpha.astype(dtype) - 102 * levels.astype(dtype)
    return np.where(excess >= 153, excess, 0)
