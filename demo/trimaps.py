"""Trimaps that are painted."""

import numpy as np

from a2u_tf.matting.conventions import BACKGROUND, FOREGROUND, UNKNOWN
from a2u_tf.matting.pictures import over_white, trimap_from_alpha, trimap_from_strokes
from a2u_tf.types import Array

# Colours of the brushes, RGB. Above an opacity of 0.5 the last stroke decides, however many lie under it.
KEEP, UNSURE, GO, OPACITY = (22, 163, 74), (249, 115, 22), (37, 99, 235), 0.6


def painted_trimap(layers: list[Array], band: float, picture: Array | None = None) -> Array | None:
    """Make a trimap of what was painted: green is foreground, orange unknown, blue background.

    The rest is background, too; or, where something is blue and something green, whatever its colours say.

    Args:
        layers: List of uint8 arrays `(H, W, 4)`, RGBA not premultiplied.
        band: Width in pixels of the unknown band along the edges of what was painted, or found; 0 for none.
        picture: What was painted on, uint8 of shape `(H, W, 3 or 4)`. None finds nothing by colours.

    Returns:
        uint8 of shape `(H, W)`: 0 background, 128 unknown, 255 foreground. None where no foreground and nothing
        unknown is painted.
    """
    painted, levels = _levels(layers)
    if not levels.any():
        return None
    sure = painted & (levels != UNKNOWN)
    if picture is None or not {BACKGROUND, FOREGROUND} <= set(np.unique(levels[sure])):
        alpha = np.where(levels == UNKNOWN, np.float32(0.5), levels / np.float32(FOREGROUND))
        return trimap_from_alpha(alpha, int(band) + 1, int(band) + 1)
    strokes = np.where(sure, levels, np.uint8(UNKNOWN))
    picture = over_white(picture) if picture.shape[2] == 4 else picture
    return np.where(painted, levels, trimap_from_strokes(picture, strokes, max(1, int(band))))


def _levels(layers: list[Array]) -> tuple[Array, Array]:
    """Where is paint, and its levels: 0, as where is none, 128 and 255."""
    shape = layers[0].shape[:2] if layers else (0, 0)
    painted, levels = np.zeros(shape, bool), np.full(shape, BACKGROUND, np.uint8)
    for layer in layers:
        here = layer[..., 3] >= 255 * OPACITY / 2  # a stroke's edge is soft
        distances = [
            np.square(layer[..., :3] - np.array(colour, np.float32)).sum(axis=-1) for colour in (KEEP, UNSURE, GO)
        ]
        nearest = np.array([FOREGROUND, UNKNOWN, BACKGROUND], np.uint8)[np.argmin(distances, axis=0)]
        levels = np.where(here, nearest, levels)
        painted |= here
    return painted, levels
