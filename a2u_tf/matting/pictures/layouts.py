"""Data sets for matting as they lie in their folders, checked before a training or an evaluation begins.

Each function checks that files and their partners are there, are of one size and begin and end as pictures do, and
returns them by name. Missing folders are a `FileNotFoundError`; all else that is wrong is told at once, by a
`PictureError`. Pixels are read later, by `a2u_tf.matting.pictures`.
"""

import dataclasses
import re
from pathlib import Path

from a2u_tf.matting.pictures import folders
from a2u_tf.matting.pictures.folders import Problems, pictures_by_name, subfolders


@dataclasses.dataclass(frozen=True)
class TrainingForeground:
    """Files of a foreground to be composed.

    Attributes:
        name: Name of the file without ending.
        colours: Picture with its colours.
        alpha: Picture with its alpha matte; `None` where that is the alpha channel of `colours`.
    """

    name: str
    colours: Path
    alpha: Path | None


@dataclasses.dataclass(frozen=True)
class EvaluationImage:
    """Files of a picture whose matte is to be predicted.

    Attributes:
        name: Name of the file of the image without ending.
        image: The picture; `None` where nobody looks at it.
        trimap: Its trimap.
        alpha: Its true alpha matte; `None` where it is not published.
    """

    name: str
    image: Path | None
    trimap: Path
    alpha: Path | None


def composition_1k_training(folder: Path | str) -> list[TrainingForeground]:
    """Foregrounds, by name, of Adobe Composition-1k: `Training_set/fg` with their mattes in `Training_set/alpha`.

    The archives hold them in two parts, "Adobe-licensed images" and "Other", to be merged.

    Raises:
        FileNotFoundError: For folders that are missing.
        PictureError: For all other problems, together.
    """
    return _foregrounds(folder, "Training_set/fg", "Training_set/alpha")


def composition_1k_test(folder: Path | str) -> list[EvaluationImage]:
    """Test images, by name, of Adobe Composition-1k: `merged/NAME_i`, `trimaps/NAME_i`, `alpha/NAME` in `Test_set`.

    Errors are those of `composition_1k_training`.
    """
    return _composed(folder, "Test_set/merged", "Test_set/trimaps", "Test_set/alpha")


def distinctions_646_training(folder: Path | str) -> list[TrainingForeground]:
    """Foregrounds, by name, of Distinctions-646: `Train/FG` with their mattes in `Train/GT`.

    Errors are those of `composition_1k_training`.
    """
    return _foregrounds(folder, "Train/FG", "Train/GT")


def distinctions_646_test(folder: Path | str) -> list[EvaluationImage]:
    """Test images, by name, of Distinctions-646: `merged/NAME_i`, `trimaps/NAME_i` and `GT/NAME` in `Test`.

    The data set holds `Test/FG` and `Test/GT`; the images are composed from them over backgrounds of PASCAL VOC, 20
    each, and the trimaps made from `Test/GT`. Errors are those of `composition_1k_training`.
    """
    return _composed(folder, "Test/merged", "Test/trimaps", "Test/GT")


def alphamatting(folder: Path | str, trimap: int, split: str | None = None) -> list[EvaluationImage]:
    """Images, by name, of alphamatting.com, with one of the trimaps that there are for each.

    `alpha` is None where the folder with the mattes is missing. Errors are those of `composition_1k_training`.

    Args:
        folder: Folder with `input_SPLIT`, `trimap_SPLIT/Trimap1` and so on, and `gt_SPLIT` where the mattes are
            published; or, without `split`, with `input`, `trimap1` and so on, and `gt`.
        trimap: 1, 2 or 3, the number of the trimap.
        split: `"training_lowres"`, `"lowres"` or another ending of the folders' names.
    """
    ending = f"_{split}" if split else ""
    trimaps = f"trimap{ending}/Trimap{trimap}" if split else f"trimap{trimap}"
    places = subfolders(folder, f"input{ending}", trimaps)
    alphas = Path(folder, f"gt{ending}")
    problems = Problems(folder)
    images, trimap_of, *alpha_of = _with_partners([*places, alphas] if alphas.is_dir() else places, problems)
    problems.stop_if_any()
    return [
        EvaluationImage(name, image, trimap_of[name], alpha_of[0][name] if alpha_of else None)
        for name, image in images.items()
    ]


def rgba_foregrounds(folder: Path | str) -> list[TrainingForeground]:
    """Pictures with an alpha channel, all in a folder, by name. Errors are those of `composition_1k_training`."""
    problems = Problems(folder)
    pictures = pictures_by_name(folder, problems)
    for path, header in folders.read_headers(pictures.values(), problems).items():
        if not header.has_alpha:
            problems.add(f"{path} has no alpha channel. Give it one, or move the picture away.")
    problems.stop_if_any()
    return [TrainingForeground(name, path, None) for name, path in pictures.items()]


def background_pictures(folder: Path | str) -> list[Path]:
    """Backgrounds: all pictures in a folder, by name. Errors are those of `composition_1k_training`."""
    problems = Problems(folder)
    paths = folders.list_pictures(folder, problems)
    folders.read_headers(paths, problems)
    problems.stop_if_any()
    return paths


def _foregrounds(folder: Path | str, *names: str) -> list[TrainingForeground]:
    problems = Problems(folder)
    colours, alphas = _with_partners(subfolders(folder, *names), problems)
    problems.stop_if_any()
    return [TrainingForeground(name, path, alphas[name]) for name, path in colours.items()]


def _with_partners(places: list[Path], problems: Problems) -> list[dict[str, Path]]:
    """Return the pictures of each folder by name; names that are not in all folders are problems."""
    pictures = [pictures_by_name(folder, problems) for folder in places]
    for name in sorted(set().union(*pictures)):
        for folder, found in zip(places, pictures, strict=True):
            if found and name not in found:
                problems.add(f"{folder / name} is missing, as .png, .jpg or so.")
    folders.check_sizes([[found[name] for found in pictures if name in found] for name in pictures[0]], problems)
    return pictures


def _composed(folder: Path | str, *names: str) -> list[EvaluationImage]:
    """Evaluation images of which several, `NAME_0`, `NAME_1` and so on, share the matte `NAME`."""
    problems = Problems(folder)
    *places, alpha_folder = subfolders(folder, *names)
    images, trimaps = _with_partners(places, problems)
    alphas = pictures_by_name(alpha_folder, problems)
    owners = {name: re.sub(r"_\d+$", "", name) for name in images}
    for name, owner in owners.items():
        if owner not in alphas:
            problems.add(f"{alpha_folder / owner} is missing, as .png, .jpg or so: the matte of {images[name]}.")
    for name in sorted(set(alphas) - set(owners.values())):
        problems.add(f"{places[0] / name}_0 is missing, as .png, .jpg or so: no image belongs to {alphas[name]}.")
    folders.check_sizes([[images[name], alphas[owner]] for name, owner in owners.items() if owner in alphas], problems)
    problems.stop_if_any()
    return [EvaluationImage(name, image, trimaps[name], alphas[owners[name]]) for name, image in images.items()]
