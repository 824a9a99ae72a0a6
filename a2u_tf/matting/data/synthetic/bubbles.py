"""Bubbles, drops and glass: clear inside, bright at the rim, with highlights."""

import math

import cv2
import numpy as np
from numpy.random import Generator

from a2u_tf.matting.data.synthetic.colours import any_colour, dye
from a2u_tf.matting.data.synthetic.layers import draw_mask, over, tint
from a2u_tf.matting.data.synthetic.noise import fractal_noise, grid, smooth_noise, smoothstep
from a2u_tf.types import Array


def bubbles(rng: Generator, height: int, width: int) -> Array:
    """Draw soap bubbles or drops of many sizes: only rims and highlights cover much; little of it need be opaque."""
    side = min(height, width)
    count = int(np.exp(rng.uniform(0, np.log(30))))
    largest = side * (0.42 if count < 4 else 0.22)
    radii = largest * rng.uniform(0.12, 1.0, count) ** 1.6
    radii[0] = largest * rng.uniform(0.7, 1.0)
    layer = np.zeros((height, width, 4), np.float32)
    for radius in np.maximum(np.sort(radii), 3).tolist():
        x, y = rng.uniform(0.15, 0.85) * width, rng.uniform(0.15, 0.85) * height
        _put_over(layer, _bubble(rng, radius, x % 1, y % 1), int(x) - int(radius) - 3, int(y) - int(radius) - 3)
    return layer


def _put_over(layer: Array, sprite: Array, left: int, top: int) -> None:
    """Put a small layer over a large one in place; what lies outside is cut off."""
    height, width = layer.shape[:2]
    rows, columns = sprite.shape[:2]
    y, x = max(top, 0), max(left, 0)
    bottom, right = min(top + rows, height), min(left + columns, width)
    if bottom > y and right > x:
        part = sprite[y - top : bottom - top, x - left : right - left]
        layer[y:bottom, x:right] = over(part, np.ascontiguousarray(layer[y:bottom, x:right]))


def _bubble(rng: Generator, radius: float, x: float, y: float) -> Array:
    """Draw one bubble whose centre is `(x, y)` away from pixel `int(radius) + 3` of a layer that just holds it."""
    middle = int(radius) + 3
    v, u = grid(2 * middle + 2, 2 * middle + 2)
    u, v = (u - (middle + x)) / radius, (v - (middle + y)) / radius
    r = np.sqrt(u * u + v * v)
    inside = np.clip((1 - r) * radius + 0.5, 0, 1)
    r = np.minimum(r, 1)
    # A thin film is crossed the more obliquely, the nearer the rim: 1 / cos, up to its full reflection.
    steep = r ** rng.uniform(3, 9)
    clear, rim = rng.uniform(0.02, 0.15), rng.uniform(0.45, 0.95)
    alpha = clear + (rim - clear) * steep
    film = smooth_noise(rng, u.shape[0], u.shape[1], max(2.0, 0.7 * radius))
    colour = _film_colours(rng, r + 0.12 * film + 0.1 * v)
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


def _film_colours(rng: Generator, thickness: Array) -> Array:
    """Return colours of interference, `(H, W, 3)`, or nearly white ones."""
    vividness, orders = np.float32(rng.choice([0.05, 0.25, 0.45])), rng.uniform(4, 14)
    phases = (rng.uniform(0, 2 * math.pi) + np.array([0, 2.1, 4.2])).astype(np.float32)
    base = (0.6 + 0.35 * any_colour(rng)).astype(np.float32)
    waves = [b + vividness * np.cos(orders * thickness + phase) for b, phase in zip(base, phases, strict=True)]
    colours: Array = np.clip(cv2.merge(waves), 0, 1)
    return colours


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
    radius = np.interp(np.arange(height), heights, profile).astype(np.float32)[:, None]
    s = np.clip((columns - x) / radius, -1, 1)
    wall = np.abs(s) ** rng.uniform(4, 12)
    clear, rim = rng.uniform(0.05, 0.2), np.float32(rng.uniform(0.5, 0.95))
    alpha = clear + (rim - clear) * wall
    ends = np.exp(-np.minimum(np.abs(rows - top), np.abs(rows - bottom)) / (0.008 * height))
    alpha = np.maximum(alpha, 0.8 * ends)
    tone = 0.4 * any_colour(rng) + 0.5 * rng.random()
    ripple = 1 + 0.25 * fractal_noise(rng, height, width, 0.2 * height, finest=8) + 0.4 * (s - wall)
    colour = dye(tone, ripple)
    if rng.random() < 0.6:
        level = top + (bottom - top) * rng.uniform(0.2, 0.7)
        filled = smoothstep(rows, level - 1, level + 1) * (1 - wall)
        strength = rng.uniform(0.4, 0.95)
        alpha = np.maximum(alpha, filled * strength)
        liquid = any_colour(rng)
        colour = cv2.merge(
            [c + (np.float32(value) - c) * filled for c, value in zip(cv2.split(colour), liquid, strict=True)]
        )
    for _ in range(rng.integers(1, 4)):
        at, wide = rng.uniform(-0.8, 0.8), rng.uniform(0.03, 0.12)
        first = top + (bottom - top) * rng.uniform(0.0, 0.4)
        last = bottom - (bottom - top) * rng.uniform(0.0, 0.4)
        streak = (
            np.exp(-(((s - at) / wide) ** 2))
            * smoothstep(rows, first, first + 20)
            * (1 - smoothstep(rows, last - 20, last))
        )
        streak *= rng.uniform(0.6, 1)
        colour, alpha = _shine(colour, alpha, streak)
    return tint(colour, alpha * mask)
