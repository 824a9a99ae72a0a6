"""Test sets and predictions in files: which belong together, their errors, and submissions to alphamatting.com."""

import dataclasses
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any, TypeAlias

import numpy as np
from absl import logging

from a2u_tf.files import check_not_inputs, write_png
from a2u_tf.matting.evaluation.protocol import evaluate
from a2u_tf.matting.pictures import EvaluationImage, PictureError, layouts, read_alpha, read_trimap
from a2u_tf.matting.pictures.folders import Problems, check_sizes, pictures_by_name
from a2u_tf.types import Array

# Image, method, number of unknown pixels and errors, by name.
Row: TypeAlias = Mapping[str, Any]
_TEST_SETS = {"composition_1k": layouts.composition_1k_test, "distinctions_646": layouts.distinctions_646_test}
LAYOUTS = (*_TEST_SETS, "alphamatting")
SUBMITTED = ["Trimap1", "Trimap2", "Trimap3"]


def images_in_folders(
    alphas: Path | str, trimaps: Path | str, images: Path | str | None = None
) -> list[EvaluationImage]:
    """Return the test images whose files have the same name in each folder.

    Args:
        alphas: Folder of true alpha mattes.
        trimaps: Folder of trimaps; there is one test image for each.
        images: Folder of the pictures themselves, which only the sheets show; `image` is `None` without.

    Raises:
        FileNotFoundError: For folders that are missing.
        PictureError: For all files that are missing, superfluous, cut short, or whose sizes differ, together.
    """
    problems = Problems(trimaps)
    trimap_of = pictures_by_name(trimaps, problems)
    alpha_of = _partners(Path(alphas), trimap_of, problems)
    image_of = {} if images is None else _partners(Path(images), trimap_of, problems)
    by_name = (trimap_of, alpha_of, image_of)
    check_sizes([[paths[name] for paths in by_name if name in paths] for name in trimap_of], problems)
    problems.stop_if_any()
    return [EvaluationImage(name, image_of.get(name), trimap_of[name], alpha_of[name]) for name in trimap_of]


def images_of_layout(layout: str, folder: Path | str, split: str | None = None) -> list[EvaluationImage]:
    """Return the test images of a data set that lies in its own layout.

    Those of alphamatting.com, which has up to three trimaps for an image, are named `TrimapN/NAME`.

    Args:
        layout: One of `LAYOUTS`.
        folder: Folder of the data set.
        split: For alphamatting alone: the ending of its folders' names, see `a2u_tf.matting.pictures.layouts`.

    Raises:
        ValueError: For an unknown layout, or a split of one that has none.
        FileNotFoundError: For folders that are missing.
        PictureError: For all other problems with the files, together.
    """
    if layout not in LAYOUTS:
        raise ValueError(f"`layout` must be one of {LAYOUTS}. Received: {layout!r}")
    if layout != "alphamatting":
        if split is not None:
            raise ValueError(f"`split` is for the layout alphamatting. Received: layout={layout!r}, split={split!r}")
        return list(_TEST_SETS[layout](folder))
    found = []
    for number in (1, 2, 3):
        name = f"trimap_{split}/Trimap{number}" if split else f"trimap{number}"
        if number == 1 or Path(folder, name).is_dir():
            images = layouts.alphamatting(folder, number, split)
            found += [dataclasses.replace(image, name=f"Trimap{number}/{image.name}") for image in images]
    return found


def find_predictions(images: Iterable[EvaluationImage], folder: Path | str) -> dict[str, Path]:
    """Return the path of the predicted matte of each test image, by its name.

    The folder holds one `NAME.png` for each image; names with folders lie in these.

    Raises:
        FileNotFoundError: For folders that are missing.
        PictureError: For all predictions that are missing, belong to no image, are cut short, or are not of the size
            of the trimap, together.
    """
    problems = Problems(folder)
    trimaps = {image.name: image.trimap for image in images}
    predictions: dict[str, Path] = {}
    for part in dict.fromkeys(Path(name).parent for name in trimaps):
        names = [Path(name).name for name in trimaps if Path(name).parent == part]
        found = _partners(Path(folder) / part, names, problems)
        predictions |= {(part / name).as_posix(): path for name, path in found.items()}
    check_sizes([[trimaps[name], path] for name, path in predictions.items()], problems)
    problems.stop_if_any()
    return predictions


def _partners(folder: Path, names: Iterable[str], problems: Problems) -> dict[str, Path]:
    """Return the pictures in `folder` of these names; those that are missing or superfluous are problems."""
    pictures = pictures_by_name(folder, problems)
    found = {name: pictures[name] for name in names if name in pictures}
    if pictures:  # an empty folder is a problem already
        for name in names:
            if name not in found:
                problems.add(f"{folder / name} is missing, as .png, .jpg or so.")
        for name in sorted(set(pictures) - set(found)):
            problems.add(f"{pictures[name]} belongs to no trimap. Move it away.")
    return found


def evaluate_files(images: Iterable[EvaluationImage], predictions: Mapping[str, Mapping[str, Path]]) -> Iterator[Row]:
    """Yield the errors of all methods on one test image after the other.

    Dicts with `"image"` and `"method"`, `"unknown"`, the number of unknown pixels, and the errors of `evaluate`. Mattes
    are taken as the protocol takes them, as 8-bit levels; those of 16 bits are rounded.

    Args:
        images: List of `EvaluationImage`, all with `alpha`.
        predictions: Dict from methods to what `find_predictions` returns.

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
            yield {"image": image.name, "method": method, "unknown": int(np.count_nonzero(trimap.unknown)), **errors}


def read_levels(path: Path | str) -> Array:
    """Read an alpha matte as 8-bit levels, uint8 of shape `(H, W)`; see `read_alpha` for the errors."""
    return (255 * read_alpha(path)).round().astype(np.uint8)


def true_levels(image: EvaluationImage) -> Array:
    """Read the true matte of an image as `read_levels` does; `ValueError` where it is not published."""
    if image.alpha is None:
        raise ValueError(f"Errors need the true matte of an image. Received: {image}")
    return read_levels(image.alpha)


def write_submission(images: Sequence[EvaluationImage], predictions: Mapping[str, Path], folder: Path | str) -> None:
    """Write predictions of 8 or 16 bits as alphamatting.com takes them: 8-bit grey `Trimap1/NAME.png` to `Trimap3`.

    Args:
        images: List of `EvaluationImage` from `images_of_layout("alphamatting", ...)`.
        predictions: Dict from names of images to paths, from `find_predictions`.
        folder: Folder to write to.

    Raises:
        FileNotFoundError: Where a trimap of the three is missing.
        PictureError: For a prediction that cannot be read.
        ValueError: Where a file of the submission would replace a prediction.
        OSError: Where a file cannot be opened or written.
    """
    found = sorted({str(PurePosixPath(image.name).parent) for image in images})
    if found != SUBMITTED:
        raise FileNotFoundError(
            f"A submission to alphamatting.com needs images with {', '.join(SUBMITTED)}. Received: {', '.join(found)}. "
            "Name the folder of its test images, with all their trimaps."
        )
    outputs = {image.name: Path(folder) / f"{image.name}.png" for image in images}
    check_not_inputs(outputs.values(), predictions.values())
    for image in images:
        write_png(outputs[image.name], read_levels(predictions[image.name]))
