"""Blur: what moves, and what is out of focus, has soft edges however solid it is."""

import math

import cv2
import numpy as np
from numpy.random import Generator

from a2u_tf.matting.data.synthetic.layers import weigh
from a2u_tf.matting.data.synthetic.noise import grid, smoothstep
from a2u_tf.types import Array


def blur_motion(rng: Generator, layer: Array) -> Array:
    """Move or turn a layer while the shutter is open, by 2 to 12 per cent of its side or by 2 to 15 degrees."""
    height, width = layer.shape[:2]
    side = min(height, width)
    if rng.random() < 0.7:
        angle, length = rng.uniform(0, 2 * math.pi), side * rng.uniform(0.02, 0.12)
        path = length * math.cos(angle), length * math.sin(angle), 0.0, 1.0
    else:
        path = 0.0, 0.0, rng.uniform(2, 15) * rng.choice([-1, 1]), rng.uniform(0.95, 1.05)
    centre = (width * rng.uniform(0.2, 0.8), height * rng.uniform(0.2, 0.8))
    # The mean of a layer and its copy half the way further, and of that a quarter further, and so on: 64 exposures.
    right, down, turn, zoom = path
    for step in range(1, 7):
        share = 0.5**step
        moved = cv2.getRotationMatrix2D(centre, turn * share, zoom**share)
        moved[:, 2] += right * share, down * share
        copy = cv2.warpAffine(layer, moved, (width, height), borderMode=cv2.BORDER_REPLICATE)
        layer = cv2.addWeighted(layer, 0.5, copy, 0.5, 0)
    return layer


def blur_focus(rng: Generator, layer: Array) -> Array:
    """Put a layer out of focus by the disc of a lens, everywhere or more and more towards one side."""
    height, width = layer.shape[:2]
    radius = min(height, width) * math.exp(rng.uniform(math.log(0.004), math.log(0.025)))
    reach = math.ceil(radius)
    y, x = grid(2 * reach + 1, 2 * reach + 1)
    disc = np.clip(radius + 0.5 - np.hypot(x - reach, y - reach), 0, 1)
    blurred = cv2.filter2D(layer, -1, disc / disc.sum(), borderType=cv2.BORDER_REPLICATE)
    if rng.random() < 0.5:
        return blurred
    y, x = grid(height, width)
    angle = rng.uniform(0, 2 * math.pi)
    along = (x / width - 0.5) * math.cos(angle) + (y / height - 0.5) * math.sin(angle)
    share = smoothstep(along, -0.4, 0.4)
    return weigh(blurred, share) + weigh(layer, 1 - share)
