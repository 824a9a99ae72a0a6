"""The four errors of one alpha matte, as the field reports them."""

import math
from collections.abc import Iterable, Sequence

import cv2
import numpy as np
from numpy.typing import ArrayLike

from a2u_tf.matting.conventions import UNKNOWN
from a2u_tf.matting.pictures import exact_trimap
from a2u_tf.matting.pictures.trimap import check_levels
from a2u_tf.types import Array

ERRORS = ("sad", "mse", "grad", "conn")
SIGMA = 1.4  # in pixels, of the Gaussian derivatives of the gradient error
_RADIUS = 4  # where the Gaussian falls below 1e-2
_TILE = 192  # side of the tiles, so small that what is computed of one stays in the processor's cache


def evaluate(prediction: ArrayLike, target: ArrayLike, trimap: ArrayLike) -> dict[str, float]:
    """Return the errors of a predicted alpha matte on the unknown region of its trimap.

    The protocol of the MATLAB code that papers on matting report with, on the scale of their tables. Unknown is what a
    prediction treats so: all levels of the trimap that are not within 24 of 0 or 255. Gradient and connectivity errors
    look at the whole picture before they sum over the unknown region, so a prediction must be whole too, with the known
    regions filled in.

    Published figures are of 8-bit pictures: round a prediction to uint8 before you compare with them.

    Args:
        prediction, target: Arrays `(H, W)` or `(H, W, 1)` of integers or floats from 0 (transparent) to 255 (opaque).
        trimap: Array of the same size and scale, or uint16: 0 background, 255 foreground, 128 unknown.

    Returns:
        A dict of floats, lower is better: `"sad"`, the sum of absolute differences of alpha in [0, 1] over 1000;
        `"mse"`, the mean squared difference, NaN where no pixel is unknown; `"grad"` and `"conn"`, the gradient and the
        connectivity error over 1000.

    Raises:
        ValueError: For arrays of other sizes, channels, types or ranges. A float matte that is not black and nowhere
            above 1 counts as one of the range [0, 1]. For a trimap of background alone, as where its levels are 0, 1
            and 2.

    Example:

    >>> target = np.uint8([[0, 0, 255, 255]])
    >>> evaluate(np.uint8([[0, 51, 204, 255]]), target, np.uint8([[0, 128, 128, 255]]))["sad"]
    0.0004

    Reference: Rhemann et al., "A Perceptually Motivated Online Benchmark for Image Matting", CVPR 2009.
    """
    prediction, target = _levels("prediction", prediction), _levels("target", target)
    trimap = _single_channel("trimap", trimap)
    if not prediction.shape == target.shape == trimap.shape:
        raise ValueError(
            "`prediction`, `target` and `trimap` must be of one size. Received (height, width): "
            f"prediction {prediction.shape}, target {target.shape}, trimap {trimap.shape}"
        )
    unknown = exact_trimap(trimap) == UNKNOWN
    if prediction.dtype != target.dtype:
        prediction, target = prediction.astype(np.float64), target.astype(np.float64)
    signed = np.int32 if prediction.dtype == np.uint8 else np.float64  # whole numbers are summed exactly
    differences = prediction[unknown].astype(signed) - target[unknown]
    count = differences.size
    return {
        "sad": float(np.abs(differences).sum() / 255 / 1000),
        "mse": float(np.square(differences).sum() / 255**2 / count) if count else math.nan,
        "grad": gradient_error(prediction, target, unknown),
        "conn": connectivity_error(prediction, target, unknown),
    }


def mean(values: Iterable[float]) -> float:
    """Average an error over images, but for those without unknown pixels, whose MSE is NaN."""
    values = [value for value in values if not math.isnan(value)]
    return math.fsum(values) / len(values) if values else math.nan


def _single_channel(name: str, array: ArrayLike) -> Array:
    array = np.asarray(array)
    if array.ndim == 3 and array.shape[-1] == 1:
        array = array[..., 0]
    if array.ndim != 2 or array.size == 0:
        raise ValueError(
            f"`{name}` must be one picture of shape (height, width) or (height, width, 1). Received shape: "
            f"{array.shape}. If its channels are all the same, pass one: `{name}[..., 0]`; alpha of RGBA is `[..., 3]`"
        )
    return array


def _levels(name: str, array: ArrayLike) -> Array:
    """Return a matte as uint8 or float64 `(H, W)`, with values in [0, 255]."""
    array = _single_channel(name, array)
    if array.dtype == np.uint8:
        return array
    check_levels(array, f"`{name}`")
    # The errors of a matte in [0, 1] would come out small, not absurd, and nobody would notice.
    if array.dtype.kind == "f" and 0 < array.max() <= 1:
        raise ValueError(
            f"`{name}` must be on the scale of 0 to 255, but looks like a matte in [0, 1]. Received floats from "
            f"{array.min()} to {array.max()}. Multiply it by 255. If it is indeed this dark, pass it as uint8."
        )
    return array.astype(np.float64 if array.dtype.kind == "f" else np.uint8)


def gradient_error(prediction: Array, target: Array, unknown: Array) -> float:
    """Sum over the unknown mask of the squared difference of gradient magnitudes, over 1000.

    Each whole picture, of 0 to 255, both uint8 or both float64, is stretched to [0, 1] first. The gradient is the
    convolution with 9 x 9 Gaussian derivatives of sigma 1.4, each of unit L2 norm, where the picture's border repeats
    outside. A constant picture has no gradient.
    """
    smooth, derivative = derivative_filters()
    pictures = []
    for picture in (prediction, target):
        span = float(picture.max()) - float(picture.min())
        padded = cv2.copyMakeBorder(picture, _RADIUS, _RADIUS, _RADIUS, _RADIUS, cv2.BORDER_REPLICATE)
        pictures.append((padded, (1 / span if span else 0.0) * smooth))
    unknown = unknown.astype(np.uint8)
    total = 0.0
    for top in range(0, unknown.shape[0], _TILE):
        for left in range(0, unknown.shape[1], _TILE):
            x, y, width, height = cv2.boundingRect(unknown[top : top + _TILE, left : left + _TILE])
            x, y = left + x, top + y
            if width:
                part = np.s_[y : y + height + 2 * _RADIUS, x : x + width + 2 * _RADIUS]
                a, b = (_magnitude(padded[part], smooth, derivative) for padded, smooth in pictures)
                total += cv2.norm(a, b, cv2.NORM_L2SQR, unknown[y : y + height, x : x + width])
    return total / 1000


def _magnitude(padded: Array, smooth: Array, derivative: Array) -> Array:
    """Gradient magnitudes of a picture, without its margin of `_RADIUS`. The sign of the gradient plays no part."""
    across = cv2.sepFilter2D(padded, cv2.CV_64F, derivative, smooth)
    down = cv2.sepFilter2D(padded, cv2.CV_64F, smooth, derivative)
    return cv2.magnitude(across, down)[_RADIUS:-_RADIUS, _RADIUS:-_RADIUS]


def derivative_filters() -> tuple[Array, Array]:
    """Return `(smooth, derivative)`, 9 taps each; their outer product has unit L2 norm."""
    taps = np.arange(-_RADIUS, _RADIUS + 1)
    smooth = np.exp(-(taps**2) / (2 * SIGMA**2))
    derivative = -taps * smooth
    return smooth / np.linalg.norm(smooth), derivative / np.linalg.norm(derivative)


def connectivity_error(prediction: Array, target: Array, unknown: Array) -> float:
    """Sum over the unknown mask of how much more one matte hangs loose than the other, over 1000.

    Mattes are of 0 to 255, both uint8 or both float64. At each threshold 0.1, 0.2, ..., 1 the source region is the
    largest 4-connected component of the pixels where both reach the threshold. A pixel's level is the last threshold up
    to which it belongs to every source region. By as much as its alpha exceeds the level, by 0.15 or more, it is
    disconnected. Where no pixel reaches a threshold, those of the last source region count as connected up to 1.
    """
    levels = _connected_levels(_thresholds_reached(np.minimum(prediction, target)))[unknown]
    difference = _disconnected(prediction[unknown], levels) - _disconnected(target[unknown], levels)
    return float(np.abs(difference).sum() / (4 * 255) / 1000)


def _thresholds_reached(alpha: Array) -> Array:
    if alpha.dtype == np.uint8:  # much faster by a table
        return cv2.LUT(alpha, _thresholds_reached(np.arange(256.0)))
    return (alpha // 25.5).astype(np.uint8)


def _connected_levels(reached: Array) -> Array:
    """Return the level of each pixel in tenths, uint8, from how many thresholds it reaches, uint8."""
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
    """Return the largest 4-connected component of a mask of 0 and 1, of those of one size the first, column by column.

    It is found faster where the pixel `seed`, `(x, y)`, lies in it. The mask, uint8, is written to.
    """
    if mask[seed[1], seed[0]]:
        area, *_ = cv2.floodFill(mask, None, seed, 2, flags=4)
        if 2 * area > cv2.countNonZero(mask):
            return np.equal(mask, 2)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=4)
    areas, lefts = stats[1:, cv2.CC_STAT_AREA], stats[1:, cv2.CC_STAT_LEFT]
    largest: Array = 1 + np.flatnonzero(areas == areas.max())
    if len(largest) > 1:
        column = labels[:, lefts[largest - 1].min()]
        largest = column[np.isin(column, largest)]
    return np.asarray(labels == largest[0])


def _disconnected(alpha: Array, levels: Array) -> Array:
    """Excess of alpha over the level, where it is at least 0.15, in units of 1 / (4 * 255): whole numbers for uint8."""
    dtype = np.result_type(alpha, np.int32)
    excess = 4 * alpha.astype(dtype) - 102 * levels.astype(dtype)
    return np.where(excess >= 153, excess, 0)
