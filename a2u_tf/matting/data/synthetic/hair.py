"""Hair and fur: heads with hair of many styles, and the single hairs that fly off it; bodies outlined by short hair."""

from typing import TypeAlias

import cv2
import numpy as np
from numpy.random import Generator

from a2u_tf.matting.data.synthetic import strands, textures
from a2u_tf.matting.data.synthetic.bodies import animal, blob, ellipse, limb, melt, shading, solid
from a2u_tf.matting.data.synthetic.layers import draw_polygons, light, over, tint, weigh
from a2u_tf.matting.data.synthetic.strands import Polygons, draw_strands, grow, ribbons, sample_field, wave
from a2u_tf.matting.data.synthetic.textures import HAIR, SKIN, any_colour, fractal_noise, pick, vary
from a2u_tf.types import Array

Head: TypeAlias = tuple[float, float, float, float]  # its centre, x and y, and its half axes
STYLES = ("long", "long", "wavy", "curly", "short", "standing", "windy")


def hair(rng: Generator, height: int, width: int) -> Array:
    density = min(height, width) / 512
    size = 512 * density * rng.uniform(0.14, 0.23)
    head = (width * rng.uniform(0.38, 0.62), height * rng.uniform(0.32, 0.45), size * rng.uniform(0.75, 0.9), size)
    tone = pick(rng, HAIR) if rng.random() < 0.8 else any_colour(rng)
    style = STYLES[rng.integers(len(STYLES))]
    guides = _guides(rng, height, width, head, style, round(110 * density**0.5))
    back, front = _locks(rng, guides, head, style, round(11 * density**0.5))
    shine = 1 + rng.uniform(0.15, 0.4) * fractal_noise(rng, height, width, 0.35 * size, gain=0.6)
    flying = _flyaways(rng, guides, head, tone)
    mass = _mass(rng, guides, tone * 0.45, style, size)  # what lies deep is in shadow
    behind = light(draw_strands(height, width, flying, *mass, _dress(rng, back, tone * 0.75)), shine)
    before = light(draw_strands(height, width, _dress(rng, front, tone)), shine)
    return over(before, _person(rng, height, width, head, tone * 0.5), behind)


def _guides(rng: Generator, height: int, width: int, head: Head, style: str, count: int) -> Array:
    """Return one curve for each lock: `(count, K, 2)`."""
    x, y, across, down = head
    normals = strands.circle(np.sort(rng.uniform(-np.pi * 1.08, np.pi * 0.08, count)))
    roots = (x, y) + normals * (across, down) * np.sqrt(rng.uniform(0.35, 1.0, count))[:, None]
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
    gap = (1.02 + 0.25 * rng.random((count, 1))) * across
    inside = (np.abs(curves[..., 1] - y) < down * 1.1) & (np.abs(curves[..., 0] - x) < gap)
    hanging = np.where(inside, x + np.sign(curves[:, :1, 0] - x) * gap, curves[..., 0])
    share = np.clip((curves[..., 1] - (y - 0.6 * down)) / (0.8 * down), 0, 1)
    if style != "windy":
        curves[..., 0] += share * (hanging - curves[..., 0])
    if style == "wavy":
        curves = wave(rng, curves, down * rng.uniform(0.03, 0.08), length / down * rng.uniform(0.8, 1.5), 0.7)
    return curves


def _locks(rng: Generator, guides: Array, head: Head, style: str, count: int) -> tuple[Array, Array]:
    """Return the strands behind the person and those before."""
    _, y, _, down = head
    loose = {"curly": 0.5, "short": 0.5, "standing": 0.4}.get(style, 0.25) * rng.uniform(0.6, 1.6)
    hairs = strands.lock(rng, guides, count, down * rng.uniform(0.05, 0.1), rng.uniform(0.2, 0.8), loose)
    hairs = wave(rng, hairs, down * rng.uniform(0.003, 0.012), rng.uniform(1, 4, len(hairs)))
    # Upper roots fall over the head, lower ones hang behind it.
    upper = rng.random(len(hairs)) < np.repeat(np.where(guides[:, 0, 1] < y - 0.25 * down, 0.7, 0.15), count)
    return hairs[~upper], hairs[upper]


def _dress(rng: Generator, hairs: Array, tone: Array) -> Polygons:
    widths = rng.uniform(0.3, 1.3, len(hairs)) * rng.uniform(0.7, 1.3)
    return ribbons(hairs, widths, vary(rng, tone, len(hairs), rng.uniform(0.12, 0.3)))


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
    chosen, starts = rng.integers(len(guides), size=count), rng.integers(0, guides.shape[1] // 2, count)
    roots = guides[chosen, starts]
    directions, away = guides[chosen, starts + 1] - roots, roots - head[:2]
    directions = directions / np.linalg.norm(directions, axis=1, keepdims=True)
    directions = directions + 0.8 * away / (np.linalg.norm(away, axis=1, keepdims=True) + 1e-6)
    length = head[3] * rng.uniform(0.3, 1.6, count)
    curves = grow(roots, directions, length, 12, (0, rng.uniform(-0.3, 1.2)), rng.normal(0, 1.2, count))
    curves = wave(rng, curves, rng.uniform(0, 0.04, count) * head[3], rng.uniform(0.5, 3, count))
    return ribbons(curves, rng.uniform(0.12, 0.7, count), vary(rng, tone, count, 0.3))


def _person(rng: Generator, height: int, width: int, head: Head, tone: Array) -> Array:
    """Draw a face, a neck and shoulders that the lower border cuts off."""
    x, y, across, down = head
    skin = pick(rng, SKIN)
    parts = [ellipse(x, y, across, down), ellipse(x, y + 0.35 * down, 0.75 * across, 0.75 * down)]
    parts += [limb((x, y + 0.6 * down), (x, y + 1.6 * down), 0.9 * across, across)]
    face = solid(rng, melt(height, width, parts, 2.5), skin, depth=0.7 * across)
    eyes = y + rng.uniform(0.05, 0.2) * down
    scalp = np.minimum(ellipse(x, y, 1.02 * across, 1.02 * down), (np.inf, y - rng.uniform(0.3, 0.6) * down))
    lips = ellipse(x, y + 0.62 * down, 0.3 * across, 0.07 * down)
    marks, colours = [scalp, lips], [tone, skin * (0.9, 0.55, 0.55)]
    for wide, colour in ((0.16, (0.9, 0.88, 0.86)), (0.07, (0.1, 0.08, 0.07))):  # eyes
        marks += [ellipse(x + s * 0.4 * across, eyes, wide * across, 0.07 * down) for s in (-1, 1)]
        colours += [np.array(colour)] * 2
    features = draw_polygons(height, width, marks, colours, blur=0.7)
    shoulder, top = across * rng.uniform(1.7, 2.4), y + rng.uniform(1.45, 1.65) * down
    half = np.array([0.5 * across, shoulder, 1.2 * shoulder, 1.2 * shoulder])
    levels = np.array([top - 0.3 * down, top, top + down, 2 * height])
    torso = np.concatenate([np.stack([x + half, levels], 1), np.stack([x - half, levels], 1)[::-1]])
    dress = textures.texture(rng, height, width) if rng.random() < 0.6 else any_colour(rng)
    return over(features, solid(rng, melt(height, width, [torso], 0.12 * down), dress), face)


def fur(rng: Generator, height: int, width: int) -> Array:
    side = min(height, width)
    if rng.random() < 0.7:
        parts = animal(rng, height, width)
    else:
        centre = (width * rng.uniform(0.4, 0.6), height * rng.uniform(0.4, 0.7))
        parts = [blob(rng, *centre, side * rng.uniform(0.25, 0.4))]
    length = side * np.exp(rng.uniform(np.log(0.01), np.log(0.07)))
    # Below the long hairs lies a soft undercoat.
    skin = melt(height, width, parts, 0.012 * side, softness=length * rng.uniform(0.05, 0.5))
    coat = _coat(rng, height, width)
    rim, inner = _roots(rng, skin, round(2200 * side / 512), round(1000 * side / 512))
    outer = _hairs(rng, skin, coat, rim, length, rng.uniform(0.3, 0.9))
    pelt = draw_strands(height, width, outer, _hairs(rng, skin, coat, inner, length, rng.uniform(0.4, 1.0)))
    shade = shading(rng, skin, depth=0.12 * side)
    # A dense pelt below: short streaks that follow a smooth flow.
    streaks = textures.smooth_noise(rng, height, width, (rng.uniform(6, 14), 1.6))
    reach = 0.1 * side
    down, right = (textures.smooth_noise(rng, height, width, reach) * (0.4 * reach) for _ in range(2))
    fuzz = 0.85 + rng.uniform(0.08, 0.2) * textures.displace(streaks, down, right)
    layers = [light(pelt, shade), tint(coat, skin, shade * fuzz)]
    if rng.random() < 0.6:
        layers.insert(0, _buttons(rng, height, width, skin))
    return over(*layers)


def _coat(rng: Generator, height: int, width: int) -> Array:
    """Return the colours of the fur, `(H, W, 3)`: plain, mottled, spotted or striped."""
    kind = rng.random()
    if kind < 0.15:
        return textures.spotted(rng, height, width)
    if kind < 0.25:
        return textures.striped(rng, height, width)
    tone = pick(rng, HAIR) if rng.random() < 0.75 else any_colour(rng)
    other = pick(rng, HAIR) if rng.random() < 0.3 else tone * rng.uniform(0.6, 1.3)
    field = fractal_noise(rng, height, width, 0.3 * max(height, width), finest=3, gain=0.8)
    share = np.clip(0.5 + 0.4 * field, 0, 1)
    pairs = zip(tone, other.clip(max=1), strict=True)
    return cv2.merge([share * np.float32(a) + (1 - share) * np.float32(b) for a, b in pairs])


def _roots(rng: Generator, skin: Array, around: int, within: int) -> list[Array]:
    """Return random points along the outline, from a little inside, and in the whole body; the outermost first."""
    height, width = skin.shape
    inside = skin > 0.5
    distance = cv2.distanceTransform(inside.astype(np.uint8), cv2.DIST_L2, 3)
    chosen = []
    for places, count in ((inside & (distance < 0.012 * min(height, width) + 2), around), (inside, within)):
        pixels = np.flatnonzero(places)
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
    small = cv2.GaussianBlur(textures.quarter(skin), (0, 0), 0.005 * side)
    outward = -np.stack([cv2.Sobel(small, cv2.CV_32F, *axis) for axis in ((1, 0), (0, 1))], axis=2)[y // 4, x // 4]
    outward /= np.maximum(np.linalg.norm(outward, axis=1, keepdims=True), 0.04)
    fields = [sample_field(rng, height, width, cell, roots) for cell in (0.15 * side, 0.15 * side, 6, 6)]
    comb, tuft = np.stack(fields[:2], axis=1), np.stack(fields[2:], axis=1)
    strayed = 0.2 * rng.standard_normal(roots.shape)
    directions = outward + rng.uniform(0.2, 0.7) * comb + rng.uniform(0.1, 0.5) * tuft + strayed
    directions[:, 1] += rng.uniform(0, 0.4)
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
