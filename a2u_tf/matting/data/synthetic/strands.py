"""Strands: tapering ribbons along curves, as hair, fur, grass, threads and twigs are drawn."""

from typing import TypeAlias

import numpy as np
from numpy.random import Generator
from numpy.typing import ArrayLike

from a2u_tf.matting.data.synthetic.layers import SUPERSAMPLING, draw_polygons
from a2u_tf.matting.data.synthetic.textures import smooth_noise
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
        outlines.extend(polygons[seen])
        colours.append(shades[seen])
    return draw_polygons(height, width, outlines, np.concatenate(colours))


def ribbons(curves: Array, widths: Array, colours: Array, taper: float = 1.5) -> Polygons:
    """Return the outlines of strands and their colours, `(N, 2 K, 2)` and `(N, 4)`.

    Curves `(N, K, 2)` lead from root to tip; widths `(N,)` at the root, in pixels, fall as `1 - t^taper` to the tip, or
    not where that is 0. Coverage is exact down to a width of a quarter of a pixel; below that a strand gets fainter
    instead of thinner, so it belongs behind the others.
    """
    t = np.linspace(0, 1, curves.shape[1])
    profile = 1 - t**taper if taper else np.ones_like(t)
    # OpenCV draws a polygon's outline too, which widens it by one step of its canvas.
    side = across(curves) * (np.maximum(widths[:, None] * profile - 1 / SUPERSAMPLING, 0) / 2)[..., None]
    outlines = np.concatenate([curves + side, (curves - side)[:, ::-1]], axis=1)
    return outlines, np.column_stack([colours, np.clip(widths * SUPERSAMPLING, 0, 1)])


def interleaved(*groups: Polygons) -> Polygons:
    """Return the first polygon of each group, then the second of each, and so on."""
    outlines, colours = (np.stack(arrays, axis=1) for arrays in zip(*groups, strict=True))
    return outlines.reshape(-1, *outlines.shape[2:]), colours.reshape(-1, 4)


def grow(
    roots: Array, directions: Array, lengths: Array, points: int, pull: ArrayLike = (0, 0), bend: ArrayLike = 0
) -> Array:
    """Grow curves `(N, points, 2)` from roots `(N, 2)`, which set out in directions `(N, 2)`, turning step by step.

    Over the whole length `pull`, a pair or `(N, 2)`, is added to the direction, as gravity or wind, and the curve turns
    to the right by `bend` radians, one number or `(N,)`.
    """
    heading = _unit(directions)
    step = (lengths / (points - 1))[:, None]
    pull = np.asarray(pull) / (points - 1)
    turn = np.asarray(bend) / (points - 1)
    curves = np.empty((len(roots), points, 2))
    curves[:, 0] = roots
    for index in range(1, points):
        heading = _unit(turned(heading, turn) + pull)
        curves[:, index] = curves[:, index - 1] + heading * step
    return curves


def wave(rng: Generator, curves: Array, amplitude: ArrayLike, turns: ArrayLike, growth: float = 1.0) -> Array:
    """Let curves swing to and fro: amplitude in pixels and number of waves, each one number or `(N,)`."""
    t = np.linspace(0, 1, curves.shape[1])
    phase = rng.uniform(0, 2 * np.pi, (len(curves), 1))
    swing = np.sin(2 * np.pi * np.reshape(turns, (-1, 1)) * t + phase) - np.sin(phase)
    waved: Array = curves + across(curves) * (np.reshape(amplitude, (-1, 1)) * swing * t**growth)[..., None]
    return waved


def lock(rng: Generator, guides: Array, count: int, spread: float, gather: float, loose: float = 0.15) -> Array:
    """Return `count` strands around every guide `(N, K, 2)`, which they approach towards their tips.

    Their distances at the root have a standard deviation of `spread` pixels, of which the share `gather` is gone at the
    tip; there, each has drifted by `loose * spread` on its own.
    """
    total, points = len(guides) * count, guides.shape[1]
    t = np.linspace(0, 1, points)[:, None]
    away = rng.normal(0, spread, (total, 1, 2)) * (1 - gather * t**0.7)
    drift = rng.normal(0, loose * spread, (total, 1, 2)) * t**2
    # A strand that ends early uses the first part of its guide.
    at = np.linspace(0, 1, points) * rng.uniform(0.75, 1.0, (total, 1)) * (points - 1)
    index = np.minimum(at.astype(int), points - 2)
    rest = (at - index)[..., None]
    guide = np.repeat(np.arange(len(guides)), count)[:, None]
    strands: Array = guides[guide, index] * (1 - rest) + guides[guide, index + 1] * rest + away + drift
    return strands


def sample_field(rng: Generator, height: int, width: int, cell: float, points: Array) -> Array:
    """Return smooth noise at points `(N, 2)`: neighbours get nearly the same number, `(N,)`."""
    scale = max(1.0, cell / 4)  # a coarser field than the picture is fine enough
    field = smooth_noise(rng, int(height / scale) + 1, int(width / scale) + 1, cell / scale)
    x, y = (np.clip(points, 0, (width - 1, height - 1)) / scale).astype(int).T
    return np.asarray(field[y, x])


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
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-9))
