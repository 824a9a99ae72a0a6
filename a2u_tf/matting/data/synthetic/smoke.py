"""What light passes through: smoke, steam, clouds and fire; bubbles, drops and glass, whose rims are dense."""

import math

import cv2
import numpy as np
from numpy.random import Generator

from a2u_tf.matting.data.synthetic import textures
from a2u_tf.matting.data.synthetic.layers import draw_mask, over, tint
from a2u_tf.matting.data.synthetic.textures import any_colour, dye, fractal_noise, grid, smooth_noise, smoothstep
from a2u_tf.types import Array

# The colours of fire from its cool rim to its hot core.
FIRE = np.array([(0.35, 0.04, 0.02), (0.85, 0.20, 0.03), (1.0, 0.55, 0.10), (1.0, 0.85, 0.45), (1.0, 0.97, 0.85)])


def smoke(rng: Generator, height: int, width: int) -> Array:
    """Draw smoke, steam, a cloud, wisps or fire. Nothing need be opaque; the greatest alpha is from 0.6 to 1."""
    kind = rng.choice(["plume", "cloud", "wisps", "fire"])
    density = _plume(rng, height, width) if kind in ("plume", "fire") else _cloud(rng, height, width)
    if kind == "wisps":
        # Thin folded sheets: the ridges of noise.
        field = fractal_noise(rng, height, width, rng.uniform(0.3, 0.7) * max(height, width), finest=24, gain=0.45)
        sheets = np.exp(-np.abs(field) / rng.uniform(0.05, 0.25)) + 0.25 * smoothstep(field, -0.3, 1.5)
        density = sheets * smoothstep(density, 0.0, 0.6)
    else:
        turbulence = textures.stretch(fractal_noise(rng, height, width, 0.25 * max(height, width), finest=2, gain=0.68))
        density = density * smoothstep(turbulence + 0.5 * density, 0.35, 1.1)
    density = _stir(rng, density)
    # Beer and Lambert: what passes falls exponentially with the matter on its way.
    alpha = 1 - np.exp(density * (math.log(1 - rng.uniform(0.65, 0.995)) / max(float(density.max()), 1e-6)))
    # A photograph's frame may cut smoke off, but no noise reaches all of it.
    alpha = np.maximum(alpha - 0.01, 0)
    if kind == "fire":
        return tint(textures.paint(textures.stretch(alpha) ** 0.8, FIRE), alpha)
    return tint(_scattered(rng, density), alpha)


def _plume(rng: Generator, height: int, width: int) -> Array:
    """Return the density of a column that rises, sways and widens."""
    y, x = grid(height, width)
    up = (height * rng.uniform(0.85, 1.1) - y) / height
    sway = smooth_noise(rng, height, 1, 0.35 * height) * (0.12 * width) * np.maximum(up[:, :1], 0)
    centre = width * rng.uniform(0.4, 0.6) + sway + rng.normal(0, 0.2) * width * up
    radius = width * (rng.uniform(0.02, 0.1) + rng.uniform(0.08, 0.3) * np.maximum(up, 0))
    density = np.exp(-(((x - centre) / radius) ** 2)) * smoothstep(up, 0.0, 0.08)
    return np.asarray(density * (1 - smoothstep(up, rng.uniform(0.4, 0.8), rng.uniform(0.85, 1.1))))


def _cloud(rng: Generator, height: int, width: int) -> Array:
    """Return the density of a heap of puffs."""
    y, x = grid(height, width)
    total = np.zeros((height, width), np.float32)
    for _ in range(rng.integers(2, 8)):
        u, v = width * rng.uniform(0.25, 0.75), height * rng.uniform(0.3, 0.7)
        radius = min(height, width) * rng.uniform(0.1, 0.26)
        total += np.exp(-(((x - u) / radius) ** 2) - ((y - v) / radius) ** 2).astype(np.float32)
    return np.minimum(total, 1)


def _stir(rng: Generator, density: Array) -> Array:
    """Fold a density by a smooth flow and then by a finer one."""
    height, width = density.shape
    side = max(height, width)
    for cell, reach in ((0.3 * side, 0.08 * side), (0.08 * side, 0.02 * side)):
        reach *= rng.uniform(0.3, 1.2)
        down, right = (smooth_noise(rng, height, width, cell) * reach for _ in range(2))
        density = textures.displace(density, down, right, cv2.BORDER_REPLICATE)
    return density


def _scattered(rng: Generator, density: Array) -> Array:
    """Return the colours of lit smoke: brighter where there is less of it towards the light."""
    height, width = density.shape
    small = textures.quarter(density)
    angle, reach = rng.uniform(-math.pi, 0), 0.06 * max(small.shape)
    shift = np.array([[1, 0, -reach * math.cos(angle)], [0, 1, -reach * math.sin(angle)]])
    towards = cv2.warpAffine(small, shift, small.shape[::-1], borderMode=cv2.BORDER_REPLICATE)
    relief = cv2.GaussianBlur(small - towards, (0, 0), 0.012 * max(small.shape) + 0.5)
    relief = cv2.resize(relief, (width, height), interpolation=cv2.INTER_LINEAR)
    grey = any_colour(rng) * 0.3 + 0.7 * rng.uniform(0.1, 1.0)
    rough = 0.06 * fractal_noise(rng, height, width, 0.15 * max(height, width))
    return dye(grey, np.clip(1 + rng.uniform(0.3, 1) * relief + rough, 0.3, 1.6))


def bubbles(rng: Generator, height: int, width: int) -> Array:
    """Draw soap bubbles or drops of many sizes: only rims and highlights cover much; little of it need be opaque."""
    count = int(np.exp(rng.uniform(0, np.log(30))))
    largest = min(height, width) * (0.42 if count < 4 else 0.22)
    radii = largest * rng.uniform(0.12, 1.0, count) ** 1.6
    radii[0] = largest * rng.uniform(0.7, 1.0)
    margin = int(max(largest, 3)) + 3  # for what the border cuts off
    layer = np.zeros((height + 2 * margin, width + 2 * margin, 4), np.float32)
    for radius in np.maximum(np.sort(radii), 3).tolist():
        x, y = rng.uniform(0.15, 0.85) * width, rng.uniform(0.15, 0.85) * height
        bubble = _bubble(rng, radius, x % 1, y % 1)
        left, top = (margin + int(n) - int(radius) - 3 for n in (x, y))
        place = np.s_[top : top + len(bubble), left : left + len(bubble)]
        layer[place] = over(bubble, np.ascontiguousarray(layer[place]))
    return np.ascontiguousarray(layer[margin:-margin, margin:-margin])


def _bubble(rng: Generator, radius: float, x: float, y: float) -> Array:
    """Draw one bubble whose centre is `(x, y)` away from pixel `int(radius) + 3` of a layer that just holds it."""
    middle = int(radius) + 3
    v, u = grid(2 * middle + 2, 2 * middle + 2)
    u, v = (u - (middle + x)) / radius, (v - (middle + y)) / radius
    r = np.sqrt(u * u + v * v)
    inside = np.clip((1 - r) * radius + 0.5, 0, 1)
    r = np.minimum(r, 1)
    # A thin film is crossed the more obliquely, the nearer the rim: 1 / cos, up to its full reflection.
    steep, clear, rim = r ** rng.uniform(3, 9), rng.uniform(0.02, 0.15), rng.uniform(0.45, 0.95)
    alpha = clear + (rim - clear) * steep
    # Colours of interference, or nearly white ones.
    thickness = r + 0.12 * smooth_noise(rng, len(u), len(u), max(2.0, 0.7 * radius)) + 0.1 * v
    vividness, orders = np.float32(rng.choice([0.05, 0.25, 0.45])), rng.uniform(4, 14)
    phases = (rng.uniform(0, 2 * math.pi) + np.array([0, 2.1, 4.2])).astype(np.float32)
    base = (0.6 + 0.35 * any_colour(rng)).astype(np.float32)
    waves = [b + vividness * np.cos(orders * thickness + phase) for b, phase in zip(base, phases, strict=True)]
    colour = np.clip(cv2.merge(waves), 0, 1)
    glow = np.zeros_like(r)
    angle = rng.uniform(-2.6, -0.6)
    for turn, size, strength in ((0.0, rng.uniform(0.08, 0.2), 0.95), (math.pi, rng.uniform(0.05, 0.12), 0.5)):
        # A window's reflection: a patch that follows the rim.
        away = (np.arctan2(v, u) - (angle + turn) + math.pi) % (2 * math.pi) - math.pi
        patch = smoothstep(np.abs(away), 2.5 * size, 1.6 * size) * smoothstep(np.abs(r - 0.72), size, 0.55 * size)
        glow = np.maximum(glow, patch * strength)
    colour, alpha = _shine(colour, alpha, glow)
    return tint(colour, alpha * inside)


def _shine(colour: Array, alpha: Array, glow: Array) -> tuple[Array, Array]:
    """Put white light of a strength `(H, W)` over colours and their alpha."""
    return colour + (1 - colour) * cv2.merge([glow] * 3), alpha + (1 - alpha) * glow


def glass(rng: Generator, height: int, width: int) -> Array:
    """Draw a bottle, a vase or a tumbler turned on a lathe, often with something in it; covers as bubbles do."""
    top, bottom = height * rng.uniform(0.06, 0.25), height * rng.uniform(0.75, 0.96)
    x = width * rng.uniform(0.4, 0.6)
    knots = rng.uniform(0.06, 0.26, 6) * min(height, width)
    if rng.random() < 0.5:
        knots[:2] = knots[:2].min()  # a neck
    heights = np.linspace(top, bottom, 80)
    profile = np.interp(np.linspace(0, 5, 80), np.arange(6), knots)
    profile = cv2.GaussianBlur(profile.astype(np.float32)[None], (0, 0), 6)[0]
    outline = np.concatenate([np.stack([x + profile, heights], 1), np.stack([x - profile, heights], 1)[::-1]])
    mask = draw_mask(height, width, [outline])
    rows, columns = grid(height, width)
    s = np.clip((columns - x) / np.interp(np.arange(height), heights, profile).astype(np.float32)[:, None], -1, 1)
    wall = np.abs(s) ** rng.uniform(4, 12)
    clear, rim = rng.uniform(0.05, 0.2), np.float32(rng.uniform(0.5, 0.95))
    alpha = clear + (rim - clear) * wall
    ends = np.exp(-np.minimum(np.abs(rows - top), np.abs(rows - bottom)) / (0.008 * height))
    alpha = np.maximum(alpha, 0.8 * ends)
    tone = 0.4 * any_colour(rng) + 0.5 * rng.random()
    colour = dye(tone, 1 + 0.25 * fractal_noise(rng, height, width, 0.2 * height, finest=8) + 0.4 * (s - wall))
    if rng.random() < 0.6:
        level = top + (bottom - top) * rng.uniform(0.2, 0.7)
        filled = smoothstep(rows, level - 1, level + 1) * (1 - wall)
        alpha = np.maximum(alpha, filled * rng.uniform(0.4, 0.95))
        pairs = zip(cv2.split(colour), any_colour(rng), strict=True)
        colour = cv2.merge([c + (np.float32(value) - c) * filled for c, value in pairs])
    for _ in range(rng.integers(1, 4)):
        at, wide = rng.uniform(-0.8, 0.8), rng.uniform(0.03, 0.12)
        first = top + (bottom - top) * rng.uniform(0.0, 0.4)
        last = bottom - (bottom - top) * rng.uniform(0.0, 0.4)
        ends = smoothstep(rows, first, first + 20), 1 - smoothstep(rows, last - 20, last)
        streak = np.exp(-(((s - at) / wide) ** 2)) * ends[0] * ends[1] * rng.uniform(0.6, 1)
        colour, alpha = _shine(colour, alpha, streak)
    return tint(colour, alpha * mask)
