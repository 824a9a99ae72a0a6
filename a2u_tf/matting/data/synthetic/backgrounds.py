"""Backgrounds: what foregrounds are put over, from walls and cloth to landscapes and lights out of focus."""

import cv2
import numpy as np
from numpy.random import Generator

from a2u_tf.matting.data.synthetic import strands, textures
from a2u_tf.matting.data.synthetic.layers import draw_polygons, over, tint, to_bytes
from a2u_tf.matting.data.synthetic.textures import (
    any_colour,
    cloudy,
    fractal_noise,
    grid,
    paint,
    pick,
    stretch,
    texture,
)
from a2u_tf.types import Array

SKY = np.array([(0.25, 0.45, 0.80), (0.60, 0.75, 0.90), (0.85, 0.70, 0.55)])


def background(rng: Generator, height: int, width: int) -> Array:
    """Paint a random background: uint8 of shape `(height, width, 3)`, RGB."""
    image = _light_unevenly(rng, list(KINDS.values())[rng.integers(len(KINDS))](rng, height, width))
    # Behind a subject the world is out of focus more often than not.
    if rng.random() < 0.55:
        image = cv2.GaussianBlur(image, (0, 0), float(np.exp(rng.uniform(np.log(0.6), np.log(9)))))
    return to_bytes(image)


def plain(rng: Generator, height: int, width: int) -> Array:
    """A studio's wall: one colour that changes slowly."""
    field = fractal_noise(rng, height, width, max(height, width), finest=0.3 * max(height, width))
    first = any_colour(rng)
    return paint(stretch(field), np.stack([first, np.clip(first * rng.uniform(0.6, 1.4, 3), 0, 1)]))


def landscape(rng: Generator, height: int, width: int) -> Array:
    """Sky with clouds, ridges that get hazier with distance, and ground."""
    y, _ = grid(height, width)
    horizon = rng.uniform(0.25, 0.8) * height
    sky = np.stack([pick(rng, SKY), (0.9, 0.92, 0.95)])
    clouds = stretch(fractal_noise(rng, height, width, 0.6 * width, gain=0.6))
    image = paint(np.clip(0.7 * y / horizon + 0.8 * textures.smoothstep(clouds, 0.5, 0.9), 0, 1), sky)
    dyed = rng.random() < 0.2
    land = textures.palette(rng, 4) if dyed else np.stack([pick(rng, textures.EARTH) for _ in range(4)])
    count = int(rng.integers(2, 5))
    rough = stretch(fractal_noise(rng, height, width, rng.uniform(20, 80), gain=0.95))
    for index in range(count):
        near = (index + 1) / count
        ridge = horizon + (near - 0.6) * 0.3 * height
        row = fractal_noise(rng, 1, width, 0.4 * width, finest=4, gain=rng.uniform(0.4, 0.6))
        mask = np.clip(y - ridge + row * (0.08 * height * rng.random()), 0, 1)
        surface = paint(np.roll(rough, index * height // 3, axis=0), land[[0, 1 + index % 3]])
        haze = 0.75 * (1 - near)
        surface = surface * (1 - haze) + np.float32(sky[1]) * haze
        image = cv2.blendLinear(surface, image, mask, 1 - mask)
    return image


def lights(rng: Generator, height: int, width: int) -> Array:
    """Lights out of focus on a dark ground: discs whose rims are a little brighter."""
    image = cloudy(rng, height, width) * rng.uniform(0.1, 0.5)
    side = max(height, width)
    radius = rng.uniform(0.01, 0.06) * side
    colours = textures.palette(rng, 5)
    for _ in range(rng.integers(15, 80)):
        size = radius * rng.uniform(0.7, 1.4)
        left, top = (rng.random(2) * (width, height) - size).tolist()
        reach = int(2 * size) + 3
        row, column = round(top), round(left)
        ys, xs = slice(max(row, 0), row + reach), slice(max(column, 0), column + reach)
        y, x = np.ogrid[ys, xs]
        y, x = y[y < height, None], x[:, x[0] < width]
        distance = np.sqrt((y - top - size) ** 2 + (x - left - size) ** 2) / size
        disc = np.clip((1 - distance) * size / 1.5, 0, 1) * (0.75 + 0.25 * np.clip(distance, 0, 1) ** 6)
        bright = np.clip(colours[rng.integers(5)] * 1.5, 0, 1) * rng.uniform(0.15, 0.9)
        image[ys, xs] += (disc[..., None] * bright).astype(np.float32)
    return cv2.GaussianBlur(image, (0, 0), 0.8)


def foliage(rng: Generator, height: int, width: int) -> Array:
    """A hedge: leaves over leaves, the lower ones darker."""
    count = int(rng.integers(250, 700))
    length = rng.uniform(0.05, 0.13) * max(height, width) * rng.uniform(0.6, 1.4, (count, 1))
    slender = rng.uniform(0.15, 0.45)
    t = np.linspace(0, 1, 7)
    half = slender * np.sin(np.pi * t) ** 0.9
    outline = np.concatenate([np.stack([t, half], 1), np.stack([t, -half], 1)[::-1]]) - (0.5, 0)
    axes = strands.circle(rng.uniform(0, 2 * np.pi, count)) * length
    across = np.stack([-axes[:, 1], axes[:, 0]], 1)
    centres = rng.random((count, 1, 2)) * (width, height)
    leaves = centres + outline[:, :1] * axes[:, None] + outline[:, 1:] * across[:, None]
    depth = np.linspace(0.4, 1.3, count)[:, None]
    colours = np.clip(textures.vary(rng, pick(rng, textures.LEAF), count, 0.25) * depth, 0, 1)
    ground = tint(cloudy(rng, height, width) * 0.3, np.ones((height, width), np.float32))
    layer = over(draw_polygons(height, width, list(leaves), colours), ground)
    rough = 1 + 0.12 * fractal_noise(rng, height, width, 16, gain=0.9)
    return np.ascontiguousarray(layer[..., :3]) * cv2.merge([rough] * 3)


def room(rng: Generator, height: int, width: int) -> Array:
    """A wall and a floor or a table in two textures, with a few boxes before the wall."""
    wall, floor = texture(rng, height, width), texture(rng, height, width)
    y, x = grid(height, width)
    edge = rng.uniform(0.5, 0.9) * height + (x - width / 2) * rng.normal(0, 0.08)
    mask = np.clip(y - edge, 0, 1)
    image: Array = cv2.blendLinear(floor, wall, mask, 1 - mask)
    for _ in range(rng.integers(0, 5)):
        left, top = rng.integers(0, width), rng.integers(0, height)
        right, bottom = left + rng.integers(width // 12, width // 3), top + rng.integers(height // 12, height // 2)
        image[top:bottom, left:right] *= 0.6
        image[top:bottom, left:right] += np.float32(0.4 * any_colour(rng))
    return image


def _light_unevenly(rng: Generator, image: Array) -> Array:
    """Let light fall off towards one side."""
    height, width = image.shape[:2]
    field = textures.smooth_noise(rng, height, width, 0.8 * max(height, width))
    return image * cv2.merge([rng.uniform(0.85, 1.15) * (1 + 0.15 * field)] * 3)


KINDS = {
    "plain": plain,
    "texture": texture,
    "dead leaves": textures.dead_leaves,
    "landscape": landscape,
    "lights": lights,
    "foliage": foliage,
    "room": room,
}
