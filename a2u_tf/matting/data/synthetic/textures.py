"""Textures: what surfaces and backgrounds are painted with."""

import math

import cv2
import numpy as np
from numpy.random import Generator

from a2u_tf.matting.data.synthetic.colours import paint, palette
from a2u_tf.matting.data.synthetic.noise import fractal_noise, grid, smooth_noise, smoothstep, stretch
from a2u_tf.types import Array


def texture(rng: Generator, height: int, width: int) -> Array:
    """Paint a random texture: float32 of shape `(height, width, 3)`, RGB in `[0, 1]`."""
    kinds = (cloudy, cloudy, grained, striped, checked, spotted, dead_leaves)
    return kinds[rng.integers(len(kinds))](rng, height, width)


def cloudy(rng: Generator, height: int, width: int) -> Array:
    """Multi-octave noise in a few colours."""
    coarsest = rng.uniform(0.1, 0.8) * max(height, width)
    field = fractal_noise(rng, height, width, coarsest, gain=rng.uniform(0.5, 1.0))
    return paint(stretch(field), palette(rng, int(rng.integers(2, 5))))


def grained(rng: Generator, height: int, width: int) -> Array:
    """Streaks in one direction: wood, brushed metal, bark, fields seen from the side."""
    cell = rng.uniform(3, 12)
    stretched = rng.uniform(8, 30)
    streaks = (smooth_noise(rng, height, width, (cell * s, cell * s * stretched)) * s**0.5 for s in (1, 3, 8))
    return paint(_turn(stretch(np.sum([*streaks], axis=0)), rng.choice([0, 90])), palette(rng, 3))


def striped(rng: Generator, height: int, width: int) -> Array:
    """Stripes of several widths, a little crooked."""
    u, _ = _plane(rng, height, width)
    period = rng.uniform(0.03, 0.2) * max(height, width)
    phase = (u / period) % 1
    colours = palette(rng, int(rng.integers(2, 6)))
    edges = np.sort(rng.random(len(colours) - 1))
    # Soft steps from colour to colour, as wide as a pixel or wider.
    soft = rng.uniform(0.6, 3) / period
    field = sum(smoothstep(phase, edge - soft, edge + soft) for edge in edges) / len(edges)
    field = field * (1 - smoothstep(phase, 1 - 2 * soft, 1))
    return _roughen(rng, paint(field, colours))


def checked(rng: Generator, height: int, width: int) -> Array:
    """Checks, tartans and tiles with joints."""
    u, v = _plane(rng, height, width)
    period = rng.uniform(0.04, 0.2) * max(height, width)
    soft = rng.uniform(0.8, 3) / period
    if rng.random() < 0.5:
        v = v + period / 2 * (np.floor(u / period) % 2)  # as bricks lie
    share = rng.uniform(0.05, 0.5)
    bands = [_band(axis / period, share, soft) for axis in (u, v)]
    mixed = np.maximum(*bands) if rng.random() < 0.5 else (bands[0] + bands[1]) / 2
    return _roughen(rng, paint(mixed, palette(rng, 3)))


def spotted(rng: Generator, height: int, width: int) -> Array:
    """Spots of a random field: leopards, cows, stones, marble."""
    field = fractal_noise(rng, height, width, rng.uniform(15, 120), finest=8, gain=rng.uniform(0.2, 0.6))
    if rng.random() < 0.4:
        field = np.abs(field)
    level = rng.uniform(0.2, 0.9)
    return _roughen(rng, paint(smoothstep(field, level - 0.1, level + 0.1), palette(rng, 2)))


def dead_leaves(rng: Generator, height: int, width: int) -> Array:
    """Overlapping discs, boxes and ellipses of all sizes, each with its own colour.

    With radii `r` as often as `1 / r^3`, occlusion gives the scale invariance of photographs (Lee, Mumford and Huang
    2001, "Occlusion models for natural images").
    """
    side = max(height, width)
    smallest, largest = rng.uniform(0.015, 0.04) * side, rng.uniform(0.15, 0.5) * side
    # As many as cover the picture about four times.
    count = int(rng.uniform(0.4, 0.7) * (side / smallest) ** 2 / math.log(largest / smallest))
    uniform = rng.random(count)
    radii = 1 / np.sqrt(smallest**-2 + uniform * (largest**-2 - smallest**-2))
    colours = palette(rng, 12)[rng.integers(12, size=count)] * rng.uniform(0.7, 1.3, (count, 1))
    centres = rng.random((count, 2)) * (width, height)
    aspects = rng.uniform(0.3, 1, count) if rng.random() < 0.6 else np.ones(count)
    angles = rng.uniform(0, 360, count) if rng.random() < 0.6 else np.full(count, rng.uniform(0, 360))
    boxes = rng.random(count) < rng.choice([0.0, 0.3, 1.0])

    canvas = np.full((height, width, 3), 255 * colours.mean(axis=0).clip(0, 1), np.uint8)
    leaves = zip(*(values.tolist() for values in (centres, radii, aspects, angles, 255 * colours, boxes)), strict=True)
    for centre, radius, aspect, angle, colour, box in leaves:
        shape = (centre, (2 * radius, 2 * radius * aspect), angle)
        if box:
            corners = np.rint(cv2.boxPoints(shape) * 16).astype(np.int32)
            cv2.fillConvexPoly(canvas, corners, colour, cv2.LINE_AA, 4)
        else:
            cv2.ellipse(canvas, shape, colour, -1, cv2.LINE_AA)
    return _roughen(rng, canvas.astype(np.float32) / 255)


def _plane(rng: Generator, height: int, width: int) -> tuple[Array, Array]:
    """Return two coordinates in pixels, turned by a random angle and warped."""
    y, x = grid(height, width)
    angle = rng.choice([0, math.pi / 2, rng.uniform(0, math.pi)])
    amount = rng.choice([0.0, rng.uniform(0, 0.06)]) * max(height, width)
    warp = smooth_noise(rng, height, width, 0.4 * max(height, width)) * np.float32(amount)
    cosine, sine = math.cos(angle), math.sin(angle)
    return x * cosine + y * sine + warp, y * cosine - x * sine + warp[::-1]


def _band(position: Array, share: float, soft: float) -> Array:
    """Return 1 in the middle `share` of every period of 1, else 0, with soft steps."""
    distance = np.abs((position % 1) - 0.5)
    return 1 - smoothstep(distance, share / 2 - soft, share / 2 + soft)


def _roughen(rng: Generator, image: Array) -> Array:
    """Give an image the fine unevenness of a real surface."""
    height, width = image.shape[:2]
    rough = fractal_noise(rng, height, width, rng.uniform(4, 0.4 * max(height, width)), gain=0.9)
    return np.clip(image * cv2.merge([1 + rng.uniform(0.02, 0.12) * rough] * 3), 0, 1)


def _turn(field: Array, degrees: int) -> Array:
    """Turn a field by 0 or 90 degrees and keep its size."""
    if degrees == 0:
        return field
    return cv2.resize(np.ascontiguousarray(field.T), field.shape[::-1], interpolation=cv2.INTER_LINEAR)
