"""Plants: twigs with leaves, needles, grasses and flowers."""

import numpy as np
from numpy.random import Generator

from a2u_tf.matting.data.synthetic import strands
from a2u_tf.matting.data.synthetic.bodies import ellipse
from a2u_tf.matting.data.synthetic.layers import light
from a2u_tf.matting.data.synthetic.strands import Polygons, draw_strands, grow, ribbons, turned
from a2u_tf.matting.data.synthetic.textures import LEAF, any_colour, fractal_noise, pick, vary
from a2u_tf.types import Array

BARK = np.array([(0.30, 0.22, 0.15), (0.20, 0.15, 0.12), (0.35, 0.38, 0.18)])


def plant(rng: Generator, height: int, width: int) -> Array:
    kinds = (_twigs, _twigs, _needles, _grass, _flowers)
    groups = kinds[rng.integers(len(kinds))](rng, height, width)
    sun = 1 + 0.18 * fractal_noise(rng, height, width, 0.25 * max(height, width), gain=0.9)
    return light(draw_strands(height, width, *groups), sun)


def _stems(rng: Generator, height: int, width: int, count: int, spread: float) -> Array:
    """Return curves that rise from near the lower border: `(count, 24, 2)`."""
    places = width * 0.5 + rng.normal(0, spread * min(height, width), count)
    roots = np.stack([places, np.full(count, height * rng.uniform(0.9, 1.1))], axis=1)
    directions = np.stack([rng.normal(0, 0.35, count), -np.ones(count)], axis=1)
    lengths = height * rng.uniform(0.6, 0.95, count)
    return grow(roots, directions, lengths, 24, (0, rng.uniform(0, 0.5)), rng.normal(0, 0.5, count))


def _branches(rng: Generator, stems: Array, each: int, length: float) -> Array:
    """Return curves that leave the stems on both sides: `(N, 16, 2)`."""
    count = len(stems) * each
    at, roots, before = _points(rng, stems, each, stems.shape[1] // 4, stems.shape[1] - 1)
    directions = turned(roots - before, rng.choice([-1, 1], count) * rng.uniform(0.4, 1.1, count))
    lengths = length * (1.1 - at / stems.shape[1]) * rng.uniform(0.6, 1.3, count)
    return grow(roots, directions, lengths, 16, (0, -0.4), rng.normal(0, 0.5, count))


def _points(rng: Generator, curves: Array, each: int, low: int, high: int) -> tuple[Array, Array, Array]:
    """Draw `each` points of every curve from number `low` to `high - 1`: their numbers, them, and those before."""
    rows = np.repeat(np.arange(len(curves)), each)
    at = rng.integers(low, high, len(rows))
    return at, curves[rows, at], curves[rows, at - 1]


def _wood(rng: Generator, curves: Array, width: float, tone: Array, taper: float = 4) -> Polygons:
    return ribbons(curves, np.full(len(curves), width), vary(rng, tone, len(curves), 0.1), taper)


def _twigs(rng: Generator, height: int, width: int) -> list[Polygons]:
    """Stems, branches, and leaves in pairs or alternating along them."""
    side = min(height, width)
    stems = _stems(rng, height, width, int(rng.integers(1, 5)), 0.1)
    branches = _branches(rng, stems, int(rng.integers(5, 12)), side * rng.uniform(0.25, 0.55))
    bark = pick(rng, BARK)
    wood = [_wood(rng, stems, side * rng.uniform(0.008, 0.02), bark), _wood(rng, branches, 0.006 * side, bark)]
    length = side * np.exp(rng.uniform(np.log(0.035), np.log(0.16)))
    _, tips, before = _points(rng, branches, int(np.clip(0.45 * side / length, 4, 11)), 3, 16)
    directions = turned(tips - before, rng.choice([-1, 1], len(tips)) * rng.uniform(0.2, 1.2, len(tips)))
    tone = pick(rng, LEAF) if rng.random() < 0.85 else any_colour(rng)
    return [*wood, _leaves(rng, tips, directions, length, rng.uniform(0.15, 0.55), tone)]


def _leaves(rng: Generator, roots: Array, directions: Array, length: float, slender: float, tone: Array) -> Polygons:
    """Return leaves: two halves that catch the light differently, and a rib between them."""
    count = len(roots)
    lengths = length * rng.uniform(0.5, 1.3, count)
    ribs = grow(roots, directions, lengths, 12, (0, rng.uniform(0, 0.8)), rng.normal(0, 0.6, count))
    t = np.linspace(0, 1, 12)
    half = 0.5 * slender * np.sin(np.pi * t ** rng.uniform(0.7, 1.2)) ** rng.uniform(0.7, 1.2)
    sides = strands.across(ribs) * (half * lengths[:, None])[..., None] * rng.uniform(0.3, 1, (count, 1, 1))
    tones = vary(rng, tone, count, 0.22)
    halves = []
    for sign, brightness in ((1, rng.uniform(0.75, 0.95)), (-1, 1.1)):
        outlines = np.concatenate([ribs, (ribs + sign * sides)[:, ::-1]], axis=1)
        halves.append((outlines, np.column_stack([np.clip(tones * brightness, 0, 1), np.ones(count)])))
    veins = ribbons(ribs, np.maximum(0.03 * lengths, 0.4), np.clip(tones * 1.25, 0, 1), 2)
    return strands.interleaved(*halves, veins)  # leaf by leaf, so that one covers the rib of another


def _needles(rng: Generator, height: int, width: int) -> list[Polygons]:
    """Pine twigs: hundreds of thin straight needles along branches."""
    side = min(height, width)
    stems = _stems(rng, height, width, int(rng.integers(1, 3)), 0.1)
    branches = _branches(rng, stems, int(rng.integers(6, 12)), side * rng.uniform(0.25, 0.45))
    _, roots, before = _points(rng, branches, round(1400 * side / 512 / len(branches)), 3, 16)
    count = len(roots)
    roots = roots + rng.normal(0, 0.8, (count, 2))
    directions = turned(roots - before, rng.normal(0, 0.7, count))
    lengths = side * rng.uniform(0.03, 0.09) * rng.uniform(0.6, 1.2, count)
    needles = grow(roots, directions, lengths, 5, (0, 0.1), rng.normal(0, 0.3, count))
    bark = pick(rng, BARK)
    wood = [_wood(rng, stems, 0.015 * side, bark), _wood(rng, branches, 0.008 * side, bark)]
    return [*wood, ribbons(needles, rng.uniform(0.6, 1.6, count), vary(rng, pick(rng, LEAF), count, 0.3), 3)]


def _grass(rng: Generator, height: int, width: int) -> list[Polygons]:
    """A tuft of blades, some with ears."""
    side = min(height, width)
    count = round(rng.uniform(80, 500) * side / 512)
    places = width * 0.5 + rng.normal(0, rng.uniform(0.05, 0.25), count) * width
    roots = np.stack([places, np.full(count, height + 2.0)], axis=1)
    directions = np.stack([rng.normal(0, 0.3, count), -np.ones(count)], axis=1)
    lengths = height * rng.uniform(0.25, 0.95) * rng.uniform(0.4, 1.1, count)
    blades = grow(roots, directions, lengths, 20, (rng.normal(0, 0.5), rng.uniform(0, 1.5)), rng.normal(0, 0.5, count))
    widths = np.exp(rng.uniform(np.log(0.8), np.log(6))) * rng.uniform(0.5, 1.5, count)
    groups = [ribbons(blades, widths, vary(rng, pick(rng, LEAF), count, 0.25), 2)]
    if rng.random() < 0.5:
        _, roots, before = _points(rng, blades[:: max(1, count // 25)], 24, 13, 20)
        awns = turned(roots - before, rng.normal(0, 0.5, len(roots)))
        hairs = grow(roots, awns, side * rng.uniform(0.03, 0.08) * rng.uniform(0.5, 1.2, len(roots)), 6)
        tone = pick(rng, np.array([(0.75, 0.65, 0.40), (0.60, 0.50, 0.40), (0.85, 0.80, 0.70)]))
        groups.append(ribbons(hairs, rng.uniform(0.3, 1.0, len(roots)), vary(rng, tone, len(roots), 0.2)))
    return groups


def _flowers(rng: Generator, height: int, width: int) -> list[Polygons]:
    """Daisies and their kin: rings of petals round a centre of many dots, on stalks."""
    side = min(height, width)
    stems = strands.wave(rng, _stems(rng, height, width, int(rng.integers(1, 5)), 0.2), 0.01 * side, 1)
    groups = [_wood(rng, stems, 0.014 * side, pick(rng, LEAF), taper=0)]
    tone = any_colour(rng)
    for stem in stems:
        centre, size = stem[-1], side * rng.uniform(0.1, 0.24)
        for ring in (1.0, 0.75):
            count = int(rng.integers(9, 26))
            away = strands.circle(2 * np.pi * (np.arange(count) + rng.uniform(-0.25, 0.25, count)) / count)
            slender = rng.uniform(0.2, 0.5)
            groups.append(_leaves(rng, centre + 0.2 * size * away, away, size * ring, slender, tone))
        dots = centre + 0.11 * size * rng.standard_normal((150, 2))
        heart = pick(rng, np.array([(0.85, 0.65, 0.15), (0.30, 0.18, 0.08), (0.5, 0.5, 0.1)]))
        circles = np.stack([ellipse(x, y, 0.03 * size, 0.03 * size, points=8) for x, y in dots])
        groups.append((circles, np.column_stack([vary(rng, heart, 150, 0.25), np.ones(150)])))
    return groups
