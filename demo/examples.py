"""Pictures for those who have none at hand, drawn by our own code."""

from pathlib import Path

import cv2
import numpy as np

from a2u_tf.files import write_png
from a2u_tf.matting.data.synthetic import SyntheticSource
from a2u_tf.matting.pictures import composite, trimap_from_alpha
from a2u_tf.types import Array

SEEDS = {"fur": 3, "hair": 8, "wicker": 7, "bubbles": 4}
SIZE, BAND = 512, 21


def write_examples(folder: Path | str) -> list[tuple[str, str]]:
    """Write pictures and their trimaps as PNG files.

    Returns:
        List of pairs of paths, picture and trimap.
    """
    pairs: list[tuple[str, str]] = []
    for name, seed in SEEDS.items():
        image, trimap = draw(name, seed)
        paths = [Path(folder) / f"{name}.png", Path(folder) / f"{name}_trimap.png"]
        write_png(paths[0], image)
        write_png(paths[1], trimap)
        pairs.append((str(paths[0]), str(paths[1])))
    return pairs


def draw(kind: str, seed: int) -> tuple[Array, Array]:
    """Return a picture of a kind of foreground, RGB, and its trimap, both uint8."""
    rng = np.random.default_rng(seed)
    source = SyntheticSource(SIZE)
    foreground, alpha = source.foreground(rng, kind)
    background = cv2.resize(source.background(rng), alpha.shape[::-1], interpolation=cv2.INTER_AREA)
    image = np.rint(composite(foreground, background, alpha)).astype(np.uint8)
    return image, trimap_from_alpha(alpha, BAND, BAND)
