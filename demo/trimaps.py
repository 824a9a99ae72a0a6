"""Trimaps that are painted."""

from typing import Any

import numpy as np

from a2u_tf.matting.pictures import trimap_from_alpha
from a2u_tf.types import Array

# Colours of the brushes, RGB. Above an opacity of 0.5 the last stroke decides, however many lie under it.
KEEP, UNSURE, OPACITY = (22, 163, 74), (249, 115, 22), 0.6


def painted_trimap(layers: list[Array], band: float) -> Array | None:
    """Make a trimap of what was painted: green is foreground, orange unknown, the rest background.

    Args:
        layers: List of uint8 arrays `(H, W, 4)`, RGBA not premultiplied.
        band: Width in pixels of the unknown band along the edges of what was painted; 0 for none.

    Returns:
        uint8 of shape `(H, W)`: 0 background, 128 unknown, 255 foreground. None where nothing is painted.
    """
    alpha: Any = np.float32(0)
    for layer in layers:
        painted = layer[..., 3] >= 255 * OPACITY / 2  # a stroke's edge is soft
        keep, unsure = (
            np.square(layer[..., :3] - np.array(colour, np.float32)).sum(axis=-1) for colour in (KEEP, UNSURE)
        )
        alpha = np.where(painted, np.where(keep < unsure, np.float32(1), np.float32(0.5)), alpha)
    return trimap_from_alpha(alpha, int(band) + 1, int(band) + 1) if alpha.any() else None
