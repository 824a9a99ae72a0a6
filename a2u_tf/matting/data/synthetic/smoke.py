"""Smoke, steam, clouds and fire: densities that light passes through."""

import math

import cv2
import numpy as np
from numpy.random import Generator

from a2u_tf.matting.data.synthetic.colours import any_colour, dye, paint
from a2u_tf.matting.data.synthetic.layers import tint
from a2u_tf.matting.data.synthetic.noise import (
    displace,
    fractal_noise,
    grid,
    quarter,
    smooth_noise,
    smoothstep,
    stretch,
)
from a2u_tf.types import Array

# The colours of fire from its cool rim to its hot core.
FIRE = np.array([(0.35, 0.04, 0.02), (0.85, 0.20, 0.03), (1.0, 0.55, 0.10), (1.0, 0.85, 0.45), (1.0, 0.97, 0.85)])


def smoke(rng: Generator, height: int, width: int) -> Array:
    """Draw smoke, steam, a cloud, wisps or fire. Nothing need be opaque; the greatest alpha is from 0.6 to 1."""
    kind = rng.choice(["plume", "cloud", "wisps", "fire"])
    density = _plume(rng, height, width) if kind in ("plume", "fire") else _cloud(rng, height, width)
    if kind == "wisps":
        density = _wisps(rng, height, width) * smoothstep(density, 0.0, 0.6)
    else:
        turbulence = stretch(fractal_noise(rng, height, width, 0.25 * max(height, width), finest=2, gain=0.68))
        density = density * smoothstep(turbulence + 0.5 * density, 0.35, 1.1)
    density = _stir(rng, density)
    # Beer and Lambert: what passes falls exponentially with the matter on its way.
    strongest = rng.uniform(0.65, 0.995)
    alpha = 1 - np.exp(density * (math.log(1 - strongest) / max(float(density.max()), 1e-6)))
    # A photograph's frame may cut smoke off, but no noise reaches all of it.
    alpha = np.maximum(alpha - 0.01, 0)
    if kind == "fire":
        return tint(paint(stretch(alpha) ** 0.8, FIRE), alpha)
    return tint(_scattered(rng, density), alpha)


def _plume(rng: Generator, height: int, width: int) -> Array:
    """Return the density of a column that rises, sways and widens."""
    y, x = grid(height, width)
    up = (height * rng.uniform(0.85, 1.1) - y) / height
    sway = smooth_noise(rng, height, 1, 0.35 * height) * (0.12 * width) * np.maximum(up[:, :1], 0)
    centre = width * rng.uniform(0.4, 0.6) + sway + rng.normal(0, 0.2) * width * up
    radius = width * (rng.uniform(0.02, 0.1) + rng.uniform(0.08, 0.3) * np.maximum(up, 0))
    across = np.exp(-(((x - centre) / radius) ** 2))
    density: Array = across * smoothstep(up, 0.0, 0.08)
    density *= 1 - smoothstep(up, rng.uniform(0.4, 0.8), rng.uniform(0.85, 1.1))
    return density


def _cloud(rng: Generator, height: int, width: int) -> Array:
    """Return the density of a heap of puffs."""
    y, x = grid(height, width)
    side = min(height, width)
    total = np.zeros((height, width), np.float32)
    for _ in range(rng.integers(2, 8)):
        u, v = width * rng.uniform(0.25, 0.75), height * rng.uniform(0.3, 0.7)
        radius = side * rng.uniform(0.1, 0.26)
        total += np.exp(-(((x - u) / radius) ** 2) - ((y - v) / radius) ** 2).astype(np.float32)
    return np.minimum(total, 1)


def _wisps(rng: Generator, height: int, width: int) -> Array:
    """Return thin folded sheets: the ridges of noise."""
    field = fractal_noise(rng, height, width, rng.uniform(0.3, 0.7) * max(height, width), finest=24, gain=0.45)
    sheets = np.exp(-np.abs(field) / rng.uniform(0.05, 0.25))
    veil = 0.25 * smoothstep(field, -0.3, 1.5)
    return sheets + veil


def _stir(rng: Generator, density: Array) -> Array:
    """Fold a density by a smooth flow and then by a finer one."""
    height, width = density.shape
    side = max(height, width)
    for cell, reach in ((0.3 * side, 0.08 * side), (0.08 * side, 0.02 * side)):
        reach = reach * rng.uniform(0.3, 1.2)
        down, right = (smooth_noise(rng, height, width, cell) * reach for _ in range(2))
        density = displace(density, down, right, cv2.BORDER_REPLICATE)
    return density


def _scattered(rng: Generator, density: Array) -> Array:
    """Return the colours of lit smoke: brighter where there is less of it towards the light."""
    height, width = density.shape
    small = quarter(density)
    angle, reach = rng.uniform(-math.pi, 0), 0.06 * max(small.shape)
    shift = np.array([[1, 0, -reach * math.cos(angle)], [0, 1, -reach * math.sin(angle)]])
    towards = cv2.warpAffine(small, shift, small.shape[::-1], borderMode=cv2.BORDER_REPLICATE)
    relief = cv2.GaussianBlur(small - towards, (0, 0), 0.012 * max(small.shape) + 0.5)
    relief = cv2.resize(relief, (width, height), interpolation=cv2.INTER_LINEAR)
    grey = any_colour(rng) * 0.3 + 0.7 * rng.uniform(0.1, 1.0)
    rough = 0.06 * fractal_noise(rng, height, width, 0.15 * max(height, width))
    field = np.clip(1 + rng.uniform(0.3, 1) * relief + rough, 0.3, 1.6)
    return dye(grey, field)
