"""Sheets of reconstructions."""

from collections.abc import Mapping
from pathlib import Path

import cv2
import numpy as np

from a2u_tf.files import write_png
from a2u_tf.types import Array
from a2u_tf.visualization.tiles import GREY, HEADER, MARGIN


def reconstruction_sheet(inputs: Array, outputs: Array | Mapping[str, Array], path: Path | str, zoom: int = 3) -> None:
    """Write a PNG of rows: inputs, outputs, and the absolute error from black (0) to white (0.5 or more).

    All arrays are of shape `(N, H, W, 1)`; outputs outside [0, 1] are clipped. Every pixel is enlarged by `zoom`. Given
    outputs of several networks by name, the rows of all stand below each other, their errors on one scale.
    """
    inputs = np.asarray(inputs, np.float32)
    rows = {"input": inputs}
    for name, images in (outputs if isinstance(outputs, Mapping) else {"output": outputs}).items():
        images = np.asarray(images, np.float32)
        if inputs.shape != images.shape or inputs.ndim != 4 or inputs.shape[-1] != 1:
            raise ValueError(
                "`inputs` and `outputs` must both be of shape (count, height, width, 1). "
                f"Received: inputs.shape={inputs.shape}, outputs.shape={images.shape}"
            )
        rows |= {name: images, f"{name}: absolute error (white: 0.5)": 2 * np.abs(inputs - images)}
    write_png(path, np.concatenate([_row(name, images, zoom) for name, images in rows.items()]))


def _row(name: str, images: Array, zoom: int) -> Array:
    tiles = np.rint(255 * np.clip(images[..., 0], 0, 1)).astype(np.uint8)
    tiles = tiles.repeat(zoom, axis=1).repeat(zoom, axis=2)
    tiles = np.pad(tiles, [(0, 0), (0, MARGIN), (0, MARGIN)], constant_values=GREY)
    row = np.pad(np.concatenate(tiles, axis=1), [(HEADER, 0), (MARGIN, 0)], constant_values=GREY)
    return cv2.putText(row, name, (MARGIN, HEADER - 7), cv2.FONT_HERSHEY_SIMPLEX, 0.45, 255, 1, cv2.LINE_AA)
