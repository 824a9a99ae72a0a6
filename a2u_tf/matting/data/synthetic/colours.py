"""Colours: small palettes that belong together, and fields painted with them."""

import colorsys

import cv2
import numpy as np
from numpy.random import Generator

from a2u_tf.types import Array

# Melanin's range from black to blond, red, grey and white, as RGB.
HAIR = np.array(
    [
        (0.06, 0.05, 0.05), (0.16, 0.10, 0.07), (0.29, 0.18, 0.11), (0.45, 0.29, 0.16), (0.62, 0.45, 0.26),
        (0.80, 0.66, 0.42), (0.55, 0.22, 0.08), (0.52, 0.50, 0.48), (0.88, 0.86, 0.82),
    ]
)  # fmt: skip
SKIN = np.array([(0.95, 0.80, 0.70), (0.88, 0.68, 0.54), (0.74, 0.53, 0.39), (0.55, 0.37, 0.26), (0.34, 0.22, 0.16)])
EARTH = np.array([(0.45, 0.36, 0.24), (0.62, 0.50, 0.36), (0.35, 0.42, 0.20), (0.25, 0.35, 0.15), (0.50, 0.50, 0.48)])
LEAF = np.array([(0.22, 0.40, 0.12), (0.38, 0.52, 0.16), (0.12, 0.28, 0.12), (0.60, 0.62, 0.25), (0.70, 0.42, 0.10)])


def any_colour(rng: Generator) -> Array:
    """Draw a colour: any hue, more often dull than vivid, from dark to bright."""
    return np.array(colorsys.hsv_to_rgb(rng.random(), rng.beta(1.3, 1.9), rng.uniform(0.12, 1)))


def palette(rng: Generator, count: int) -> Array:
    """Draw `count` colours that go together: `(count, 3)` in `[0, 1]`.

    Their hues lie close to one or to two main hues, as in photographs; their brightness spans a wide range.
    """
    first = rng.random()
    second = first + rng.choice([0.08, 0.33, 0.5])
    vividness = rng.beta(1.3, 2.6)
    hues = np.where(rng.random(count) < 0.7, first, second) + rng.normal(0, 0.03, count)
    saturations = np.clip(vividness * rng.uniform(0.5, 1.4, count), 0, 1)
    values = rng.permutation(np.linspace(rng.uniform(0.1, 0.6), rng.uniform(0.65, 1.0), count))
    return np.array([colorsys.hsv_to_rgb(h % 1, s, v) for h, s, v in zip(hues, saturations, values, strict=True)])


def pick(rng: Generator, table: Array) -> Array:
    """Draw a colour between two random rows of a table, a little off."""
    first, second = table[rng.integers(len(table), size=2)]
    share = rng.random()
    colour: Array = np.clip((first * share + second * (1 - share)) * rng.uniform(0.9, 1.1, 3), 0, 1)
    return colour


def vary(rng: Generator, colour: Array, count: int, spread: float) -> Array:
    """Draw `count` variations of a colour, mostly of its brightness: `(count, 3)` in `[0, 1]`."""
    brightness = np.exp(spread * rng.standard_normal((count, 1)))
    hue = 1 + 0.25 * spread * rng.standard_normal((count, 3))
    return np.clip(colour * brightness * hue, 0, 1)


def dye(colour: Array, light: Array) -> Array:
    """Return one colour under a light `(H, W)`: float32 `(H, W, 3)` in `[0, 1]`."""
    return cv2.merge([np.clip(light * np.float32(value), 0, 1) for value in np.clip(colour, 0, 1)])


def paint(field: Array, colours: Array) -> Array:
    """Colour a field in `[0, 1]` with a palette, from the first colour to the last: float32 `(H, W, 3)`."""
    stops = np.linspace(0, 255, len(colours))
    table = np.stack([np.interp(np.arange(256), stops, channel) for channel in np.transpose(colours)], axis=1)
    index = cv2.convertScaleAbs(np.maximum(field, 0), alpha=255)
    return cv2.LUT(cv2.merge([index] * 3), table.astype(np.float32)[:, None])
