"""What is evaluated: the images of a test set, and the predictions for them."""

import dataclasses
from collections.abc import Iterable, Mapping
from pathlib import Path

from a2u_tf.matting.pictures import EvaluationImage, layouts
from a2u_tf.matting.pictures.folders import Problems, check_sizes, pictures_by_name

_TEST_SETS = {"composition_1k": layouts.composition_1k_test, "distinctions_646": layouts.distinctions_646_test}
LAYOUTS = (*_TEST_SETS, "alphamatting")


def images_in_folders(
    alphas: Path | str, trimaps: Path | str, images: Path | str | None = None
) -> list[EvaluationImage]:
    """Return the test images whose files have the same name in each folder.

    Args:
        alphas: Folder of true alpha mattes.
        trimaps: Folder of trimaps; there is one test image for each.
        images: Folder of the pictures themselves, which only the sheets show; `None` without.

    Returns:
        List of `EvaluationImage`, by name; `image` is `None` without `images`.

    Raises:
        FileNotFoundError: For folders that are missing.
        PictureError: For all other problems, together: files that are missing, superfluous, cut short, or whose sizes
            differ.
    """
    problems = Problems(trimaps)
    trimap_of = pictures_by_name(trimaps, problems)
    alpha_of = _partners(Path(alphas), trimap_of, problems)
    image_of: Mapping[str, Path | None] = (
        dict.fromkeys(trimap_of) if images is None else _partners(Path(images), trimap_of, problems)
    )
    files = ((trimap_of[name], alpha_of.get(name), image_of.get(name)) for name in trimap_of)
    check_sizes([[path for path in paths if path] for paths in files], problems)
    problems.stop_if_any()
    return [EvaluationImage(name, image_of[name], trimap_of[name], alpha_of[name]) for name in trimap_of]


def images_of_layout(layout: str, folder: Path | str, split: str | None = None) -> list[EvaluationImage]:
    """Return the test images of a data set that lies in its own layout.

    Args:
        layout: One of `LAYOUTS`.
        folder: Folder of the data set.
        split: For alphamatting alone: the ending of its folders' names, see `a2u_tf.matting.pictures.layouts`.

    Returns:
        List of `EvaluationImage`. Those of alphamatting.com, which has up to three trimaps for an image, are named
        `TrimapN/NAME`.

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
            found += [
                dataclasses.replace(image, name=f"Trimap{number}/{image.name}")
                for image in layouts.alphamatting(folder, number, split)
            ]
    return found


def find_predictions(images: Iterable[EvaluationImage], folder: Path | str) -> dict[str, Path]:
    """Return the predicted matte of each test image.

    Args:
        images: List of `EvaluationImage`.
        folder: Folder of predictions, one `NAME.png` for each image; names with folders lie in these.

    Returns:
        Dict from names of images to paths.

    Raises:
        FileNotFoundError: For folders that are missing.
        PictureError: For all other problems, together: predictions that are missing, belong to no image, are cut
            short, or are not of the size of the trimap.
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
    if pictures:
        for name in names:
            if name not in pictures:
                problems.add(f"{folder / name} is missing, as .png, .jpg or so.")
        for name in sorted(set(pictures) - set(names)):
            problems.add(f"{pictures[name]} belongs to no trimap. Move it away.")
    return {name: pictures[name] for name in names if name in pictures}
