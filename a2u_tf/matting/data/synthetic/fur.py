"""Fur: animals and soft toys whose whole outline is short hair."""

import cv2
import numpy as np
from numpy.random import Generator

from a2u_tf.matting.data.synthetic.bodies import animal, blob, ellipse, melt, shading
from a2u_tf.matting.data.synthetic.colours import HAIR, any_colour, pick
from a2u_tf.matting.data.synthetic.layers import draw_polygons, light, over, tint, weigh
from a2u_tf.matting.data.synthetic.noise import displace, fractal_noise, quarter, smooth_noise
from a2u_tf.matting.data.synthetic.strands import Polygons, draw_strands, grow, ribbons, sample_field
from a2u_tf.matting.data.synthetic.textures import spotted, striped
from a2u_tf.types import Array


def fur(rng: Generator, height: int, width: int) -> Array:
    """Draw a furry body."""
    side = min(height, width)
    if rng.random() < 0.7:
        parts = animal(rng, height, width)
    else:
        centre = (width * rng.uniform(0.4, 0.6), height * rng.uniform(0.4, 0.7))
        parts = [blob(rng, *centre, side * rng.uniform(0.25, 0.4))]
    length = side * np.exp(rng.uniform(np.log(0.012), np.log(0.09)))
    # Below the long hairs lies a soft undercoat.
    skin = melt(height, width, parts, 0.012 * side, softness=length * rng.uniform(0.05, 0.5))
    coat = _coat(rng, height, width)

    density = side / 512
    rim, inner = _roots(rng, skin, round(2200 * density), round(1000 * density))
    outer = _hairs(rng, skin, coat, rim, length, rng.uniform(0.3, 0.9))
    upper = _hairs(rng, skin, coat, inner, length, rng.uniform(0.4, 1.0))
    pelt = draw_strands(height, width, outer, upper)
    shade = shading(rng, skin, depth=0.12 * side)
    layers = [light(pelt, shade), tint(coat, skin, shade * _fuzz(rng, height, width))]
    if rng.random() < 0.6:
        layers.insert(0, _buttons(rng, height, width, skin))
    return over(*layers)


def _coat(rng: Generator, height: int, width: int) -> Array:
    """Return the colours of the fur, `(H, W, 3)`: plain, mottled, spotted or striped."""
    kind = rng.random()
    if kind < 0.15:
        return spotted(rng, height, width)
    if kind < 0.25:
        return striped(rng, height, width)
    tone = pick(rng, HAIR) if rng.random() < 0.75 else any_colour(rng)
    other = pick(rng, HAIR) if rng.random() < 0.3 else tone * rng.uniform(0.6, 1.3)
    field = fractal_noise(rng, height, width, 0.3 * max(height, width), finest=3, gain=0.8)
    share = np.clip(0.5 + 0.4 * field, 0, 1)
    return cv2.merge(
        [share * np.float32(a) + (1 - share) * np.float32(b) for a, b in zip(tone, other.clip(max=1), strict=True)]
    )


def _fuzz(rng: Generator, height: int, width: int) -> Array:
    """Return the brightness of a dense pelt: short streaks that follow a smooth flow."""
    streaks = smooth_noise(rng, height, width, (rng.uniform(6, 14), 1.6))
    reach = 0.1 * min(height, width)
    down, right = (smooth_noise(rng, height, width, reach) * (0.4 * reach) for _ in range(2))
    return 0.85 + rng.uniform(0.08, 0.2) * displace(streaks, down, right)


def _roots(rng: Generator, skin: Array, around: int, within: int) -> list[Array]:
    """Return random points along the outline, from a little inside, and in the whole body; the outermost first."""
    height, width = skin.shape
    inside = skin > 0.5
    distance = cv2.distanceTransform(inside.astype(np.uint8), cv2.DIST_L2, 3)
    edge = np.flatnonzero(inside & (distance < 0.012 * min(height, width) + 2))
    everywhere = np.flatnonzero(inside)
    chosen = []
    for pixels, count in ((edge, around), (everywhere, within)):
        index = rng.choice(pixels, count) if len(pixels) else pixels
        index = index[np.argsort(distance.ravel()[index], kind="stable")]
        y, x = np.divmod(index, width)
        chosen.append(np.stack([x, y], axis=1) + rng.uniform(-0.5, 0.5, (len(index), 2)))
    return chosen


def _hairs(rng: Generator, skin: Array, coat: Array, roots: Array, length: float, thickness: float) -> Polygons:
    """Grow hairs outwards, combed by a smooth field and by gravity, in the colours of their roots."""
    height, width = skin.shape
    side = min(height, width)
    x, y = roots.astype(int).clip(0, (width - 1, height - 1)).T
    small = cv2.GaussianBlur(quarter(skin), (0, 0), 0.005 * side)
    slopes = cv2.Sobel(small, cv2.CV_32F, 1, 0), cv2.Sobel(small, cv2.CV_32F, 0, 1)
    outward = -np.stack([slope[y // 4, x // 4] for slope in slopes], axis=1)
    outward /= np.maximum(np.linalg.norm(outward, axis=1, keepdims=True), 0.04)
    comb, tuft = (
        np.stack([sample_field(rng, height, width, cell, roots) for _ in range(2)], axis=1) for cell in (0.15 * side, 6)
    )
    strayed = 0.2 * rng.standard_normal(roots.shape)
    directions = (
        outward + rng.uniform(0.2, 0.7) * comb + rng.uniform(0.1, 0.5) * tuft + strayed + (0, rng.uniform(0, 0.4))
    )
    longer = np.exp(0.35 * sample_field(rng, height, width, 0.2 * side, roots) + 0.25 * rng.standard_normal(len(roots)))
    curves = grow(roots, directions, length * longer, 7, (0, rng.uniform(0, 1)), 0.5 * rng.standard_normal(len(roots)))
    widths = np.maximum(thickness * rng.uniform(0.6, 1.6, len(roots)), 0.25)
    tones = coat[y, x] * np.exp(0.2 * rng.standard_normal((len(roots), 1)))
    return ribbons(curves, widths, tones.clip(0, 1), taper=2)


def _buttons(rng: Generator, height: int, width: int, skin: Array) -> Array:
    """Draw two eyes and a nose, or whatever shiny buttons they are, somewhere in the upper part of the body."""
    y, x = np.nonzero(cv2.erode(skin, np.ones((15, 15), np.uint8)) > 0.99)
    if not len(x):
        return np.zeros((height, width, 4), np.float32)
    at = int(rng.integers(max(1, len(x) // 4)))
    size = min(height, width) * rng.uniform(0.008, 0.02)
    gap = size * rng.uniform(1.8, 3)
    dots = []
    for u, v in ((x[at] - gap, y[at]), (x[at] + gap, y[at]), (x[at], y[at] + 1.3 * gap)):
        dots += [ellipse(u, v, size, size), ellipse(u + 0.3 * size, v - 0.4 * size, 0.25 * size, 0.25 * size)]
    return weigh(draw_polygons(height, width, dots, [(0.05, 0.04, 0.04), (0.95, 0.95, 0.95)] * 3), skin)
