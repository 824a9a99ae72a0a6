"""The errors of predicted mattes that lie in files."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from absl import logging

from a2u_tf.matting.evaluation.protocol import evaluate
from a2u_tf.matting.pictures import EvaluationImage, PictureError, read_alpha, read_trimap
from a2u_tf.types import Array

# Image, method, number of unknown pixels and errors, by name.
Row: TypeAlias = Mapping[str, Any]


def evaluate_files(images: Iterable[EvaluationImage], predictions: Mapping[str, Mapping[str, Path]]) -> Iterator[Row]:
    """Yield the errors of all methods on one test image after the other.

    Mattes are taken as the protocol takes them, as 8-bit levels; those of 16 bits are rounded.

    Args:
        images: List of `EvaluationImage`, all with `alpha`.
        predictions: Dict from methods to dicts from names of images to paths, from `find_predictions`.

    Yields:
        Dicts with `"image"` and `"method"`, `"unknown"`, the number of unknown pixels, and the errors that
        `a2u_tf.matting.evaluation.evaluate` returns.

    Raises:
        PictureError: For a file that cannot be read, or does not hold what it should; the message names it.
        OSError: Where a file cannot be opened.
    """
    for image in images:
        target, trimap = true_levels(image), read_trimap(image.trimap)
        if trimap.lacks:
            logging.warning("%s %s", trimap.path, trimap.lacks)
        for method, paths in predictions.items():
            prediction = read_levels(paths[image.name])
            try:
                errors = evaluate(prediction, target, trimap.levels)
            except ValueError as error:
                raise PictureError(f"{paths[image.name]}, {image.alpha} and {image.trimap}: {error}") from error
            yield {
                "image": image.name,
                "method": method,
                "unknown": int(np.count_nonzero(trimap.unknown)),
                **errors,
            }


def read_levels(path: Path | str) -> Array:
    """Read an alpha matte as 8-bit levels, uint8 of shape `(H, W)`; see `read_alpha` for the errors."""
    levels: Array = np.rint(255 * read_alpha(path)).astype(np.uint8)
    return levels


def true_levels(image: EvaluationImage) -> Array:
    """Read the true matte of an image as `read_levels` does; `ValueError` where it is not published."""
    if image.alpha is None:
        raise ValueError(f"Errors need the true matte of an image. Received: {image}")
    return read_levels(image.alpha)
