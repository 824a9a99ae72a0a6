"""Layers: premultiplied RGBA, what the pictures are put together from; and blur of what moves or is out of focus.

A layer is a float32 array of shape `(H, W, 4)` in `[0, 1]`: colour times alpha in three channels, alpha in the fourth.
Light may make a colour brighter than white; that is clipped in the end. Premultiplied layers may be blurred, shrunk and
put over each other without halos (Porter and Duff 1984, "Compositing digital images").
"""

import math
from collections.abc import Sequence

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import ArrayLike

from a2u_tf.matting.data.synthetic.textures import grid, smoothstep
from a2u_tf.types import Array

# Shapes are drawn hard-edged this many times larger and shrunk: alpha is the share of an output pixel that is covered.
SUPERSAMPLING = 4
SUBPIXEL_BITS = 4
EMPTY = 0.5 / 255  # below one half of an 8-bit step


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


def draw_polygons(height: int, width: int, polygons: Sequence[Array], colours: ArrayLike, blur: float = 0.0) -> Array:
    """Draw filled polygons `(points, 2)`, x and y in pixels, each over those before it, with 16 samples a pixel.

    Colours `(N, 3)` in `[0, 1]` are opaque; `(N, 4)` have an alpha, which replaces what lies below. `blur` is the
    standard deviation of a final blur in pixels. OpenCV draws the outline, too, so that a polygon comes out an eighth
    of a pixel larger all round.
    """
    layer = np.zeros((height, width, 4), np.float32)
    if not len(polygons):
        return layer
    colours = np.column_stack([colours, np.ones(len(polygons))])[:, :4]
    alpha = colours[:, 3:]
    values = np.rint(255 * alpha * np.column_stack([colours[:, :3].clip(0, 1), np.ones_like(alpha)]))
    # The canvas is cut to what is drawn: filling and shrinking the rest would take most of the time.
    unit = SUPERSAMPLING * 2**SUBPIXEL_BITS
    points = _fixed_point(np.concatenate(polygons))
    left, top = np.clip(points.min(axis=0) // unit - 1, 0, (width - 1, height - 1)).tolist()
    right, bottom = np.clip(points.max(axis=0) // unit + 2, (left + 1, top + 1), (width, height)).tolist()
    canvas = np.zeros(((bottom - top) * SUPERSAMPLING, (right - left) * SUPERSAMPLING, 4), np.uint8)
    offset = (-left * unit, -top * unit)
    ends = np.cumsum([len(polygon) for polygon in polygons])
    for polygon, end, value in zip(polygons, ends.tolist(), values.tolist(), strict=True):
        cv2.fillPoly(canvas, [points[end - len(polygon) : end]], value, cv2.LINE_8, SUBPIXEL_BITS, offset)
    layer[top:bottom, left:right] = _shrink(canvas, bottom - top, right - left)
    return cv2.GaussianBlur(layer, (0, 0), blur) if blur else layer


def draw_mask(height: int, width: int, polygons: Sequence[Array], holes: Sequence[Array] = ()) -> Array:
    """Return the coverage of polygons without their holes: float32 `(H, W)` in `[0, 1]`."""
    canvas = np.zeros((height * SUPERSAMPLING, width * SUPERSAMPLING), np.uint8)
    for value, shapes in ((255, polygons), (0, holes)):
        for polygon in shapes:
            cv2.fillPoly(canvas, [_fixed_point(polygon)], value, cv2.LINE_8, SUBPIXEL_BITS)
    return _shrink(canvas, height, width)


def _fixed_point(points: Array) -> Array:
    """Turn output pixels into OpenCV's fixed-point numbers on the large canvas."""
    large: Array = np.rint(((points + 0.5) * SUPERSAMPLING - 0.5) * 2**SUBPIXEL_BITS)
    return large.clip(-(2**20), 2**20).astype(np.int32)  # far outside, OpenCV's arithmetic overflows


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


def blur_motion(rng: Generator, layer: Array) -> Array:
    """Move or turn a layer while the shutter is open, by 2 to 12 per cent of its side or by 2 to 15 degrees."""
    height, width = layer.shape[:2]
    if rng.random() < 0.7:
        angle, length = rng.uniform(0, 2 * math.pi), min(height, width) * rng.uniform(0.02, 0.12)
        right, down, turn, zoom = length * math.cos(angle), length * math.sin(angle), 0.0, 1.0
    else:
        right, down, turn, zoom = 0.0, 0.0, rng.uniform(2, 15) * rng.choice([-1, 1]), rng.uniform(0.95, 1.05)
    centre = (width * rng.uniform(0.2, 0.8), height * rng.uniform(0.2, 0.8))
    # The mean of a layer and its copy half the way further, and of that a quarter further, and so on: 64 exposures.
    for step in range(1, 7):
        share = 0.5**step
        moved = cv2.getRotationMatrix2D(centre, turn * share, zoom**share)
        moved[:, 2] += right * share, down * share
        copy = cv2.warpAffine(layer, moved, (width, height), borderMode=cv2.BORDER_REPLICATE)
        layer = cv2.addWeighted(layer, 0.5, copy, 0.5, 0)
    return layer


def blur_focus(rng: Generator, layer: Array) -> Array:
    """Put a layer out of focus by the disc of a lens, everywhere or more and more towards one side."""
    height, width = layer.shape[:2]
    radius = min(height, width) * math.exp(rng.uniform(math.log(0.004), math.log(0.025)))
    reach = math.ceil(radius)
    disc = np.clip(radius + 0.5 - np.hypot(*(grid(2 * reach + 1, 2 * reach + 1) - reach)), 0, 1)
    blurred = cv2.filter2D(layer, -1, disc / disc.sum(), borderType=cv2.BORDER_REPLICATE)
    if rng.random() < 0.5:
        return blurred
    y, x = grid(height, width)
    angle = rng.uniform(0, 2 * math.pi)
    along = (x / width - 0.5) * math.cos(angle) + (y / height - 0.5) * math.sin(angle)
    share = smoothstep(along, -0.4, 0.4)
    return weigh(blurred, share) + weigh(layer, 1 - share)
