"""The work of `a2u-matte`: photographs and trimaps in; mattes, cutouts and composites out."""

import math
import os
import sys
import time
import unicodedata
from argparse import Namespace
from collections.abc import Callable, Mapping
from pathlib import Path

import keras

from a2u_tf.files import printable
from a2u_tf.matting.cutout import COLOURS, decide_alpha, estimate_foreground, lay_over, parse_colour
from a2u_tf.matting.folder.jobs import MattingJob, find_jobs
from a2u_tf.matting.network import MattingModel
from a2u_tf.matting.network.network import SHIPPED
from a2u_tf.matting.pictures import (
    Picture,
    PictureError,
    Trimap,
    as_8_bits,
    read_picture,
    read_trimap,
    trimap_from_mask,
    write_alpha,
    write_rgb,
)
from a2u_tf.matting.pictures.colour_profiles import converted
from a2u_tf.matting.pictures.folders import Problems, check_trimap_size
from a2u_tf.matting.pictures.formats import read_header
from a2u_tf.matting.prediction import LARGE, for_prediction, predict_alpha
from a2u_tf.matting.weights.loading import load_matting


def matte_all(options: Namespace, outputs: Mapping[str, Path], raise_if_stopped: Callable[[], None]) -> list[str]:
    """Do all pictures that can be done, and print how it goes.

    Args:
        options: Has `image` and `trimap`, paths of two files or two folders, and `model`, `background`, `bits`,
            `from_mask`, `ignore_alpha`, `dtype`, `max_side` and `skip_existing` as `a2u-matte --help` tells.
        outputs: Dict from `"alpha"`, `"cutout"` and `"composite"`, or some of them, to what is written.
        raise_if_stopped: Function that raises what is no `Exception` where the work is to end; called between pictures.

    Returns:
        List of a line for each picture that could not be done.

    Raises:
        ValueError, OSError: Where nothing can be done.
    """
    start, problems = time.perf_counter(), Problems(options.image)
    notes: list[str] = []
    background = _read_background(options.background, options.ignore_alpha)
    keep = [] if options.model in SHIPPED else [Path(options.model)]
    keep += [background.path] if background and background.path else []
    jobs = find_jobs(options.image, options.trimap, outputs, problems, keep)
    if not jobs:
        problems.stop_if_any()
    waiting = [job for job in jobs if not (options.skip_existing and job.is_done())]
    if waiting:
        model = _load(options, waiting)
    bar = keras.utils.Progbar(len(waiting), unit_name="picture") if sys.stdout.isatty() and len(waiting) > 1 else None
    done, replaced = 0, 0
    written: dict[str, Path] = {}
    for number, job in enumerate(waiting, 1):
        raise_if_stopped()
        said = f"{number}/{len(waiting)} {job.image}"
        try:
            old = _there_already(job, written)
            _matte(job, model, background, options, notes)
            done, replaced = done + 1, replaced + len(old)
            said += f", replaced {', '.join(old)}" if old else ""
        except Exception as error:  # whatever it is, the other pictures are to be done
            raise_if_stopped()
            said += ", failed"
            if isinstance(error, _memory_errors()):
                problems.add(f"{job.image}: the memory is not enough. Try --max-side, or --dtype bfloat16 on a GPU.")
            else:
                problems.add_error(error, job.image, job.trimap, *job.outputs.values())
        if bar:
            bar.update(number)
        else:
            print(printable(said), flush=True)
    counts = {"files replaced": replaced, "pictures skipped": len(jobs) - len(waiting)}
    more = ", ".join(f"{what}: {count}" for what, count in counts.items() if count)
    names = ", ".join(str(output) for output in outputs.values())
    spent = f"{time.perf_counter() - start:.1f} s{_peak_memory()}"
    print(printable(f"{done} of {len(jobs)} done in {spent}: {names}{f' ({more})' if more else ''}"))
    for note in dict.fromkeys(notes):
        print(printable(f"note: {note}"), file=sys.stderr)
    return problems.lines


def _load(options: Namespace, jobs: list[MattingJob]) -> MattingModel:
    model = load_matting(options.model)
    large = not options.max_side and any(_pixels(job.image) > LARGE for job in jobs)
    return for_prediction(model, options.dtype, large) if options.dtype or large else model


def _there_already(job: MattingJob, written: dict[str, Path]) -> list[str]:
    """Return the names of the files that the job will replace.

    Args:
        job: The job.
        written: Dict from paths in one spelling to those of this run so far; those of the job are added.

    Raises:
        FileExistsError: Where one is of this run, as where a file system takes A.png and a.png for one.
    """
    for path in job.outputs.values():
        other = written.setdefault(unicodedata.normalize("NFC", str(path)).casefold(), path)
        if other != path and path.exists() and os.path.samefile(path, other):
            raise FileExistsError(f"{path} and {other} are one file there. Write to another disk, or rename one.")
    return [str(path) for path in job.outputs.values() if path.exists()]


def _matte(
    job: MattingJob, model: MattingModel, background: Picture | None, options: Namespace, notes: list[str]
) -> None:
    """Read, predict and write one picture."""
    sizes = [read_header(path).size for path in (job.image, job.trimap)]
    check_trimap_size(job.image, sizes[0], job.trimap, sizes[1])
    picture = read_picture(job.image, options.ignore_alpha)
    trimap = read_trimap(job.trimap)
    if options.from_mask:
        trimap = Trimap(trimap_from_mask(trimap, options.from_mask))
    if trimap.lacks:
        known = not options.from_mask and not trimap.unknown.any()
        hint = " Is it a mask? Then --from-mask WIDTH finds the edges." * known
        notes.append(f"{job.trimap} {trimap.lacks}{hint}")
    if options.max_side and max(sizes[1]) > options.max_side:
        notes.append("--max-side: mattes of reduced pictures are coarser, and not those of the pictures at full size.")
    image = picture.rgb if picture.bits == 8 else picture.colours()
    alpha = predict_alpha(model, image, trimap.levels, options.max_side)
    bits = options.bits or picture.bits
    if "alpha" in job.outputs:
        write_alpha(job.outputs["alpha"], alpha, bits)
    if set(job.outputs) == {"alpha"}:
        return
    alpha = decide_alpha(picture.colours(), alpha)
    colours = estimate_foreground(picture.colours(), alpha)
    if "cutout" in job.outputs:
        write_rgb(job.outputs["cutout"], colours, bits, alpha, picture.profile)
    if "composite" in job.outputs:
        if background is None:
            raise ValueError("A composite needs a background: a picture or a colour (--background).")
        behind = background.colours()
        if background.profile != picture.profile:  # whose conversion knows 8 bits alone
            behind = Picture(converted(as_8_bits(background.rgb), background.profile, picture.profile)).colours()
        write_rgb(job.outputs["composite"], lay_over(colours, alpha, behind), bits, profile=picture.profile)


def _read_background(text: str | None, ignore_alpha: bool) -> Picture | None:
    """Return what lies behind composites."""
    if text is None:
        return None
    if (colour := parse_colour(text)) is not None:
        return Picture(colour)
    if not Path(text).is_file():
        raise FileNotFoundError(f"--background: {text} is no file, no #rrggbb, and none of {', '.join(COLOURS)}.")
    return read_picture(text, ignore_alpha)


def _pixels(path: Path) -> int:
    """How many pixels a picture has; none where its file cannot be read, which is told when its turn comes."""
    try:
        return math.prod(read_header(path).size)
    except (PictureError, OSError):
        return 0


def _memory_errors() -> tuple[type[Exception], ...]:
    if keras.backend.backend() != "tensorflow":
        return (MemoryError,)
    import tensorflow as tf

    return MemoryError, tf.errors.ResourceExhaustedError


def _peak_memory() -> str:
    """What the process held at most, as a part of a sentence; nothing on Windows, which does not count it so."""
    try:
        import resource
    except ImportError:
        return ""
    unit = 1 if sys.platform == "darwin" else 1024
    return f", peak memory {unit * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e9:.1f} GB"
