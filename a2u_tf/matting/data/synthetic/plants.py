"""Plants: twigs with leaves, needles, grasses and flowers."""

import numpy as np

from a2u_tf.matting.data.synthetic.bodies import ellipse
from a2u_tf.matting.data.synthetic.colours import LEAF, any_colour, pick, vary
from a2u_tf.matting.data.synthetic.layers import light
from a2u_tf.matting.data.synthetic.noise import fractal_noise
from a2u_tf.matting.data.synthetic.strands import draw_strands, grow, ribbons, wave

BARK = np.array([(0.30, 0.22, 0.15), (0.20, 0.15, 0.12), (0.35, 0.38, 0.18)])


def plant(rng, height, width):
    """Draw a plant.

    Args:
        rng: `numpy.random.Generator`.
        height: Rows.
        width: Columns.

    Returns:
        The layer.
    """
    kinds = (_twigs, _twigs, _needles, _grass, _flowers)
    groups = kinds[rng.integers(len(kinds))](rng, height, width)
    sun = 1 + np.float32(0.18) * fractal_noise(rng, height, width, 0.25 * max(height, width), gain=0.9)
    return light(draw_strands(height, width, *groups), sun)


def _stems(rng, height, width, count, spread):
    """Return curves that rise from near the lower border: `(count, 24, 2)`."""
    side = min(height, width)
    roots = np.stack(
        [width * 0.5 + rng.normal(0, spread * side, count), np.full(count, height * rng.uniform(0.9, 1.1))], 1
    )
    lean = rng.normal(0, 0.35, count)
    directions = np.stack([lean, -np.ones(count)], axis=1)
    lengths = height * rng.uniform(0.6, 0.95, count)
    return grow(roots, directions, lengths, 24, (0, rng.uniform(0, 0.5)), rng.normal(0, 0.5, count))


def _branches(rng, stems, each, length):
    """Return curves that leave the stems on both sides: `(N, 16, 2)`."""
    count = len(stems) * each
    parents = np.repeat(stems, each, axis=0)
    at = rng.integers(stems.shape[1] // 4, stems.shape[1] - 1, count)
    rows = np.arange(count)
    roots = parents[rows, at]
    along = parents[rows, at] - parents[rows, at - 1]
    directions = _turned(along, rng.choice([-1, 1], count) * rng.uniform(0.4, 1.1, count))
    shrink = 1.1 - at / stems.shape[1]
    return grow(
        roots, directions, length * shrink * rng.uniform(0.6, 1.3, count), 16, (0, -0.4), rng.normal(0, 0.5, count)
    )


def _twigs(rng, height, width):
    """Stems, branches, and leaves in pairs or alternating along them."""
    side = min(height, width)
    stems = _stems(rng, height, width, int(rng.integers(1, 5)), 0.1)
    branches = _branches(rng, stems, int(rng.integers(5, 12)), side * rng.uniform(0.25, 0.55))
    bark = pick(rng, BARK)
    wood = [
        ribbons(stems, np.full(len(stems), side * rng.uniform(0.008, 0.02)), vary(rng, bark, len(stems), 0.1), 4),
        ribbons(branches, np.full(len(branches), side * 0.006), vary(rng, bark, len(branches), 0.1), 4),
    ]
    length = side * np.exp(rng.uniform(np.log(0.035), np.log(0.16)))
    each = int(np.clip(0.45 * side / length, 4, 11))
    rows = np.repeat(np.arange(len(branches)), each)
    at = rng.integers(3, 16, len(rows))
    tips = branches[rows, at]
    along = tips - branches[rows, at - 1]
    directions = _turned(along, rng.choice([-1, 1], len(rows)) * rng.uniform(0.2, 1.2, len(rows)))
    tone = pick(rng, LEAF) if rng.random() < 0.85 else any_colour(rng)
    return [*wood, *_leaves(rng, tips, directions, length, rng.uniform(0.15, 0.55), tone)]


def _leaves(rng, roots, directions, length, slenderness, tone):
    """Return leaves: two halves that catch the light differently, and a rib between them."""
    count = len(roots)
    lengths = length * rng.uniform(0.5, 1.3, count)
    ribs = grow(roots, directions, lengths, 12, (0, rng.uniform(0, 0.8)), rng.normal(0, 0.6, count))
    along = np.gradient(ribs, axis=1)
    along /= np.maximum(np.linalg.norm(along, axis=2, keepdims=True), 1e-9)
    across = np.stack([-along[..., 1], along[..., 0]], axis=2)
    t = np.linspace(0, 1, 12)
    half = 0.5 * slenderness * np.sin(np.pi * t ** rng.uniform(0.7, 1.2)) ** rng.uniform(0.7, 1.2)
    foreshortened = rng.uniform(0.3, 1, (count, 1, 1))
    sides = across * (half * lengths[:, None])[..., None] * foreshortened
    tones = vary(rng, tone, count, 0.22)
    outlines, colours = [], []
    for sign, brightness in ((1, rng.uniform(0.75, 0.95)), (-1, 1.1)):
        outlines.append(np.concatenate([ribs, (ribs + sign * sides)[:, ::-1]], axis=1))
        colours.append(np.column_stack([np.clip(tones * brightness, 0, 1), np.ones(count)]))
    veins, shades = ribbons(ribs, np.maximum(0.03 * lengths, 0.4), np.clip(tones * 1.25, 0, 1), 2)
    # Leaf by leaf, so that one covers the rib of another.
    together = np.stack([*outlines, veins], axis=1).reshape(3 * count, 24, 2)
    return [(together, np.stack([*colours, shades], axis=1).reshape(3 * count, 4))]


def _needles(rng, height, width):
    """Pine twigs: hundreds of thin straight needles along branches."""
    side = min(height, width)
    stems = _stems(rng, height, width, int(rng.integers(1, 3)), 0.1)
    branches = _branches(rng, stems, int(rng.integers(6, 12)), side * rng.uniform(0.25, 0.45))
    each = round(1400 * side / 512 / len(branches))
    rows = np.repeat(np.arange(len(branches)), each)
    at = rng.integers(3, 16, len(rows))
    roots = branches[rows, at] + rng.normal(0, 0.8, (len(rows), 2))
    directions = _turned(roots - branches[rows, at - 1], rng.normal(0, 0.7, len(rows)))
    lengths = side * rng.uniform(0.03, 0.09) * rng.uniform(0.6, 1.2, len(rows))
    needles = grow(roots, directions, lengths, 5, (0, 0.1), rng.normal(0, 0.3, len(rows)))
    bark = pick(rng, BARK)
    return [
        ribbons(stems, np.full(len(stems), 0.015 * side), vary(rng, bark, len(stems), 0.1), 4),
        ribbons(branches, np.full(len(branches), 0.008 * side), vary(rng, bark, len(branches), 0.1), 4),
        ribbons(needles, rng.uniform(0.6, 1.6, len(rows)), vary(rng, pick(rng, LEAF), len(rows), 0.3), 3),
    ]


def _grass(rng, height, width):
    """A tuft of blades, some with ears."""
    side = min(height, width)
    count = round(rng.uniform(80, 500) * side / 512)
    roots = np.stack(
        [width * 0.5 + rng.normal(0, rng.uniform(0.05, 0.25), count) * width, np.full(count, height + 2.0)], 1
    )
    directions = np.stack([rng.normal(0, 0.3, count), -np.ones(count)], axis=1)
    lengths = height * rng.uniform(0.25, 0.95) * rng.uniform(0.4, 1.1, count)
    blades = grow(roots, directions, lengths, 20, (rng.normal(0, 0.5), rng.uniform(0, 1.5)), rng.normal(0, 0.5, count))
    widths = np.exp(rng.uniform(np.log(0.8), np.log(6))) * rng.uniform(0.5, 1.5, count)
    groups = [ribbons(blades, widths, vary(rng, pick(rng, LEAF), count, 0.25), 2)]
    if rng.random() < 0.5:
        stalks = blades[:: max(1, count // 25)]
        rows = np.repeat(np.arange(len(stalks)), 24)
        at = rng.integers(13, 20, len(rows))
        roots = stalks[rows, at]
        awns = _turned(roots - stalks[rows, at - 1], rng.normal(0, 0.5, len(rows)))
        hairs = grow(roots, awns, side * rng.uniform(0.03, 0.08) * rng.uniform(0.5, 1.2, len(rows)), 6)
        tone = pick(rng, np.array([(0.75, 0.65, 0.40), (0.60, 0.50, 0.40), (0.85, 0.80, 0.70)]))
        groups.append(ribbons(hairs, rng.uniform(0.3, 1.0, len(rows)), vary(rng, tone, len(rows), 0.2)))
    return groups


def _flowers(rng, height, width):
    """Daisies and their kin: rings of petals round a centre of many dots, on stalks."""
    side = min(height, width)
    stems = _stems(rng, height, width, int(rng.integers(1, 5)), 0.2)
    stems = wave(rng, stems, 0.01 * side, 1)
    groups = [ribbons(stems, np.full(len(stems), 0.014 * side), vary(rng, pick(rng, LEAF), len(stems), 0.1), 0)]
    tone = any_colour(rng)
    for stem in stems:
        centre, size = stem[-1], side * rng.uniform(0.1, 0.24)
        for ring in (1.0, 0.75):
            count = int(rng.integers(9, 26))
            angles = 2 * np.pi * (np.arange(count) + rng.uniform(-0.25, 0.25, count)) / count
            directions = np.stack([np.cos(angles), np.sin(angles)], axis=1)
            groups += _leaves(
                rng, centre + 0.2 * size * directions, directions, size * ring, rng.uniform(0.2, 0.5), tone
            )
        dots = centre + 0.11 * size * rng.standard_normal((150, 2))
        heart = pick(rng, np.array([(0.85, 0.65, 0.15), (0.30, 0.18, 0.08), (0.5, 0.5, 0.1)]))
        circles = np.stack([ellipse(x, y, 0.03 * size, 0.03 * size, points=8) for x, y in dots])
        groups.append((circles, np.column_stack([vary(rng, heart, 150, 0.25), np.ones(150)])))
    return groups


def _turned(vectors, angles):
    """Turn vectors `(N, 2)` by angles `(N,)`."""
    x, y = vectors.T
    return np.stack([x * np.cos(angles) - y * np.sin(angles), x * np.sin(angles) + y * np.cos(angles)], axis=1)
