"""Pictures of a folder, one after another: photographs and trimaps in; mattes, cutouts and composites out."""

import dataclasses
import functools
import math
import os
import sys
import time
import unicodedata
from argparse import Namespace
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

import keras

from a2u_tf.files import check_not_inputs, identity, printable
from a2u_tf.matting import cutout, pictures
from a2u_tf.matting.closed_form import closed_form_alpha, import_pymatting
from a2u_tf.matting.network.network import SHIPPED
from a2u_tf.matting.pictures import Picture, folders
from a2u_tf.matting.pictures.decoding import converted
from a2u_tf.matting.pictures.folders import Problems
from a2u_tf.matting.pictures.formats import read_header
from a2u_tf.matting.prediction import LARGE, for_prediction, predict_alpha
from a2u_tf.matting.weights.loading import load_matting
from a2u_tf.types import Array


@dataclasses.dataclass(frozen=True)
class MattingJob:
    """One picture: its path, that of its trimap, and by what is written, such as `"alpha"`, those of its outputs."""

    image: Path
    trimap: Path
    outputs: dict[str, Path]

    def is_done(self) -> bool:
        """Whether all outputs are there; after a power cut, one may be there without its content."""
        return all(path.is_file() and path.stat().st_size for path in self.outputs.values())


def find_jobs(
    image: Path | str, trimap: Path | str, outputs: Mapping[str, Path], problems: Problems, keep: Iterable[Path] = ()
) -> list[MattingJob]:
    """Find what is to be done, in the order of the names; the pictures are not read.

    Picture, trimap and outputs are three files, or three folders, where trimaps have the names of their pictures,
    endings may differ, and outputs are NAME.png. What is wrong with single pictures is noted in `problems`. Errors are
    raised where nothing may be written: over an input or a file of `keep`, over another output, or among pictures,
    where the next run would take mattes for them.
    """
    image, trimap = Path(image), Path(trimap)
    for path in (image, trimap):
        if not path.exists():
            raise FileNotFoundError(f"There is no {path}.")
    if image.is_dir() != trimap.is_dir():
        raise ValueError(f"Expected two files or two folders. Received: {image} and {trimap}")
    kind = "folder" if image.is_dir() else "file"
    for output in outputs.values():
        if output.exists() and output.is_dir() != image.is_dir():
            raise ValueError(f"Expected an output {kind}, as the inputs are {kind}s. Received: {output}")
        if kind == "file" and output.suffix.lower() != ".png":
            raise ValueError(f"Expected an output file whose name ends in .png. Received: {output}")
        if kind == "folder" and identity(output) in (identity(image), identity(trimap)):
            raise ValueError(f"{output} is an input: the next run would take mattes for pictures. Name another folder.")
    jobs, inputs = [MattingJob(image, trimap, dict(outputs))], [image, trimap]
    if kind == "folder":
        jobs = list(_jobs(image, trimap, outputs, problems))
        inputs = [*image.iterdir(), *trimap.iterdir()]  # whatever they are
    paths = [path for job in jobs for path in job.outputs.values()]
    check_not_inputs(paths, [*keep, *inputs])
    _check_outputs(paths)
    return jobs


def _jobs(image: Path, trimap: Path, places: Mapping[str, Path], problems: Problems) -> Iterator[MattingJob]:
    """Yield pictures and their trimaps in two folders, by name, unless folders lie where files are to be written."""
    images = folders.group_by_name(folders.list_pictures(image, problems))
    once = identity(image) == identity(trimap)  # and what is wrong there is told once
    trimaps = images if once else folders.group_by_name(folders.list_pictures(trimap, problems))
    for name in sorted({*images, *trimaps}):
        pair = images.get(name, []), trimaps.get(name, [])
        for twice in (paths for paths in pair[: 1 if once else 2] if len(paths) > 1):
            problems.add(folders.same_name(twice))
        if not all(pair):
            problems.add(f"{(pair[0] or pair[1])[0]} has no partner of the name {name!r}.")
        elif len(pair[0]) == len(pair[1]) == 1:
            (picture,), (known,) = pair
            outputs = {kind: place / f"{picture.stem}.png" for kind, place in places.items()}
            in_the_way = [path for path in outputs.values() if path.is_dir()]
            for path in in_the_way:
                problems.add(f"{path} is a folder where {picture}'s file would be. Move it, or name another output.")
            if not in_the_way:
                yield MattingJob(picture, known, outputs)


def _check_outputs(paths: list[Path]) -> None:
    """Stop before anything is computed where an output would replace another, or cannot be written."""
    taken = set()
    for path in paths:
        if (place := os.path.realpath(path)) in taken:
            raise ValueError(f"{path} is named for another output: it would be overwritten. Name another output.")
        taken.add(place)
    for folder in {path.parent for path in paths}:
        existing = next(parent for parent in (folder, *folder.absolute().parents) if parent.exists())
        if not existing.is_dir():
            raise NotADirectoryError(f"Nothing can be written to {folder}: {existing} is a file.")
        if not os.access(existing, os.W_OK | os.X_OK):
            raise PermissionError(f"Nothing can be written to {folder}: no right to write to {existing}.")


def matte_all(options: Namespace, outputs: Mapping[str, Path], raise_if_stopped: Callable[[], None]) -> list[str]:
    """Do all pictures that can be done, print how it goes, and return a line for each that could not be done.

    `options` are those of `a2u-matte --help`; `outputs` leads from `"alpha"`, `"cutout"` and `"composite"`, or some of
    them, to what is written; `raise_if_stopped`, called between pictures, raises what is no `Exception`.
    """
    start, problems = time.perf_counter(), Problems(options.image)
    background = _read_background(options.background, options.ignore_alpha)
    keep = [] if options.model in SHIPPED else [Path(options.model)]
    keep += [background.path] if background and background.path else []
    if options.box and Path(options.image).is_dir():
        raise ValueError(f"--box is for one picture. Received the folder {options.image}. Give --strokes, or trimaps.")
    marks = options.trimap or options.strokes or options.image
    jobs = find_jobs(options.image, marks, outputs, problems, keep)
    if not jobs:
        problems.stop_if_any()
    waiting = [job for job in jobs if not (options.skip_existing and job.is_done())]
    if waiting:
        predict = _predictor(options, waiting)
    bar = keras.utils.Progbar(len(waiting), unit_name="picture") if sys.stdout.isatty() and len(waiting) > 1 else None
    done, replaced = 0, 0
    written: dict[str, Path] = {}
    notes: list[str] = []
    for number, job in enumerate(waiting, 1):
        raise_if_stopped()
        said = f"{number}/{len(waiting)} {job.image}"
        try:
            old = _there_already(job, written)
            _matte(job, predict, background, options, notes)
            done, replaced = done + 1, replaced + len(old)
            said += f", replaced {', '.join(old)}" if old else ""
        except Exception as error:  # whatever it is, the other pictures are to be done
            raise_if_stopped()
            said += ", failed"
            # TensorFlow's, too, by its name: another backend may run without TensorFlow.
            if isinstance(error, MemoryError) or type(error).__name__ == "ResourceExhaustedError":
                more = ", or --dtype bfloat16 on a GPU" * (options.method == "network")
                problems.add(f"{job.image}: the memory is not enough. Try --max-side{more}.")
            else:
                problems.add_error(error, job.image, job.trimap, *job.outputs.values())
        if bar:
            bar.update(number)
        else:
            print(printable(said), flush=True)
    counts = {"files replaced": replaced, "pictures skipped": len(jobs) - len(waiting)}
    more = ", ".join(f"{what}: {count}" for what, count in counts.items() if count)
    names = ", ".join(map(str, outputs.values()))
    spent = f"{time.perf_counter() - start:.1f} s{_peak_memory()}"
    print(printable(f"{done} of {len(jobs)} done in {spent}: {names}{f' ({more})' if more else ''}"))
    for note in dict.fromkeys(notes):
        print(printable(f"note: {note}"), file=sys.stderr)
    return problems.lines


def _predictor(options: Namespace, jobs: list[MattingJob]) -> Callable[..., Array]:
    """Return what makes the mattes of all jobs, of a picture, its trimap and the largest side."""
    if options.method == "closed-form":
        import_pymatting()  # what is wrong with it is told before any picture is read
        return closed_form_alpha
    model = load_matting(options.model)
    large = not options.max_side and any(_pixels(job.image) > LARGE for job in jobs)
    if options.dtype or large:
        model = for_prediction(model, options.dtype, large)
    return functools.partial(predict_alpha, model)


def _there_already(job: MattingJob, written: dict[str, Path]) -> list[str]:
    """Return what the job will replace; raise at a file of this run, where a disk takes A.png and a.png for one."""
    for path in job.outputs.values():
        other = written.setdefault(unicodedata.normalize("NFC", str(path)).casefold(), path)
        if other != path and path.exists() and os.path.samefile(path, other):
            raise FileExistsError(f"{path} and {other} are one file there. Write to another disk, or rename one.")
    return [str(path) for path in job.outputs.values() if path.exists()]


def _matte(
    job: MattingJob, predict: Callable[..., Array], background: Picture | None, options: Namespace, notes: list[str]
) -> None:
    """Read, predict and write one picture."""
    sizes = [read_header(path).size for path in (job.image, job.trimap)]
    folders.check_trimap_size(job.image, sizes[0], job.trimap, sizes[1])
    picture = pictures.read_picture(job.image, options.ignore_alpha)
    trimap = _trimap(job, picture, options)
    if trimap.lacks:
        known = bool(options.trimap) and not options.from_mask and not trimap.unknown.any()
        hint = " Is it a mask? Then --from-mask WIDTH finds the edges." * known
        notes.append(f"{job.trimap} {trimap.lacks}{hint}")
    if options.max_side and max(sizes[1]) > options.max_side:
        notes.append("--max-side: mattes of reduced pictures are coarser, and not those of the pictures at full size.")
    image = picture.rgb if picture.bits == 8 else picture.colours()
    alpha = predict(image, trimap.levels, options.max_side)
    bits = options.bits or picture.bits
    if "alpha" in job.outputs:
        pictures.write_alpha(job.outputs["alpha"], alpha, bits)
    if set(job.outputs) == {"alpha"}:
        return
    alpha = cutout.decide_alpha(picture.colours(), alpha)
    colours = cutout.estimate_foreground(picture.colours(), alpha)
    if "cutout" in job.outputs:
        pictures.write_rgb(job.outputs["cutout"], colours, bits, alpha, picture.profile)
    if "composite" in job.outputs:
        if background is None:
            raise ValueError("A composite needs a background: a picture or a colour (--background).")
        behind = background.colours()
        if background.profile != picture.profile:  # whose conversion knows 8 bits alone
            levels = pictures.as_8_bits(background.rgb)
            behind = Picture(converted(levels, background.profile, picture.profile)).colours()
        laid = cutout.lay_over(colours, alpha, behind)
        pictures.write_rgb(job.outputs["composite"], laid, bits, profile=picture.profile)


def _trimap(job: MattingJob, picture: Picture, options: Namespace) -> pictures.Trimap:
    """Read the trimap of a picture, or make it of what was marked."""
    if options.box:
        return pictures.Trimap(pictures.trimap_from_box(picture.rgb, options.box, options.from_mask))
    if options.strokes:
        strokes = pictures.read_strokes(job.trimap)
        return pictures.Trimap(pictures.trimap_from_strokes(picture.rgb, strokes, options.from_mask))
    trimap = pictures.read_trimap(job.trimap)
    if options.from_mask:
        trimap = pictures.Trimap(pictures.trimap_from_mask(trimap, options.from_mask))
    return trimap


def _read_background(text: str | None, ignore_alpha: bool) -> Picture | None:
    """Return what lies behind composites."""
    if text is None:
        return None
    if (colour := cutout.parse_colour(text)) is not None:
        return Picture(colour)
    if not Path(text).is_file():
        known = ", ".join(cutout.COLOURS)
        raise FileNotFoundError(f"--background: {text} is no file, no #rrggbb, and none of {known}.")
    return pictures.read_picture(text, ignore_alpha)


def _pixels(path: Path) -> int:
    """How many pixels a picture has; none where its file cannot be read, which is told when its turn comes."""
    try:
        return math.prod(read_header(path).size)
    except (pictures.PictureError, OSError):
        return 0


def _peak_memory() -> str:
    """What the process held at most, as a part of a sentence; nothing on Windows, which does not count it so."""
    try:
        import resource
    except ImportError:
        return ""
    unit = 1 if sys.platform == "darwin" else 1024
    return f", peak memory {unit * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e9:.1f} GB"
