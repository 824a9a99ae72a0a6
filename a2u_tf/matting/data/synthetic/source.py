"""The source: an endless series of foregrounds with their mattes, and of backgrounds, from walls to landscapes."""

import math

import cv2
import numpy as np
from numpy.random import Generator

from a2u_tf.matting.data.synthetic import arrangements, bodies, fabrics, hair, layers, plants, smoke, strands, textures
from a2u_tf.matting.data.synthetic.textures import any_colour, cloudy, fractal_noise, grid, paint, pick, texture
from a2u_tf.types import Array

MIN_SIZE = 64
# What is drawn, and how often: solid things with hair, fur and leaves at their edge lead, as in what people matte.
KINDS = {
    "objects": (bodies.objects, 0.26),
    "fur": (hair.fur, 0.24),
    "arrangement": (arrangements.arrangement, 0.17),
    "hair": (hair.hair, 0.15),
    "plant": (plants.plant, 0.08),
    "wicker": (bodies.wicker, 0.03),
    "net": (fabrics.net, 0.02),
    "lace": (fabrics.lace, 0.01),
    "veil": (fabrics.veil, 0.01),
    "smoke": (smoke.smoke, 0.01),
    "bubbles": (smoke.bubbles, 0.01),
    "glass": (smoke.glass, 0.01),
}
# Kinds that are also drawn in motion or out of focus, and how often that happens.
BLURRED = {"objects": 0.3, "wicker": 0.3, "plant": 0.25, "arrangement": 0.2, "fur": 0.12, "hair": 0.08}
SKY = np.array([(0.25, 0.45, 0.80), (0.60, 0.75, 0.90), (0.85, 0.70, 0.55)])


def plain(rng: Generator, height: int, width: int) -> Array:
    """A studio's wall: one colour that changes slowly."""
    field = fractal_noise(rng, height, width, max(height, width), finest=0.3 * max(height, width))
    first = any_colour(rng)
    return paint(textures.stretch(field), np.stack([first, np.clip(first * rng.uniform(0.6, 1.4, 3), 0, 1)]))


def landscape(rng: Generator, height: int, width: int) -> Array:
    """Sky with clouds, ridges that get hazier with distance, and ground."""
    y, _ = grid(height, width)
    horizon = rng.uniform(0.25, 0.8) * height
    sky = np.stack([pick(rng, SKY), (0.9, 0.92, 0.95)])
    clouds = textures.stretch(fractal_noise(rng, height, width, 0.6 * width, gain=0.6))
    image = paint(np.clip(0.7 * y / horizon + 0.8 * textures.smoothstep(clouds, 0.5, 0.9), 0, 1), sky)
    land = textures.palette(rng, 4) if rng.random() < 0.2 else np.stack([pick(rng, textures.EARTH) for _ in range(4)])
    count = int(rng.integers(2, 5))
    rough = textures.stretch(fractal_noise(rng, height, width, rng.uniform(20, 80), gain=0.95))
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
    radius = rng.uniform(0.01, 0.06) * max(height, width)
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
    t = np.linspace(0, 1, 7)
    half = rng.uniform(0.15, 0.45) * np.sin(np.pi * t) ** 0.9
    outline = np.concatenate([np.stack([t, half], 1), np.stack([t, -half], 1)[::-1]]) - (0.5, 0)
    axes = strands.circle(rng.uniform(0, 2 * np.pi, count)) * length
    across = np.stack([-axes[:, 1], axes[:, 0]], 1)
    centres = rng.random((count, 1, 2)) * (width, height)
    leaves = centres + outline[:, :1] * axes[:, None] + outline[:, 1:] * across[:, None]
    depth = np.linspace(0.4, 1.3, count)[:, None]
    colours = np.clip(textures.vary(rng, pick(rng, textures.LEAF), count, 0.25) * depth, 0, 1)
    ground = layers.tint(cloudy(rng, height, width) * 0.3, np.ones((height, width), np.float32))
    layer = layers.over(layers.draw_polygons(height, width, list(leaves), colours), ground)
    rough = 1 + 0.12 * fractal_noise(rng, height, width, 16, gain=0.9)
    return np.ascontiguousarray(layer[..., :3]) * cv2.merge([rough] * 3)


def room(rng: Generator, height: int, width: int) -> Array:
    """A wall and a floor or a table in two textures, with a few boxes before the wall."""
    wall, floor = texture(rng, height, width), texture(rng, height, width)
    y, x = grid(height, width)
    mask = np.clip(y - (rng.uniform(0.5, 0.9) * height + (x - width / 2) * rng.normal(0, 0.08)), 0, 1)
    image: Array = cv2.blendLinear(floor, wall, mask, 1 - mask)
    for _ in range(rng.integers(0, 5)):
        left, top = rng.integers(0, width), rng.integers(0, height)
        right, bottom = left + rng.integers(width // 12, width // 3), top + rng.integers(height // 12, height // 2)
        image[top:bottom, left:right] *= 0.6
        image[top:bottom, left:right] += np.float32(0.4 * any_colour(rng))
    return image


BACKGROUNDS = {
    "plain": plain,
    "texture": texture,
    "dead leaves": textures.dead_leaves,
    "landscape": landscape,
    "lights": lights,
    "foliage": foliage,
    "room": room,
}


class SyntheticSource:
    """Matting pictures drawn on the fly: no files, no network, no end.

    Foregrounds are hair, fur, plants, solid objects, wicker, lace, nets, veils, bubbles, glass and smoke, some of them
    in motion or out of focus. Their alpha is the share of a pixel that is covered, not an estimate. Backgrounds are
    walls, textures, landscapes, rooms, foliage, lights out of focus and dead leaves. The same state of the generator
    gives the same bits.

    Args:
        size: Side of a square of about the pictures' area in pixels, an integer of at least 64, else `ValueError`.
            Pictures are up to a fifth longer and as much narrower, upright and lengthwise.

    Example:

    >>> source = SyntheticSource(size=256)
    >>> rgb, alpha = source.foreground(np.random.default_rng(0))
    """

    def __init__(self, size: int = 512) -> None:
        if isinstance(size, bool) or not isinstance(size, (int, np.integer)) or size < MIN_SIZE:
            raise ValueError(f"`size` must be an integer of at least {MIN_SIZE}. Received: {size!r}")
        self.size = int(size)

    def foreground(self, rng: Generator, kind: str | None = None) -> tuple[Array, Array]:
        """Draw a foreground. `rng` is a `numpy.random.Generator`, the only source of chance.

        `kind` is `"hair"`, `"fur"`, `"objects"`, `"arrangement"`, `"plant"`, `"wicker"`, `"net"`, `"lace"`, `"veil"`,
        `"smoke"`, `"bubbles"` or `"glass"`, else `ValueError`; by default at random, solid things most often.

        Returns:
            `(rgb, alpha)`: uint8 of shape `(H, W, 3)`, not premultiplied and defined where alpha is 0, too; float32 of
            shape `(H, W)` in `[0, 1]`.
        """
        _check_generator(rng)
        if kind is None:
            kind = list(KINDS)[rng.choice(len(KINDS), p=[share for _, share in KINDS.values()])]
        elif kind not in KINDS:
            raise ValueError(f"`kind` must be one of {list(KINDS)}. Received: {kind!r}")
        return self._draw(rng, kind)

    def background(self, rng: Generator) -> Array:
        """Draw a background: uint8 of shape `(H, W, 3)`, RGB. `rng` is a `numpy.random.Generator`."""
        _check_generator(rng)
        height, width = self._shape(rng)
        image = list(BACKGROUNDS.values())[rng.integers(len(BACKGROUNDS))](rng, height, width)
        # Light falls off towards one side.
        field = textures.smooth_noise(rng, height, width, 0.8 * max(height, width))
        image = image * cv2.merge([rng.uniform(0.85, 1.15) * (1 + 0.15 * field)] * 3)
        # Behind a subject the world is out of focus more often than not.
        if rng.random() < 0.55:
            image = cv2.GaussianBlur(image, (0, 0), float(np.exp(rng.uniform(np.log(0.6), np.log(9)))))
        return layers.to_bytes(image)

    def _draw(self, rng: Generator, name: str) -> tuple[Array, Array]:
        layer = KINDS[name][0](rng, *self._shape(rng))
        if rng.random() < 0.5:
            layer = cv2.flip(layer, 1)
        if rng.random() < BLURRED.get(name, 0):
            layer = (layers.blur_motion if rng.random() < 0.5 else layers.blur_focus)(rng, layer)
        elif rng.random() < 0.7:  # a lens and a sensor are never as sharp as a drawing
            layer = cv2.GaussianBlur(layer, (0, 0), rng.uniform(0.3, 0.9))
        return layers.straighten(layer)

    def _shape(self, rng: Generator) -> tuple[int, int]:
        stretch = math.exp(rng.uniform(-0.18, 0.18))
        return round(self.size * stretch), round(self.size / stretch)


def _check_generator(rng: Generator) -> None:
    if not isinstance(rng, Generator):
        expected = "`rng` must be a numpy.random.Generator, as numpy.random.default_rng(seed) gives."
        raise TypeError(f"{expected} Received: {rng!r}")
