"""Strands: tapering ribbons along curves, as hair, fur, grass, threads and twigs are drawn."""

from typing import TypeAlias

import numpy as np
from numpy.random import Generator
from numpy.typing import ArrayLike

from a2u_tf.matting.data.synthetic.layers import SUPERSAMPLING, draw_fixed_point, fixed_point
from a2u_tf.matting.data.synthetic.noise import smooth_noise
from a2u_tf.types import Array

# Outlines (N, K, 2), x and y in pixels, and their colours (N, 4).
Polygons: TypeAlias = tuple[Array, Array]


def draw_strands(height: int, width: int, *groups: Polygons) -> Array:
    """Draw groups of `ribbons`, each ribbon over those before it, and return the layer."""
    outlines: list[Array] = []
    colours: list[Array] = []
    for polygons, shades in groups:
        # Only what can be seen is worth the drawing; pixel 0 begins at -0.5, and an outline is drawn a little larger.
        seen = ((polygons.max(axis=1) > -1) & (polygons.min(axis=1) < (width, height))).all(axis=1)
        outlines.extend(fixed_point(polygons[seen]))
        colours.append(shades[seen])
    return draw_fixed_point(height, width, outlines, np.concatenate(colours))


def ribbons(curves: Array, widths: Array, colours: Array, taper: float = 1.5) -> Polygons:
    """Return the outlines of strands and their colours, `(N, 2 K, 2)` and `(N, 4)`.

    Args:
        curves: Points from root to tip, float `(N, K, 2)`, x and y in pixels.
        widths: `(N,)`, width at the root in pixels. Coverage is exact down to a quarter of a pixel; below that a strand
            gets fainter instead of thinner, so it belongs behind the others.
        colours: `(N, 3)` in `[0, 1]`.
        taper: The width falls as `1 - t^taper` from root to tip; 0 for an even width.
    """
    t = np.linspace(0, 1, curves.shape[1])
    profile = 1 - t**taper if taper else np.ones_like(t)
    # OpenCV draws a polygon's outline too, which widens it by one step of its canvas.
    half = np.maximum(widths[:, None] * profile - 1 / SUPERSAMPLING, 0) / 2
    side = across(curves) * half[..., None]
    outlines = np.concatenate([curves + side, (curves - side)[:, ::-1]], axis=1)
    return outlines, np.column_stack([colours, np.clip(widths * SUPERSAMPLING, 0, 1)])


def grow(
    roots: Array,
    directions: Array,
    lengths: Array,
    points: int,
    pull: ArrayLike = (0.0, 0.0),
    bend: Array | None = None,
) -> Array:
    """Grow curves from their roots, turning step by step.

    Args:
        roots: `(N, 2)`, x and y in pixels.
        directions: `(N, 2)`, where they set out; any length.
        lengths: `(N,)` in pixels.
        points: Number of points K of a curve.
        pull: What is added to the direction over the whole length, as gravity or wind: a pair, or `(N, 2)`.
        bend: Turn to the right over the whole length in radians, `(N,)`.

    Returns:
        `(N, K, 2)`.
    """
    heading = _unit(np.asarray(directions, float))
    step = (lengths / (points - 1))[:, None]
    pull = np.asarray(pull) / (points - 1)
    turn = np.zeros(len(roots)) if bend is None else bend / (points - 1)
    curves = np.empty((len(roots), points, 2))
    curves[:, 0] = roots
    for index in range(1, points):
        heading = _unit(turned(heading, turn) + pull)
        curves[:, index] = curves[:, index - 1] + heading * step
    return curves


def wave(rng: Generator, curves: Array, amplitude: ArrayLike, turns: ArrayLike, growth: float = 1.0) -> Array:
    """Let curves swing to and fro: amplitude in pixels and number of waves, each one number or `(N,)`."""
    count, points, _ = curves.shape
    t = np.linspace(0, 1, points)
    phase = rng.uniform(0, 2 * np.pi, (count, 1))
    swing = np.sin(2 * np.pi * np.reshape(turns, (-1, 1)) * t + phase) - np.sin(phase)
    waved: Array = curves + across(curves) * (np.reshape(amplitude, (-1, 1)) * swing * t**growth)[..., None]
    return waved


def lock(rng: Generator, guides: Array, count: int, spread: float, gather: float, loose: float = 0.15) -> Array:
    """Return `count` strands around every guide, which they approach towards their tips: `(N * count, K, 2)`.

    Args:
        guides: `(N, K, 2)`.
        count: Strands for each guide.
        spread: Standard deviation of their distance from the guide at the root, in pixels.
        gather: The share of that distance that is gone at the tip.
        loose: Standard deviation of a strand's own drift at the tip, relative to `spread`.
    """
    total, points = len(guides) * count, guides.shape[1]
    t = np.linspace(0, 1, points)[:, None]
    away = rng.normal(0, spread, (total, 1, 2)) * (1 - gather * t**0.7)
    drift = rng.normal(0, loose * spread, (total, 1, 2)) * t**2
    shorter = rng.uniform(0.75, 1.0, total)
    strands: Array = np.repeat(guides, count, axis=0)
    # A strand that ends early uses the first part of its guide.
    at = np.linspace(0, 1, points) * shorter[:, None] * (points - 1)
    index = np.minimum(at.astype(int), points - 2)
    rest = (at - index)[..., None]
    rows = np.arange(total)[:, None]
    strands = strands[rows, index] * (1 - rest) + strands[rows, index + 1] * rest
    strands = strands + away + drift
    return strands


def sample_field(rng: Generator, height: int, width: int, cell: float, points: Array) -> Array:
    """Return smooth noise at points `(N, 2)`: neighbours get nearly the same number, `(N,)`."""
    scale = max(1.0, cell / 4)  # a coarser field than the picture is fine enough
    field = smooth_noise(rng, int(height / scale) + 1, int(width / scale) + 1, cell / scale)
    x = np.clip(points[:, 0], 0, width - 1) / scale
    y = np.clip(points[:, 1], 0, height - 1) / scale
    numbers: Array = field[y.astype(int), x.astype(int)]
    return numbers


def across(curves: Array) -> Array:
    """Return the unit vectors at right angles to curves, `(N, K, 2)` as these."""
    along = _unit(np.gradient(curves, axis=1))
    return np.stack([-along[..., 1], along[..., 0]], axis=2)


def turned(vectors: Array, angles: Array) -> Array:
    """Turn vectors `(N, 2)` by angles `(N,)`, from x towards y."""
    x, y = vectors.T
    cosine, sine = np.cos(angles), np.sin(angles)
    return np.stack([x * cosine - y * sine, x * sine + y * cosine], axis=1)


def circle(angles: Array) -> Array:
    """Return the points of the unit circle at angles `(N,)`: `(N, 2)`."""
    return np.stack([np.cos(angles), np.sin(angles)], axis=1)


def _unit(vectors: Array) -> Array:
    unit: Array = vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-9)
    return unit
