"""Sheets of reconstructions and of mattes."""

import cv2
import numpy as np

from a2u_tf.conventions import UNKNOWN
from a2u_tf.data.matting.trimap import three_levels
from a2u_tf.files import replaced
from a2u_tf.visualization.tiles import GREY, HEADER, MARGIN, fitted, title


def reconstruction_sheet(inputs, outputs, path, zoom=3):
    """Write a PNG of three rows: inputs, outputs, and the absolute error from black (0) to white (0.5 or more).

    Args:
        inputs: Array `(N, H, W, 1)` in [0, 1].
        outputs: Array of the same shape; values outside [0, 1] are clipped for display.
        path: PNG file to write.
        zoom: Integer factor by which every pixel is enlarged.
    """
    inputs, outputs = np.asarray(inputs, np.float32), np.asarray(outputs, np.float32)
    if inputs.shape != outputs.shape or inputs.ndim != 4 or inputs.shape[-1] != 1:
        raise ValueError(
            "`inputs` and `outputs` must both be of shape (count, height, width, 1). "
            f"Received: inputs.shape={inputs.shape}, outputs.shape={outputs.shape}"
        )
    error = 2 * np.abs(inputs - outputs)
    sheet = np.concatenate(
        [
            _row("input", inputs, zoom),
            _row("output", outputs, zoom),
            _row("absolute error (white: 0.5)", error, zoom),
        ]
    )
    write_png(path, sheet)


def matting_grid(rows, methods=("alpha",), side=192):
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


def write_png(path, image):
    """Write a uint8 picture through a temporary name."""
    # OpenCV's default looks for runs alone: sheets become four times as large.
    encoded, content = cv2.imencode(".png", image, [cv2.IMWRITE_PNG_COMPRESSION, 6])
    if not encoded:
        raise ValueError(f"OpenCV cannot encode a picture of shape {image.shape}, dtype {image.dtype} as PNG.")
    with replaced(path) as temporary:
        temporary.write_bytes(content.tobytes())


def _row(name, images, zoom):
    tiles = np.rint(255 * np.clip(images[..., 0], 0, 1)).astype(np.uint8)
    tiles = tiles.repeat(zoom, axis=1).repeat(zoom, axis=2)
    tiles = np.pad(tiles, [(0, 0), (0, MARGIN), (0, MARGIN)], constant_values=GREY)
    row = np.pad(np.concatenate(tiles, axis=1), [(HEADER, 0), (MARGIN, 0)], constant_values=GREY)
    return cv2.putText(row, name, (MARGIN, HEADER - 7), cv2.FONT_HERSHEY_SIMPLEX, 0.45, 255, 1, cv2.LINE_AA)
