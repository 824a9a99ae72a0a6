"""Layers: premultiplied RGBA, what the pictures are put together from.

A layer is a float32 array of shape `(H, W, 4)` in `[0, 1]`: colour times alpha in three channels, alpha in the fourth.
Light may make a colour brighter than white; that is clipped in the end. Premultiplied layers may be blurred, shrunk and
put over each other without halos (Porter and Duff 1984, "Compositing digital images").
"""

import math
from collections.abc import Iterable, Sequence

import cv2
import numpy as np
from numpy.typing import ArrayLike

from a2u_tf.types import Array

# Shapes are drawn hard-edged this many times larger and shrunk: alpha is the share of an output pixel that is covered.
SUPERSAMPLING = 4
SUBPIXEL_BITS = 4
# Below one half of an 8-bit step a pixel counts as empty.
EMPTY = 0.5 / 255


def tint(colour: ArrayLike, alpha: Array, brightness: Array | None = None) -> Array:
    """Make a layer from a colour, `(H, W, 3)` or three numbers, an alpha `(H, W)` and a brightness `(H, W)`."""
    weight = alpha if brightness is None else alpha * brightness
    colour = np.asarray(colour, np.float32)
    channels = cv2.split(colour) if colour.ndim == 3 else colour
    return cv2.merge([*(channel * weight for channel in channels), alpha])


def weigh(layer: Array, field: Array) -> Array:
    """Make a layer more transparent: all channels times a field `(H, W)`."""
    return cv2.multiply(layer, cv2.merge([field] * 4))


def light(layer: Array, brightness: Array) -> Array:
    """Multiply a layer's colours by a field `(H, W)`."""
    return cv2.multiply(layer, cv2.merge([brightness] * 3 + [np.ones_like(brightness)]))


def over(front: Array, *behind: Array) -> Array:
    """Put layers over each other, the first in front."""
    for back in behind:
        front = front + weigh(back, 1 - front[..., 3])
    return front


def draw_polygons(height: int, width: int, polygons: Iterable[Array], colours: ArrayLike, blur: float = 0.0) -> Array:
    """Draw filled polygons, each over those before it, with 16 samples a pixel.

    OpenCV draws the outline, too, so that a polygon comes out an eighth of a pixel larger all round.

    Args:
        polygons: N float arrays of shape `(points, 2)`, x and y in pixels, 0 at the centre of the first.
        colours: `(N, 3)` in `[0, 1]`, opaque; or `(N, 4)` with an alpha, which replaces what lies below.
        blur: Standard deviation of a final blur in pixels.

    Returns:
        The layer.
    """
    layer = draw_fixed_point(height, width, [fixed_point(polygon) for polygon in polygons], np.asarray(colours))
    return cv2.GaussianBlur(layer, (0, 0), blur) if blur else layer


def draw_mask(height: int, width: int, polygons: Iterable[Array], holes: Sequence[Array] = ()) -> Array:
    """Return the coverage of polygons without their holes: float32 `(H, W)` in `[0, 1]`."""
    canvas = np.zeros((height * SUPERSAMPLING, width * SUPERSAMPLING), np.uint8)
    for value, shapes in ((255, polygons), (0, holes)):
        for polygon in shapes:
            cv2.fillPoly(canvas, [fixed_point(polygon)], value, cv2.LINE_8, SUBPIXEL_BITS)
    return _shrink(canvas, height, width)


def fixed_point(points: ArrayLike) -> Array:
    """Turn output pixels into OpenCV's fixed-point numbers on the large canvas."""
    large = (np.asarray(points) + 0.5) * SUPERSAMPLING - 0.5
    # Far outside, OpenCV's arithmetic overflows.
    fixed: Array = np.rint(large * 2**SUBPIXEL_BITS).clip(-(2**20), 2**20).astype(np.int32)
    return fixed


def draw_fixed_point(height: int, width: int, polygons: Sequence[Array], colours: Array) -> Array:
    """Draw polygons whose points have been through `fixed_point`; else as `draw_polygons`."""
    layer = np.zeros((height, width, 4), np.float32)
    if not polygons:
        return layer
    alpha = colours[:, 3:] if colours.shape[1] == 4 else np.ones((len(colours), 1))
    values = np.rint(255 * alpha * np.concatenate([colours[:, :3].clip(0, 1), np.ones_like(alpha)], axis=1))
    # The canvas is cut to what is drawn: filling and shrinking the rest would take most of the time.
    unit = SUPERSAMPLING * 2**SUBPIXEL_BITS
    points = np.concatenate(polygons)
    left, top = np.clip(points.min(axis=0) // unit - 1, 0, (width - 1, height - 1)).tolist()
    right, bottom = np.clip(points.max(axis=0) // unit + 2, (left + 1, top + 1), (width, height)).tolist()
    canvas = np.zeros(((bottom - top) * SUPERSAMPLING, (right - left) * SUPERSAMPLING, 4), np.uint8)
    offset = (-left * unit, -top * unit)
    for polygon, value in zip(polygons, values.tolist(), strict=True):
        cv2.fillPoly(canvas, [polygon], value, cv2.LINE_8, SUBPIXEL_BITS, offset)
    layer[top:bottom, left:right] = _shrink(canvas, bottom - top, right - left)
    return layer


def _shrink(canvas: Array, height: int, width: int) -> Array:
    # Halving is much faster in OpenCV than other factors.
    for factor in range(int(math.log2(SUPERSAMPLING)) - 1, -1, -1):
        canvas = cv2.resize(canvas, (width << factor, height << factor), interpolation=cv2.INTER_AREA)
    return canvas.astype(np.float32) * np.float32(1 / 255)


def straighten(layer: Array) -> tuple[Array, Array]:
    """Split a layer into uint8 colours that are not premultiplied and float32 alpha, exactly 0 where empty.

    Empty pixels take the colours of their surroundings, so that a picture may be resized and turned without a halo.
    """
    alpha = np.minimum(layer[..., 3], 1)
    alpha[alpha < EMPTY] = 0
    return to_bytes(_fill(layer)), alpha


def to_bytes(image: Array) -> Array:
    """Round an image in `[0, 1]` to uint8; what is outside is clipped."""
    return cv2.convertScaleAbs(np.maximum(image, 0), alpha=255)


def _fill(layer: Array) -> Array:
    """Return colours `(H, W, 3)`: a pixel's own, or in empty places those of the next coarser level that has one."""
    height, width = layer.shape[:2]
    alpha = layer[..., 3]
    own = cv2.divide(layer[..., :3], cv2.merge([np.maximum(alpha, 1e-6)] * 3))
    if max(height, width) == 1 or alpha.min() > EMPTY:
        return own
    coarse = cv2.resize(layer, ((width + 1) // 2, (height + 1) // 2), interpolation=cv2.INTER_AREA)
    around = cv2.resize(_fill(coarse), (width, height), interpolation=cv2.INTER_LINEAR)
    cv2.copyTo(own, (alpha > EMPTY).astype(np.uint8), around)
    return around
