"""Bodies: silhouettes of people, animals and things, light on them, painted objects, and things plaited from canes."""

import math
from collections.abc import Sequence

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import ArrayLike

from a2u_tf.matting.data.synthetic import strands, textures
from a2u_tf.matting.data.synthetic.layers import draw_mask, light, over, tint
from a2u_tf.types import Array

CANE = np.array([(0.72, 0.52, 0.28), (0.50, 0.32, 0.16), (0.80, 0.70, 0.52), (0.25, 0.18, 0.12), (0.60, 0.60, 0.62)])


def ellipse(x: float, y: float, across: float, down: float, angle: float = 0.0, points: int = 36) -> Array:
    """Return the outline of an ellipse of the given half axes, turned by `angle` radians: `(points, 2)`."""
    t = np.linspace(0, 2 * np.pi, points, endpoint=False)
    u, v = across * np.cos(t), down * np.sin(t)
    cosine, sine = math.cos(angle), math.sin(angle)
    return np.stack([x + u * cosine - v * sine, y + u * sine + v * cosine], axis=1)


def limb(start: ArrayLike, end: ArrayLike, width_start: float, width_end: float) -> Array:
    """Return the outline of a straight limb with round ends and two widths."""
    start, end = np.asarray(start, float), np.asarray(end, float)
    arc = strands.circle(np.linspace(-np.pi / 2, np.pi / 2, 9) + math.atan2(*(end - start)[::-1]))
    return np.concatenate([end + arc * width_end / 2, start - arc * width_start / 2])


def blob(rng: Generator, x: float, y: float, radius: float, roughness: float = 0.15) -> Array:
    """Return a smooth random outline round a point."""
    t = np.linspace(0, 2 * np.pi, 72, endpoint=False)
    orders = np.arange(1, 7)[:, None]
    waves = rng.normal(0, 1, (6, 1)) / orders * np.cos(orders * t + rng.uniform(0, 2 * np.pi, (6, 1)))
    r = radius * np.maximum(1 + roughness * waves.sum(axis=0), 0.3)
    aspect = math.exp(rng.uniform(-0.4, 0.4))
    return np.stack([x + aspect * r * np.cos(t), y + r / aspect * np.sin(t)], axis=1)


def animal(rng: Generator, height: int, width: int) -> list[Array]:
    """Return the parts of an animal or a soft toy, sitting, standing or seen from near, as a list of polygons."""
    size = rng.uniform(0.2, 0.42) * min(height, width)
    x, y = width * rng.uniform(0.35, 0.65), height * rng.uniform(0.45, 0.7)
    facing = rng.choice([-1, 1])
    head = size * rng.uniform(0.45, 0.75)
    if rng.random() < 0.5:  # sitting
        parts = [ellipse(x, y + 0.4 * size, size * rng.uniform(0.7, 1), size * 1.2)]
        head_x, head_y = x + facing * 0.3 * size * rng.random(), y - size - 0.3 * head
        for s in (-1, 1):
            parts += [ellipse(x + s * 0.6 * size, y + 1.5 * size, 0.35 * size, 0.3 * size)]
            parts += [limb((x + s * 0.5 * size, y), (x + s * 0.8 * size, y + 0.8 * size), 0.5 * size, 0.35 * size)]
        parts += [limb((x, y - 0.4 * size), (head_x, head_y), size * 0.8, head)]
    else:  # standing
        long = size * rng.uniform(1.1, 1.6)
        parts = [ellipse(x, y, long, 0.7 * size, rng.normal(0, 0.1))]
        for at in (-0.7, -0.5, 0.45, 0.7):
            leg = x + at * long
            parts += [limb((leg, y), (leg + rng.normal(0, 0.15) * size, y + 1.6 * size), 0.5 * size, 0.22 * size)]
        head_x, head_y = x + facing * 1.2 * long, y - size * rng.uniform(0.3, 1.2)
        parts += [limb((x + facing * 0.7 * long, y), (head_x, head_y), 0.9 * size, 0.7 * head)]
        tail = (x - facing * 1.7 * long, y + rng.uniform(-0.8, 0.8) * size)
        parts += [limb((x - facing * 0.8 * long, y - 0.2 * size), tail, 0.25 * size, 0.2 * size)]
    parts += [ellipse(head_x, head_y, head * rng.uniform(0.9, 1.2), head)]
    parts += [ellipse(head_x + facing * 0.8 * head, head_y + 0.3 * head, 0.5 * head, 0.35 * head)]
    ear, spread = head * rng.uniform(0.3, 1.0), rng.uniform(0.2, 0.7)
    for s in (-1, 1):
        root = (head_x + s * spread * 0.7 * head, head_y - 0.7 * head)
        tip = (head_x + s * spread * (head + ear), head_y - (head + ear) * (1 - spread / 2))
        parts += [limb(root, tip, 0.5 * head, rng.uniform(0.1, 0.5) * head)]
    return parts


def melt(height: int, width: int, polygons: Sequence[Array], smoothing: float, softness: float = 1.0) -> Array:
    """Return the union of polygons with their corners rounded off: float32 `(H, W)` in `[0, 1]`.

    `smoothing` is the standard deviation of the blur that melts them, `softness` the width of the edge, both in pixels.
    """
    smoothing = max(smoothing, 0.5 * softness)  # else the edge would not end inside the body
    mask = draw_mask(height, width, polygons)
    if smoothing > 8:
        mask = cv2.GaussianBlur(textures.quarter(mask), (0, 0), smoothing / 4)
        mask = cv2.resize(mask, (width, height), interpolation=cv2.INTER_CUBIC)
    else:
        mask = cv2.GaussianBlur(mask, (0, 0), smoothing)
    # A straight edge, blurred, rises by this much a pixel.
    slope = 1 / (smoothing * math.sqrt(2 * math.pi))
    edge: Array = np.clip((mask - 0.5) * np.float32(1 / (slope * max(softness, 1.0))) + 0.5, 0, 1)
    return edge


def shading(rng: Generator, mask: Array, depth: float | None = None) -> Array:
    """Light a silhouette `(H, W)` as if it were a cushion; colours are to be multiplied by the result, about 1.

    `depth` is how far from its edge the cushion becomes flat, in pixels; by default at random.
    """
    height, width = mask.shape
    small = textures.quarter(mask)
    flat = (depth or rng.uniform(0.06, 0.25) * min(height, width)) / 4
    t = np.minimum(cv2.distanceTransform((small > 0.5).astype(np.uint8), cv2.DIST_L2, 5) / flat, 1)
    dome = cv2.GaussianBlur(np.sqrt(t * (2 - t)) * flat, (0, 0), 1.5)
    extent = min(small.shape)
    dome += 0.005 * extent * textures.smooth_noise(rng, small.shape[0], small.shape[1], max(2.0, 0.06 * extent))
    down, right = (cv2.Sobel(dome, cv2.CV_32F, *axis, scale=1 / 8) for axis in ((0, 1), (1, 0)))
    length = np.sqrt(1 + down * down + right * right)
    angle, tilt = rng.uniform(-math.pi, 0), rng.uniform(0.4, 1.2)
    facing = right * math.cos(angle) + down * math.sin(angle)
    lambert = np.maximum((math.cos(tilt) - math.sin(tilt) * facing) / length, 0)
    ambient = np.float32(rng.uniform(0.2, 0.6))
    field: Array = ambient + (1 - ambient) * lambert * 1.3
    return cv2.resize(field, (width, height), interpolation=cv2.INTER_LINEAR)


def solid(rng: Generator, mask: Array, colour: ArrayLike, depth: float | None = None) -> Array:
    """Make a lit layer of a silhouette in one colour or in a texture `(H, W, 3)`, with a little unevenness."""
    height, width = mask.shape
    rough = textures.fractal_noise(rng, height, width, 0.1 * max(height, width), gain=0.9)
    return tint(colour, mask, shading(rng, mask, depth) * (1 + rng.uniform(0.02, 0.08) * rough))


def objects(rng: Generator, height: int, width: int) -> Array:
    """Draw one to four solid objects with hard or rounded edges and holes, one before the other."""
    count = int(rng.integers(1, 5))
    layers = []
    for index in range(count):
        # Each surface is drawn once at random; several objects share two.
        painted = index < 2 and rng.random() < 0.7
        surface = textures.texture(rng, height, width) if painted else textures.any_colour(rng)
        layers.append(solid(rng, _silhouette(rng, height, width, count), surface))
    return over(*layers)


def _silhouette(rng: Generator, height: int, width: int, count: int) -> Array:
    side = min(height, width)
    reach = side * rng.uniform(0.3, 0.6) / math.sqrt(count)
    x, y = width * rng.uniform(0.25, 0.75), height * rng.uniform(0.35, 0.85)
    kind = rng.integers(5)
    if kind == 0:
        return melt(height, width, animal(rng, height, width), 0.012 * side)
    if kind == 1:
        return draw_mask(height, width, [blob(rng, x, y, reach, 0.25)])
    if kind == 2:  # a star, a gear, a polygon
        points = 2 * int(rng.integers(3, 12))
        t = np.linspace(0, 2 * np.pi, points, endpoint=False) + rng.uniform(0, 6)
        star = (x, y) + reach * np.where(np.arange(points) % 2, rng.uniform(0.5, 1.0), 1)[:, None] * strands.circle(t)
        hole = reach * rng.uniform(0.1, 0.35)
        return draw_mask(height, width, [star], [ellipse(x, y, hole, hole)] if rng.random() < 0.5 else [])
    if kind == 3:  # furniture: boards and legs, with gaps between them
        parts = []
        for _ in range(rng.integers(4, 9)):
            start = (x, y) + rng.uniform(-1, 1, 2) * reach
            end = start + np.eye(2)[rng.integers(2)] * rng.choice([-1, 1]) * reach * rng.uniform(0.6, 1.6)
            parts.append(limb(start, end, *rng.uniform(0.04, 0.3, 2) * reach))
        return draw_mask(height, width, parts)
    ring = ellipse(x, y, reach, reach * rng.uniform(0.5, 1), rng.uniform(0, 3))  # a plate, a wheel, a handle
    inner = rng.uniform(0.5, 0.9)
    return draw_mask(height, width, [ring], [(ring - (x, y)) * inner + (x, y)] if rng.random() < 0.5 else [])


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
    t = np.linspace(0, 2 * np.pi, 40)[:, None]
    away = rng.uniform(-0.7, 0.7, (count, 1, 1))
    circle = np.cos(t) * first[:, None] + np.sin(t) * np.cross(axes, first)[:, None]
    spheres = radius * (circle * np.sqrt(1 - away**2) + away * axes[:, None])
    # The back half first, for the front half hides it.
    pieces = spheres[:, np.arange(0, 36, 4)[:, None] + np.arange(5)].reshape(-1, 5, 3)
    pieces = pieces[np.argsort(pieces[:, :, 2].mean(axis=1))]
    thickness = side * math.exp(rng.uniform(math.log(0.004), math.log(0.03)))
    depth = np.clip(0.75 + 0.35 * pieces[:, :, 2].mean(axis=1, keepdims=True) / radius, 0.3, 1.1)
    curves = pieces[:, :, :2] + centre
    tones = textures.vary(rng, textures.pick(rng, CANE), len(curves), 0.12) * depth
    # Rims, bodies and gleams of each bar, bar by bar.
    parts = []
    for shift, wide, shade in ((0.0, 1.0, 0.45), (-0.05, 0.75, 0.9), (-0.15, 0.3, 1.35)):
        widths = np.full(len(curves), thickness) * wide
        shifted = curves + np.array([0, shift * thickness])
        parts.append(strands.ribbons(shifted, widths, np.clip(tones * shade, 0, 1), taper=0))
    ball = draw_mask(height, width, [ellipse(centre[0], centre[1], radius, radius)])
    bars = strands.draw_strands(height, width, strands.interleaved(*parts))
    return light(bars, shading(rng, ball, depth=0.6 * radius))
