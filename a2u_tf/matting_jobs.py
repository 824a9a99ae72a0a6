"""Which pictures are to be matted with which trimaps, and where the results go."""

import dataclasses
import os
from pathlib import Path

from a2u_tf.data.matting.folders import pictures_by_name


@dataclasses.dataclass(frozen=True)
class MattingJob:
    """One picture.

    Attributes:
        image: Path of the picture.
        trimap: Path of its trimap.
        outputs: Dict from what is written to its path.
    """

    image: Path
    trimap: Path
    outputs: dict[str, Path]


def find_jobs(image, trimap, outputs, problems, keep=()):
    """Find what is to be done; the pictures are not read.

    Args:
        image: Picture, or folder of pictures.
        trimap: Its trimap, or folder of trimaps that have the names of their pictures; endings may differ.
        outputs: Dict from what is written, such as `"alpha"`, to a file ending in .png; or, for folders, to a folder in
            which each picture gets a file NAME.png.
        problems: `Problems` that collects pictures without trimap, trimaps without picture and files of other formats.
        keep: More files that are read and must not be overwritten.

    Returns:
        List of `MattingJob`, in the order of the names.

    Raises:
        FileNotFoundError: Where the picture, the trimap or a folder is missing.
        ValueError: For a file beside a folder, or an output that is no .png file, is an input or is named twice.
        OSError: Where an output cannot be written.
    """
    image, trimap = Path(image), Path(trimap)
    for path in (image, trimap):
        if not path.exists():
            raise FileNotFoundError(f"There is no {path}.")
    if image.is_dir() != trimap.is_dir():
        raise ValueError(f"Expected two files or two folders. Received: {image} and {trimap}")
    if image.is_dir():
        _check_folders(outputs)
        images, trimaps = pictures_by_name(image, problems), pictures_by_name(trimap, problems)
        for name in sorted(set(images) ^ set(trimaps)):
            problems.add(f"{images.get(name) or trimaps[name]} has no partner of the name {name!r}.")
        jobs = [
            MattingJob(path, trimaps[name], {kind: Path(output, f"{name}.png") for kind, output in outputs.items()})
            for name, path in images.items()
            if name in trimaps
        ]
    else:
        for output in map(Path, outputs.values()):
            if output.suffix.lower() != ".png" or output.is_dir():
                raise ValueError(f"Expected an output file whose name ends in .png. Received: {output}")
        jobs = [MattingJob(image, trimap, {kind: Path(output) for kind, output in outputs.items()})]
    _check_outputs(jobs, keep)
    return jobs


def _check_folders(outputs):
    for output in map(Path, outputs.values()):
        if output.exists() and not output.is_dir():
            raise ValueError(f"Expected a folder to write into, as the inputs are folders. Received: {output}, a file")


def _check_outputs(jobs, keep):
    """Stop before anything is computed where an output would replace an input or another, or cannot be written."""
    inputs = [*keep, *(path for job in jobs for path in (job.image, job.trimap))]
    # Unlike `Path.resolve`, this takes links that lead in circles, too.
    taken = {os.path.realpath(path): "an input" for path in inputs}
    folders = set()
    for path in (path for job in jobs for path in job.outputs.values()):
        if what := taken.setdefault(os.path.realpath(path), ""):
            raise ValueError(f"{path} is {what}: it would be overwritten. Name another output.")
        taken[os.path.realpath(path)] = "named for another output"
        folders.add(path.parent)
    for folder in folders:
        existing = next(parent for parent in (folder, *folder.absolute().parents) if parent.exists())
        if not existing.is_dir():
            raise NotADirectoryError(f"Nothing can be written to {folder}: {existing} is a file.")
        if not os.access(existing, os.W_OK | os.X_OK):
            raise PermissionError(f"Nothing can be written to {folder}: no right to write to {existing}.")
