"""Solid things: painted objects with hard or rounded edges and holes, and things plaited from canes or wire."""

import math

import numpy as np
from numpy.random import Generator

from a2u_tf.matting.data.synthetic.bodies import animal, blob, ellipse, limb, melt, shading, solid
from a2u_tf.matting.data.synthetic.colours import any_colour, pick, vary
from a2u_tf.matting.data.synthetic.layers import draw_mask, light, over
from a2u_tf.matting.data.synthetic.strands import draw_strands, ribbons
from a2u_tf.matting.data.synthetic.textures import texture
from a2u_tf.types import Array

CANE = np.array([(0.72, 0.52, 0.28), (0.50, 0.32, 0.16), (0.80, 0.70, 0.52), (0.25, 0.18, 0.12), (0.60, 0.60, 0.62)])


def objects(rng: Generator, height: int, width: int) -> Array:
    """Draw one to four solid objects, one before the other."""
    count = int(rng.integers(1, 5))
    layers = []
    for index in range(count):
        # Each surface is drawn once at random; several objects share two.
        surface = texture(rng, height, width) if index < 2 and rng.random() < 0.7 else any_colour(rng)
        layers.append(solid(rng, _silhouette(rng, height, width, count), surface))
    return over(*layers)


def _silhouette(rng: Generator, height: int, width: int, count: int) -> Array:
    """Return the coverage of a random object."""
    side = min(height, width)
    reach = side * rng.uniform(0.28, 0.42) / math.sqrt(count)
    x, y = width * rng.uniform(0.3, 0.7), height * rng.uniform(0.35, 0.75)
    kind = rng.integers(5)
    if kind == 0:
        return melt(height, width, animal(rng, height, width), 0.012 * side)
    if kind == 1:
        return draw_mask(height, width, [blob(rng, x, y, reach, 0.25)])
    if kind == 2:  # a star, a gear, a polygon
        corners = int(rng.integers(3, 12))
        t = np.linspace(0, 2 * np.pi, 2 * corners, endpoint=False) + rng.uniform(0, 6)
        r = reach * np.where(np.arange(2 * corners) % 2, rng.uniform(0.5, 1.0), 1)
        star = np.stack([x + r * np.cos(t), y + r * np.sin(t)], axis=1)
        hole = reach * rng.uniform(0.1, 0.35)
        holes = [ellipse(x, y, hole, hole)] if rng.random() < 0.5 else []
        return draw_mask(height, width, [star], holes)
    if kind == 3:  # furniture: boards and legs, with gaps between them
        parts = []
        for _ in range(rng.integers(4, 9)):
            start = (x, y) + rng.uniform(-1, 1, 2) * reach
            end = start + np.eye(2)[rng.integers(2)] * rng.choice([-1, 1]) * reach * rng.uniform(0.6, 1.6)
            parts.append(limb(start, end, *rng.uniform(0.04, 0.3, 2) * reach))
        return draw_mask(height, width, parts)
    ring = [ellipse(x, y, reach, reach * rng.uniform(0.5, 1), rng.uniform(0, 3))]  # a plate, a wheel, a handle
    inner = rng.uniform(0.5, 0.9)
    return draw_mask(height, width, ring, [(ring[0] - (x, y)) * inner + (x, y)] if rng.random() < 0.5 else [])


def wicker(rng: Generator, height: int, width: int) -> Array:
    """Draw a ball or a basket plaited from canes, or a tangle of wire: round bars with holes between them."""
    side = min(height, width)
    count = int(rng.integers(12, 70))
    radius = side * rng.uniform(0.25, 0.42)
    centre = np.array([width * rng.uniform(0.4, 0.6), height * rng.uniform(0.4, 0.6)])
    # Circles on a sphere, each seen as an ellipse; `away` is its plane's distance from the sphere's centre.
    axes = rng.standard_normal((count, 3))
    axes /= np.linalg.norm(axes, axis=1, keepdims=True)
    first = np.cross(axes, np.roll(axes, 1, axis=1) + 0.1)
    first /= np.linalg.norm(first, axis=1, keepdims=True)
    second = np.cross(axes, first)
    t = np.linspace(0, 2 * np.pi, 40)[:, None]
    away = rng.uniform(-0.7, 0.7, (count, 1, 1))
    circle = np.cos(t) * first[:, None] + np.sin(t) * second[:, None]
    spheres = radius * (circle * np.sqrt(1 - away**2) + away * axes[:, None])
    # The back half first, for the front half hides it.
    pieces = spheres[:, np.arange(0, 36, 4)[:, None] + np.arange(5)].reshape(-1, 5, 3)
    pieces = pieces[np.argsort(pieces[:, :, 2].mean(axis=1))]
    thickness = side * math.exp(rng.uniform(math.log(0.004), math.log(0.03)))
    depth = np.clip(0.75 + 0.35 * pieces[:, :, 2].mean(axis=1, keepdims=True) / radius, 0.3, 1.1)
    curves = pieces[:, :, :2] + centre
    tones = vary(rng, pick(rng, CANE), len(curves), 0.12) * depth
    # Rims, bodies and gleams of each bar, bar by bar.
    widths = np.full(len(curves), thickness)
    parts = [
        ribbons(curves + np.array([0, shift * thickness]), widths * wide, np.clip(tones * shade, 0, 1), taper=0)
        for shift, wide, shade in ((0.0, 1.0, 0.45), (-0.05, 0.75, 0.9), (-0.15, 0.3, 1.35))
    ]
    outlines, colours = (np.stack(group, axis=1).reshape(-1, *group[0].shape[1:]) for group in zip(*parts, strict=True))
    ball = draw_mask(height, width, [ellipse(centre[0], centre[1], radius, radius)])
    return light(draw_strands(height, width, (outlines, colours)), shading(rng, ball, depth=0.6 * radius))
