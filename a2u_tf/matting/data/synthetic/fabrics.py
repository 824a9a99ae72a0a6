"""Fabrics that show what is behind them: lace, nets and veils."""

import cv2
import numpy as np
from numpy.random import Generator

from a2u_tf.matting.data.synthetic.bodies import ellipse
from a2u_tf.matting.data.synthetic.layers import draw_mask, tint
from a2u_tf.matting.data.synthetic.textures import any_colour, dye, fractal_noise, grid, smooth_noise, smoothstep
from a2u_tf.types import Array

TILE = 512


def lace(rng: Generator, height: int, width: int) -> Array:
    """Draw lace: flowers and leaves of nearly opaque cloth in a fine mesh, in folds, with a scalloped hem."""
    return _hang(rng, height, width, _lace_tile(rng), rng.uniform(0.28, 0.6), rng.uniform(0.85, 1.0))


def net(rng: Generator, height: int, width: int) -> Array:
    """Draw a net, a fence or a grille: threads or wires with open meshes."""
    tile = np.zeros((TILE, TILE), np.uint8)
    meshes = int(rng.integers(4, 13)) // 2 * 2  # every second row is shifted by half a mesh: odd numbers do not repeat
    _draw_mesh(tile, meshes, int(rng.integers(4, 26)), rng.random() < 0.5)
    return _hang(rng, height, width, tile, rng.uniform(0.4, 0.9), 1)


def veil(rng: Generator, height: int, width: int) -> Array:
    """Draw a veil: thin cloth that covers more where it is folded; in its folds and its hem alpha is above 0.4."""
    mask = _outline(rng, height, width, hem=0.0)
    folds, slope = _folds(rng, height, width, rng.uniform(2, 8))
    # The cloth's own cover, as often as it is crossed: 1 - (1 - cover)^n.
    layers = np.sqrt(1 + slope * slope) * (1 + smoothstep(folds, 0.2, 1.2))
    alpha = 1 - np.power(1 - rng.uniform(0.15, 0.55), np.minimum(layers, 12))
    y, x = grid(height, width) * (2 * np.pi / rng.uniform(2.2, 5))
    alpha = alpha * (1 + rng.uniform(0, 0.25) * ((np.sin(x) + np.sin(y)) / 2))
    alpha = np.clip(np.maximum(alpha, _hem(mask, 1.5) * rng.uniform(0.5, 0.9)), 0, 1) * mask
    light = 0.85 + 0.25 * np.tanh(slope) + 0.1 * folds
    return tint(dye(any_colour(rng) * 0.6 + 0.4 * rng.random(), light), alpha)


def _hang(rng: Generator, height: int, width: int, tile: Array, size: float, strength: float) -> Array:
    """Lay a tile of cover, uint8 `(TILE, TILE)`, repeatedly on a folded piece of cloth."""
    mask = _outline(rng, height, width, hem=rng.uniform(0.01, 0.03))
    folds, slope = _folds(rng, height, width, rng.uniform(1, 4))
    y, x = grid(height, width)
    scale = np.float32(TILE * rng.uniform(1, 2.5) / (size * min(height, width)))
    turn = rng.uniform(-0.5, 0.5)
    cosine, sine = np.float32(np.cos(turn) * scale), np.float32(np.sin(turn) * scale)
    sag = smooth_noise(rng, height, width, 0.3 * min(height, width)) * (0.04 * TILE)
    # Sampled at twice the size from a tile that is smooth enough, and halved: no thread is lost or doubled.
    axes = x * cosine - y * sine + folds * (0.05 * TILE), x * sine + y * cosine + sag
    u, v = (cv2.resize(axis, (2 * width, 2 * height), interpolation=cv2.INTER_LINEAR) for axis in axes)
    smooth = cv2.GaussianBlur(tile, (0, 0), max(0.2 * float(scale), 0.3), borderType=cv2.BORDER_WRAP)
    threads = smooth[v.astype(np.int32) % TILE, u.astype(np.int32) % TILE]
    threads = cv2.resize(threads, (width, height), interpolation=cv2.INTER_AREA).astype(np.float32) * (1 / 255)
    alpha = np.maximum(threads, _hem(mask, 2.5)) * mask * strength
    # Threads are round: their flanks are darker than their backs.
    light = 0.75 + 0.3 * np.tanh(slope) + 0.4 * (threads - cv2.GaussianBlur(threads, (0, 0), 2))
    light += 0.05 * fractal_noise(rng, height, width, 16, gain=0.9)
    return tint(dye(0.5 * any_colour(rng) + 0.5 * rng.uniform(0.1, 1), light), alpha)


def _outline(rng: Generator, height: int, width: int, hem: float) -> Array:
    """Return the coverage of a piece of cloth that hangs from the upper border or lies free, with a scalloped edge."""
    t = np.linspace(0, 2 * np.pi, 240, endpoint=False)
    power = rng.uniform(0.25, 1.0)  # from a rectangle to an ellipse
    x = np.sign(np.cos(t)) * np.abs(np.cos(t)) ** power * width * rng.uniform(0.3, 0.48)
    y = np.sign(np.sin(t)) * np.abs(np.sin(t)) ** power * height * rng.uniform(0.3, 0.48)
    wobble = rng.normal(0, 0.05, (2, 1)) * np.cos(np.array([[2], [3]]) * t + rng.uniform(0, 6, (2, 1)))
    scallops = hem * min(height, width) * np.abs(np.sin(t * rng.integers(10, 30)))
    grown = 1 + wobble.sum(axis=0) + scallops / np.maximum(np.hypot(x, y), 1)
    outline = np.stack([width / 2 + x * grown, height * rng.choice([0.2, 0.5, 0.5]) + y * grown], axis=1)
    return draw_mask(height, width, [outline])


def _folds(rng: Generator, height: int, width: int, strength: float) -> tuple[Array, Array]:
    """Return the height of hanging folds, about -1 to 1, and their slope to the right."""
    cell = min(height, width) * rng.uniform(0.08, 0.25)
    folds = smooth_noise(rng, height, width, (rng.uniform(1.5, 5) * cell, cell))
    return folds, cv2.Sobel(folds, cv2.CV_32F, 1, 0, scale=1 / 8) * (strength * cell / 4)


def _hem(mask: Array, wide: float) -> Array:
    """Return the cover of a seam along the inner edge of a mask."""
    return np.clip(mask * (1 - cv2.GaussianBlur(mask, (0, 0), wide)) * 4, 0, 1)


def _draw_mesh(tile: Array, meshes: int, thickness: int, hexagons: bool) -> None:
    """Draw a periodic mesh of diamonds or of hexagons into a tile."""
    row, column = np.mgrid[-1 : meshes + 1, -1 : meshes + 1]
    corners = np.stack([column + 0.5 * (row % 2), row], axis=-1).reshape(-1, 1, 2)
    roof, wall = [(-0.5, 0.0), (0, -0.33), (0.5, 0.0)], [(0.5, 0.0), (0.5, 0.67)]
    for piece in (roof, wall) if hexagons else ([(0.5, 1.0), (0, 0), (-0.5, 1.0)],):
        lines = np.rint((corners + np.array(piece)) * (TILE / meshes * 16)).astype(np.int32)
        cv2.polylines(tile, list(lines), False, 255, thickness, cv2.LINE_AA, 4)


def _lace_tile(rng: Generator) -> Array:
    """Draw a periodic pattern: mesh, and flowers with pierced petals, leaves and a ring of dots."""
    tile = np.zeros((TILE, TILE), np.uint8)
    _draw_mesh(tile, int(rng.choice([16, 20, 26])), int(rng.integers(2, 5)), rng.random() < 0.6)
    # What crosses the tile's border comes in on the other side.
    corners, middle = [(0, 0), (0, 1), (1, 0), (1, 1)], [(0.5, 0.5)]
    for places, size in ((corners, rng.uniform(0.16, 0.24)), (middle, rng.uniform(0.1, 0.24))):
        petals, longer, wider = int(rng.integers(5, 11)), rng.uniform(0.25, 0.45), rng.uniform(0.15, 0.3)
        shape = (petals, longer, wider, rng.random() < 0.6, rng.random() < 0.5)
        for x, y in places:
            _draw_rosette(tile, x * TILE, y * TILE, size * TILE, shape)
    return tile


def _draw_rosette(tile: Array, x: float, y: float, size: float, shape: tuple[int, float, float, bool, bool]) -> None:
    """Draw a flower that lies on a hole in the mesh and is held by a ring."""
    petals, longer, wider, pierced, ringed = shape
    _fill_ellipse(tile, 0, x, y, 1.05 * size, 1.05 * size)
    for angle in 2 * np.pi * np.arange(petals) / petals:
        u, v = np.cos(angle), np.sin(angle)
        at = (x + 0.6 * size * u, y + 0.6 * size * v)
        _fill_ellipse(tile, 240, *at, longer * size, wider * size, angle)
        if pierced:
            _fill_ellipse(tile, 30, *at, 0.5 * longer * size, 0.35 * wider * size, angle)
        if ringed:
            _fill_ellipse(tile, 255, x + 1.1 * size * u, y + 1.1 * size * v, 0.09 * size, 0.09 * size)
    _fill_ellipse(tile, 255, x, y, 0.22 * size, 0.22 * size)
    _fill_ellipse(tile, 20, x, y, 0.09 * size, 0.09 * size)
    ring = np.rint(ellipse(x, y, 1.08 * size, 1.08 * size) * 16).astype(np.int32)
    cv2.polylines(tile, [ring], True, 255, max(2, round(0.05 * size)), cv2.LINE_AA, 4)


def _fill_ellipse(tile: Array, value: int, x: float, y: float, across: float, down: float, angle: float = 0) -> None:
    cv2.fillPoly(tile, [np.rint(ellipse(x, y, across, down, angle) * 16).astype(np.int32)], value, cv2.LINE_AA, 4)
