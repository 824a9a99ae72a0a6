"""Which pictures are to be matted with which trimaps, and where the results go."""

import dataclasses
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from a2u_tf.files import check_not_inputs, identity
from a2u_tf.matting.pictures.folders import Problems, group_by_name, list_pictures, same_name


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

    def is_done(self) -> bool:
        """Whether all outputs are there; after a power cut, one may be there without its content."""
        return all(path.is_file() and path.stat().st_size for path in self.outputs.values())


def find_jobs(
    image: Path | str,
    trimap: Path | str,
    outputs: Mapping[str, Path | str],
    problems: Problems,
    keep: Iterable[Path] = (),
) -> list[MattingJob]:
    """Find what is to be done; the pictures are not read.

    Args:
        image: Picture, or folder of pictures.
        trimap: Its trimap, or folder of trimaps that have the names of their pictures; endings may differ.
        outputs: Dict from what is written, such as `"alpha"`, to a file ending in .png; or, for folders, to a folder in
            which each picture gets a file NAME.png.
        problems: `Problems` that collects pictures without trimap, trimaps without picture, names that occur twice and
            files of other formats.
        keep: More files that are read and must not be overwritten. So are all files in the folders, whatever they are.

    Returns:
        List of `MattingJob`, in the order of the names.

    Raises:
        FileNotFoundError: Where the picture, the trimap or a folder is missing.
        ValueError: For a file beside a folder, or an output that is no .png file, is an input or is named twice; for a
            folder of pictures or trimaps as output, where the next run would take mattes for them.
        OSError: Where an output cannot be written.
    """
    image, trimap = Path(image), Path(trimap)
    for path in (image, trimap):
        if not path.exists():
            raise FileNotFoundError(f"There is no {path}.")
    if image.is_dir() != trimap.is_dir():
        raise ValueError(f"Expected two files or two folders. Received: {image} and {trimap}")
    if image.is_dir():
        _check_folders(outputs, (image, trimap))
        jobs = [
            MattingJob(*pair, {kind: Path(output, f"{pair[0].stem}.png") for kind, output in outputs.items()})
            for pair in _pairs(image, trimap, problems)
        ]
        jobs = [job for job in jobs if not _folders_in_the_way(job, problems)]
        inputs = [*keep, *image.iterdir(), *trimap.iterdir()]
    else:
        for output in map(Path, outputs.values()):
            if output.is_dir():
                raise ValueError(f"Expected an output file, as the inputs are files. Received: {output}, a folder")
            if output.suffix.lower() != ".png":
                raise ValueError(f"Expected an output file whose name ends in .png. Received: {output}")
        jobs = [MattingJob(image, trimap, {kind: Path(output) for kind, output in outputs.items()})]
        inputs = [*keep, image, trimap]
    paths = [path for job in jobs for path in job.outputs.values()]
    check_not_inputs(paths, inputs)
    _check_outputs(paths)
    return jobs


def _pairs(image: Path, trimap: Path, problems: Problems) -> Iterator[tuple[Path, Path]]:
    """Yield pictures and their trimaps in two folders, by name."""
    images = group_by_name(list_pictures(image, problems))
    once = identity(image) == identity(trimap)  # and what is wrong there is told once
    trimaps = images if once else group_by_name(list_pictures(trimap, problems))
    for name in sorted({*images, *trimaps}):
        pair = images.get(name, []), trimaps.get(name, [])
        for twice in (paths for paths in pair[: 1 if once else 2] if len(paths) > 1):
            problems.add(same_name(twice))
        if not all(pair):
            problems.add(f"{(pair[0] or pair[1])[0]} has no partner of the name {name!r}.")
        elif len(pair[0]) == len(pair[1]) == 1:
            yield pair[0][0], pair[1][0]


def _folders_in_the_way(job: MattingJob, problems: Problems) -> list[Path]:
    """Note and return the folders that lie where files of a job are to be written."""
    folders = [path for path in job.outputs.values() if path.is_dir()]
    for folder in folders:
        problems.add(f"{folder} is a folder where {job.image}'s file would be. Move it away, or name another output.")
    return folders


def _check_folders(outputs: Mapping[str, Path | str], inputs: tuple[Path, Path]) -> None:
    for output in map(Path, outputs.values()):
        if identity(output) in map(identity, inputs):
            raise ValueError(
                f"{output} is an input: the next run would take what is written for pictures. Name another folder."
            )
        if output.exists() and not output.is_dir():
            raise ValueError(f"Expected a folder to write into, as the inputs are folders. Received: {output}, a file")


def _check_outputs(paths: list[Path]) -> None:
    """Stop before anything is computed where an output would replace another, or cannot be written."""
    taken = set()
    for path in paths:
        if (place := os.path.realpath(path)) in taken:
            raise ValueError(f"{path} is named for another output: it would be overwritten. Name another output.")
        taken.add(place)
    folders = {path.parent for path in paths}
    for folder in folders:
        existing = next(parent for parent in (folder, *folder.absolute().parents) if parent.exists())
        if not existing.is_dir():
            raise NotADirectoryError(f"Nothing can be written to {folder}: {existing} is a file.")
        if not os.access(existing, os.W_OK | os.X_OK):
            raise PermissionError(f"Nothing can be written to {folder}: no right to write to {existing}.")
