"""Textures: smooth random fields, colours that belong together, and surfaces painted with both."""

import colorsys
import math

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


def smooth_noise(rng: Generator, height: int, width: int, cell: float | tuple[float, float]) -> Array:
    """Draw noise whose bumps are about `cell` pixels wide: float32 `(height, width)`, mean about 0, variance near 1.

    `cell` is the distance of the random grid's points in pixels, at least 1; or a pair `(vertical, horizontal)`.
    """
    down, right = cell if isinstance(cell, tuple) else (cell, cell)
    if min(down, right) >= 16:  # what is that smooth need not be drawn in full size
        small = smooth_noise(rng, -(-height // 4), -(-width // 4), (down / 4, right / 4))
        return cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC)
    points = _white_noise(rng, math.ceil(height / down) + 4, math.ceil(width / right) + 4)
    # A random place, so that the grid's lines do not lie on the borders of every picture.
    top, left = (1 + rng.random(2)).tolist()
    place = np.array([[1 / right, 0, left], [0, 1 / down, top]])
    flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    noise = cv2.warpAffine(points, place, (width, height), flags=flags, borderMode=cv2.BORDER_REFLECT_101)
    return noise * 1.3  # interpolation takes a part of the variance away


def fractal_noise(
    rng: Generator, height: int, width: int, coarsest: float, finest: float = 2.0, gain: float = 0.7
) -> Array:
    """Add octaves of `smooth_noise`, from bumps of `coarsest` pixels down to those of `finest`, each `gain` as strong.

    With `gain = 1` every octave has the same energy: the `1 / f` amplitude spectrum of photographs (Field 1987,
    "Relations between the statistics of natural images and the response properties of cortical cells"). Smaller gains
    give the smoother fields of clouds and cloth.
    """
    octaves = 1 + max(0, int(math.log2(coarsest / finest)))
    total: Array = np.zeros((2, 2), np.float32)
    for octave in range(octaves):
        cell = coarsest / 2**octave
        rows, columns = math.ceil(height / cell) + 2, math.ceil(width / cell) + 2
        total = cv2.resize(total, (columns, rows), interpolation=cv2.INTER_CUBIC)
        total = total + _white_noise(rng, rows, columns) * gain**octave
    energy = sum(gain ** (2 * octave) for octave in range(octaves))
    return cv2.resize(total * (1.3 / math.sqrt(energy)), (width, height), interpolation=cv2.INTER_CUBIC)


def _white_noise(rng: Generator, rows: int, columns: int) -> Array:
    """Return independent numbers of mean 0 and variance 1; interpolated, uniform ones look as Gaussian ones do."""
    return (rng.random((rows, columns), dtype=np.float32) - np.float32(0.5)) * np.float32(math.sqrt(12))


def stretch(field: Array) -> Array:
    """Map a field linearly onto `[0, 1]`."""
    low, high = float(field.min()), float(field.max())
    return (field - np.float32(low)) * np.float32(1 / max(high - low, 1e-6))


def quarter(field: Array) -> Array:
    """Return a field in a quarter of its size, rounded up: what is smooth need not be computed in full."""
    return cv2.resize(field, [-(-length // 4) for length in field.shape[::-1]], interpolation=cv2.INTER_AREA)


def grid(height: int, width: int) -> Array:
    """Return the coordinates y and x of the pixels' centres, float32 `(2, height, width)`."""
    return np.indices((height, width), np.float32)


def displace(image: Array, down: Array, right: Array, border: int = cv2.BORDER_REFLECT_101) -> Array:
    """Return the image with every pixel taken from `down` and `right` pixels away."""
    y, x = grid(*image.shape[:2])
    return cv2.remap(image, x + right, y + down, cv2.INTER_LINEAR, borderMode=border)


def smoothstep(field: Array, low: float, high: float) -> Array:
    """Rise from 0 below `low` to 1 above `high` without a kink."""
    t = ((field - np.float32(low)) / np.float32(high - low)).clip(0, 1)
    return np.asarray(t * t * (3 - 2 * t))


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
    colour: Array = (first * share + second * (1 - share)) * rng.uniform(0.9, 1.1, 3)
    return colour.clip(0, 1)


def vary(rng: Generator, colour: Array, count: int, spread: float) -> Array:
    """Draw `count` variations of a colour, mostly of its brightness: `(count, 3)` in `[0, 1]`."""
    brightness = np.exp(spread * rng.standard_normal((count, 1)))
    return np.clip(colour * brightness * (1 + 0.25 * spread * rng.standard_normal((count, 3))), 0, 1)


def dye(colour: Array, light: Array) -> Array:
    """Return one colour under a light `(H, W)`: float32 `(H, W, 3)` in `[0, 1]`."""
    return cv2.merge([np.clip(light * np.float32(value), 0, 1) for value in np.clip(colour, 0, 1)])


def paint(field: Array, colours: Array) -> Array:
    """Colour a field in `[0, 1]` with a palette, from the first colour to the last: float32 `(H, W, 3)`."""
    stops = np.linspace(0, 255, len(colours))
    table = np.stack([np.interp(np.arange(256), stops, channel) for channel in np.transpose(colours)], axis=1)
    index = cv2.convertScaleAbs(np.maximum(field, 0), alpha=255)
    return cv2.LUT(cv2.merge([index] * 3), table.astype(np.float32)[:, None])


def texture(rng: Generator, height: int, width: int) -> Array:
    """Paint a random texture: float32 of shape `(height, width, 3)`, RGB in `[0, 1]`."""
    kinds = (cloudy, cloudy, grained, striped, checked, spotted, dead_leaves)
    return kinds[rng.integers(len(kinds))](rng, height, width)


def cloudy(rng: Generator, height: int, width: int) -> Array:
    """Multi-octave noise in a few colours."""
    field = fractal_noise(rng, height, width, rng.uniform(0.1, 0.8) * max(height, width), gain=rng.uniform(0.5, 1.0))
    return paint(stretch(field), palette(rng, int(rng.integers(2, 5))))


def grained(rng: Generator, height: int, width: int) -> Array:
    """Streaks in one direction: wood, brushed metal, bark, fields seen from the side."""
    cell, stretched = rng.uniform(3, 12), rng.uniform(8, 30)
    streaks = [smooth_noise(rng, height, width, (cell * s, cell * s * stretched)) * s**0.5 for s in (1, 3, 8)]
    field = stretch(np.sum(streaks, axis=0))
    if rng.choice([0, 90]):  # turned, it keeps its size
        field = cv2.resize(np.ascontiguousarray(field.T), (width, height), interpolation=cv2.INTER_LINEAR)
    return paint(field, palette(rng, 3))


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
    first, second = (_band(axis / period, share, soft) for axis in (u, v))
    mixed = np.maximum(first, second) if rng.random() < 0.5 else (first + second) / 2
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
    radii = 1 / np.sqrt(smallest**-2 + rng.random(count) * (largest**-2 - smallest**-2))
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
            cv2.fillConvexPoly(canvas, np.rint(cv2.boxPoints(shape) * 16).astype(np.int32), colour, cv2.LINE_AA, 4)
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
    return 1 - smoothstep(np.abs((position % 1) - 0.5), share / 2 - soft, share / 2 + soft)


def _roughen(rng: Generator, image: Array) -> Array:
    """Give an image the fine unevenness of a real surface."""
    height, width = image.shape[:2]
    rough = fractal_noise(rng, height, width, rng.uniform(4, 0.4 * max(height, width)), gain=0.9)
    return np.clip(image * cv2.merge([1 + rng.uniform(0.02, 0.12) * rough] * 3), 0, 1)
