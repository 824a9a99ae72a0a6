"""Hair: heads and shoulders with long, curly, short, standing or tied hair, and the single hairs that fly off it."""

from typing import TypeAlias

import numpy as np
from numpy.random import Generator

from a2u_tf.matting.data.synthetic.bodies import ellipse, limb, melt, solid
from a2u_tf.matting.data.synthetic.colours import HAIR, SKIN, any_colour, pick, vary
from a2u_tf.matting.data.synthetic.layers import draw_polygons, light, over
from a2u_tf.matting.data.synthetic.noise import fractal_noise
from a2u_tf.matting.data.synthetic.strands import (
    Polygons,
    circle,
    draw_strands,
    grow,
    lock,
    ribbons,
    sample_field,
    wave,
)
from a2u_tf.matting.data.synthetic.textures import texture
from a2u_tf.types import Array

Head: TypeAlias = tuple[float, float, float, float]  # its centre, x and y, and its half axes
STYLES = ("long", "long", "wavy", "curly", "short", "standing", "windy")


def hair(rng: Generator, height: int, width: int) -> Array:
    """Draw a head with hair."""
    side = min(height, width)
    size = side * rng.uniform(0.14, 0.23)
    head = (width * rng.uniform(0.38, 0.62), height * rng.uniform(0.32, 0.45), size * rng.uniform(0.75, 0.9), size)
    tone = pick(rng, HAIR) if rng.random() < 0.8 else any_colour(rng)
    style = STYLES[rng.integers(len(STYLES))]

    density = side / 512
    guides = _guides(rng, height, width, head, style, round(110 * density**0.5))
    back, front = _locks(rng, guides, head, style, round(11 * density**0.5))
    shine = 1 + rng.uniform(0.15, 0.4) * fractal_noise(rng, height, width, 0.35 * size, gain=0.6)
    flying = _flyaways(rng, guides, head, tone)
    # What lies deep is in shadow.
    mass = _mass(rng, guides, tone * 0.45, style, size)
    behind = draw_strands(height, width, flying, *mass, _dress(rng, back, tone * 0.75))
    before = draw_strands(height, width, _dress(rng, front, tone))
    return over(light(before, shine), _person(rng, height, width, head, tone * 0.5), light(behind, shine))


def _guides(rng: Generator, height: int, width: int, head: Head, style: str, count: int) -> Array:
    """Return one curve for each lock: `(count, K, 2)`."""
    x, y, across, down = head
    angles = np.sort(rng.uniform(-np.pi * 1.08, np.pi * 0.08, count))
    normals = circle(angles)
    depth = np.sqrt(rng.uniform(0.35, 1.0, count))[:, None]
    roots = (x, y) + normals * (across, down) * depth
    ragged = np.exp(0.22 * rng.standard_normal(count))
    swirl = sample_field(rng, height, width, 0.5 * down, roots)
    if style == "standing":
        directions = normals * (1, 0.6) + (rng.normal(0, 0.3), -rng.uniform(0.5, 1.2))
        return grow(roots, directions, down * rng.uniform(0.8, 1.7) * ragged, 12, (0, rng.uniform(0, 0.7)), 0.5 * swirl)
    if style == "short":
        directions = normals + np.array([rng.normal(0, 0.5), 0.2])
        return grow(roots, directions, down * rng.uniform(0.3, 0.7) * ragged, 12, (0, 1.2), 0.7 * swirl)
    if style == "curly":
        length = down * rng.uniform(0.7, 1.6) * ragged
        curves = grow(roots, normals + rng.normal(0, 0.25, (count, 2)), length, 24, (0, rng.uniform(0, 1.5)))
        return wave(rng, curves, down * rng.uniform(0.04, 0.09), length / down * rng.uniform(2, 3.5), 0.3)
    wind = (rng.choice([-1, 1]) * rng.uniform(2, 5), rng.uniform(-0.5, 1.5)) if style == "windy" else (0, 3.5)
    length = down * rng.uniform(1.6, 3.2) * ragged
    lift = rng.uniform(0.2, 0.9)
    curves = grow(roots, normals * lift + (0, 0.3 - 0.5 * lift), length, 12, wind, 0.5 * swirl)
    # Hair that hangs lies on the head instead of crossing it.
    outward = np.sign(curves[:, :1, 0] - x)
    gap = (1.02 + 0.25 * rng.random((count, 1))) * across
    inside = (np.abs(curves[..., 1] - y) < down * 1.1) & (np.abs(curves[..., 0] - x) < gap)
    hanging = np.where(inside, x + outward * gap, curves[..., 0])
    share = np.clip((curves[..., 1] - (y - 0.6 * down)) / (0.8 * down), 0, 1)
    if style != "windy":
        curves[..., 0] += share * (hanging - curves[..., 0])
    if style == "wavy":
        curves = wave(rng, curves, down * rng.uniform(0.03, 0.08), length / down * rng.uniform(0.8, 1.5), 0.7)
    return curves


def _locks(rng: Generator, guides: Array, head: Head, style: str, count: int) -> tuple[Array, Array]:
    """Return the strands behind the person and those before."""
    _, _, _, down = head
    loose = {"curly": 0.5, "short": 0.5, "standing": 0.4}.get(style, 0.25) * rng.uniform(0.6, 1.6)
    strands = lock(rng, guides, count, down * rng.uniform(0.05, 0.1), rng.uniform(0.2, 0.8), loose)
    strands = wave(rng, strands, down * rng.uniform(0.003, 0.012), rng.uniform(1, 4, len(strands)))
    # Upper roots fall over the head, lower ones hang behind it.
    upper = rng.random(len(strands)) < np.repeat(np.where(guides[:, 0, 1] < head[1] - 0.25 * down, 0.7, 0.15), count)
    return strands[~upper], strands[upper]


def _dress(rng: Generator, strands: Array, tone: Array) -> Polygons:
    """Give strands widths and colours."""
    widths = rng.uniform(0.3, 1.3, len(strands)) * rng.uniform(0.7, 1.3)
    return ribbons(strands, widths, vary(rng, tone, len(strands), rng.uniform(0.12, 0.3)))


def _mass(rng: Generator, guides: Array, tone: Array, style: str, size: float) -> list[Polygons]:
    """Return the locks' thick beginnings, which cannot be seen through, coarse ones under finer ones."""
    share = 0.35 if style in ("curly", "short", "standing") else 0.6
    groups = []
    for thickness, part in ((0.2, 0.6 * share), (0.08, share)):
        cores = guides[:, : max(2, int(part * guides.shape[1]))]
        widths = size * thickness * rng.uniform(0.5, 1, len(cores))
        groups.append(ribbons(cores, widths, vary(rng, tone, len(cores), 0.15), taper=3))
    return groups


def _flyaways(rng: Generator, guides: Array, head: Head, tone: Array) -> Polygons:
    """Return thin single hairs that leave the locks."""
    count = int(rng.integers(15, 110))
    chosen = guides[rng.integers(len(guides), size=count)]
    starts = rng.integers(0, guides.shape[1] // 2, count)
    rows = np.arange(count)
    roots = chosen[rows, starts]
    directions = chosen[rows, starts + 1] - roots
    away = roots - head[:2]
    directions = directions / np.linalg.norm(directions, axis=1, keepdims=True) + 0.8 * away / (
        np.linalg.norm(away, axis=1, keepdims=True) + 1e-6
    )
    length = head[3] * rng.uniform(0.3, 1.6, count)
    curves = grow(roots, directions, length, 12, (0, rng.uniform(-0.3, 1.2)), rng.normal(0, 1.2, count))
    curves = wave(rng, curves, rng.uniform(0, 0.04, count) * head[3], rng.uniform(0.5, 3, count))
    return ribbons(curves, rng.uniform(0.12, 0.7, count), vary(rng, tone, count, 0.3))


def _person(rng: Generator, height: int, width: int, head: Head, tone: Array) -> Array:
    """Draw a face, a neck and shoulders that the lower border cuts off."""
    x, y, across, down = head
    skin = pick(rng, SKIN)
    chin = y + 0.6 * down
    face = [ellipse(x, y, across, down), ellipse(x, y + 0.35 * down, 0.75 * across, 0.75 * down)]
    neck = limb((x, chin), (x, y + 1.6 * down), 0.9 * across, across)
    layers = [solid(rng, melt(height, width, [*face, neck], 2.5), skin, depth=0.7 * across)]
    eyes = y + rng.uniform(0.05, 0.2) * down
    scalp = np.minimum(ellipse(x, y, 1.02 * across, 1.02 * down), (np.inf, y - rng.uniform(0.3, 0.6) * down))
    marks = [scalp] + [ellipse(x + s * 0.4 * across, eyes, 0.16 * across, 0.07 * down) for s in (-1, 1)]
    marks += [ellipse(x + s * 0.4 * across, eyes, 0.07 * across, 0.07 * down) for s in (-1, 1)]
    marks += [ellipse(x, y + 0.62 * down, 0.3 * across, 0.07 * down)]
    colours = [tuple(tone)] + [(0.9, 0.88, 0.86)] * 2 + [(0.1, 0.08, 0.07)] * 2 + [tuple(skin * (0.9, 0.55, 0.55))]
    layers.insert(0, draw_polygons(height, width, marks, colours, blur=0.7))
    shoulder, top = across * rng.uniform(1.7, 2.4), y + rng.uniform(1.45, 1.65) * down
    half = np.array([0.5 * across, shoulder, 1.2 * shoulder, 1.2 * shoulder])
    levels = np.array([top - 0.3 * down, top, top + down, 2 * height])
    torso = np.concatenate([np.stack([x + half, levels], 1), np.stack([x - half, levels], 1)[::-1]])
    dress = texture(rng, height, width) if rng.random() < 0.6 else any_colour(rng)
    layers.insert(1, solid(rng, melt(height, width, [torso], 0.12 * down), dress))
    return over(*layers)
