"""A grid of pictures, trimaps and mattes of several methods."""

from collections.abc import Iterable, Sequence

import cv2
import numpy as np

from a2u_tf.matting.conventions import UNKNOWN
from a2u_tf.matting.pictures.trimap import three_levels
from a2u_tf.types import Array
from a2u_tf.visualization.tiles import MARGIN, fitted, title


def matting_grid(rows: Iterable[Sequence[Array]], methods: Sequence[str] = ("alpha",), side: int = 192) -> Array:
    """Return a grid of pictures under the names of its columns: image, trimap, truth; alpha and error of each method.

    The error is that of the unknown region, from black (0) to white (0.5 or more).

    Args:
        rows: List of `(image, trimap, target, *predictions)`, uint8: RGB of shape `(H, W, 3)`, all others `(H, W)`;
            one prediction for each method.
        methods: Names of the methods.
        side: Side in pixels of the square that a picture is fitted into.

    Returns:
        RGB, uint8.
    """
    names = ["image", "trimap", "truth", *(name for method in methods for name in (method, "error"))]
    lines = [np.concatenate([title(name, side + MARGIN) for name in names], axis=1)]
    for image, trimap, target, *predictions in rows:
        known = three_levels(trimap) != UNKNOWN
        greys = [trimap, target]
        for prediction in predictions:
            error = cv2.convertScaleAbs(cv2.absdiff(prediction, target), alpha=2)
            error[known] = 0
            greys += [prediction, error]
        tiles = [image, *(cv2.cvtColor(grey, cv2.COLOR_GRAY2RGB) for grey in greys)]
        lines.append(np.concatenate([fitted(tile, side) for tile in tiles], axis=1))
    return np.concatenate(lines)
