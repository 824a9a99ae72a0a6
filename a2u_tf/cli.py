"""The command line `a2u-matte`: photographs and trimaps in; mattes, cutouts and composites out."""

import argparse
import math
import sys
import time
from pathlib import Path

import cv2
import keras
import numpy as np

from a2u_tf.conventions import BACKGROUND, FOREGROUND
from a2u_tf.cutout import COLOURS, check_pymatting, estimate_foreground, lay_over, parse_colour
from a2u_tf.data.matting.folders import Problems
from a2u_tf.data.matting.picture_files import PictureError, read_header
from a2u_tf.data.matting.pictures import read_alpha, read_rgb, read_trimap, write_alpha, write_rgb
from a2u_tf.data.matting.trimap import trimap_from_mask
from a2u_tf.inference import DTYPES, LARGE, for_prediction, predict_alpha
from a2u_tf.matting_jobs import find_jobs
from a2u_tf.models.matting.network import SHIPPED
from a2u_tf.models.pretrained import load_matting
from a2u_tf.version import __version__

DESCRIPTION = """\
Cut people, hair, fur and glass out of photographs. For each picture and its
trimap a matte is predicted: a grey picture that is white where the foreground
is opaque, black where there is none, and grey where it is half transparent.
A trimap is a grey PNG: 255 is foreground, 0 background, all else unknown."""

EXAMPLES = """\
examples:
  a2u-matte photo.jpg trimap.png -o alpha.png
  a2u-matte photo.jpg mask.png --from-mask 40 --cutout cutout.png
  a2u-matte PHOTOS TRIMAPS -o ALPHAS --composite NEW --background sea.jpg --model best.keras

A folder stands for the PNG and JPEG pictures in it; pictures and trimaps belong
together by their names without endings, and what is written gets these names.
Files are written whole or not at all; old ones are replaced, inputs never.
Exit code: 0 when all is done, 1 when a picture could not be done, 2 for
arguments that make no sense."""


def main(argv=None):
    """Run the command; returns its exit code."""
    parser = _parser()
    args = parser.parse_args(argv)
    outputs = {kind: getattr(args, kind) for kind in ("alpha", "cutout", "composite") if getattr(args, kind)}
    if not outputs:
        parser.error("nothing to write: give -o, --cutout or --composite")
    if (args.composite is None) != (args.background is None):
        parser.error("--composite says where to write and --background what to lay behind: give both or neither")
    try:
        return _run(args, outputs)
    except (ValueError, OSError, ModuleNotFoundError) as error:
        return _failed(error)
    except KeyboardInterrupt:
        return _failed("interrupted; files that were written are whole", 130)


def _parser():
    parser = argparse.ArgumentParser(
        "a2u-matte", description=DESCRIPTION, epilog=EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("image", type=Path, help="photograph (PNG or JPEG; 16 bits are read as 8), or folder of them")
    parser.add_argument("trimap", type=Path, help="its trimap, or folder of trimaps; with --from-mask: rough masks")
    parser.add_argument(
        "--model", default="small", help="'small', which comes with this package (default), or a saved Matting (.keras)"
    )
    parser.add_argument("--version", action="version", version=f"a2u_tf {__version__}")

    group = parser.add_argument_group("what to write", "files ending in .png; for folders: folders")
    group.add_argument("-o", "--alpha", type=Path, metavar="OUT", help="the matte, grey")
    group.add_argument("--cutout", type=Path, metavar="OUT", help="the foreground alone, RGBA, in colours without halo")
    group.add_argument("--composite", type=Path, metavar="OUT", help="the foreground over --background, RGB")
    group.add_argument(
        "--background",
        metavar="PICTURE_OR_COLOUR",
        help=f"a picture, scaled to cover and cropped about its centre; #rrggbb; or {', '.join(COLOURS)}",
    )
    group.add_argument("--bits", type=int, choices=(8, 16), default=8, help="bits a channel (default: 8)")

    group = parser.add_argument_group("how to work")
    group.add_argument(
        "--from-mask",
        "--trimap-from-alpha",
        type=_positive,
        metavar="WIDTH",
        help="the second input is a rough mask or an earlier matte: unknown is what it half covers, and a band of "
        "WIDTH pixels along its edges",
    )
    group.add_argument(
        "--dtype",
        choices=DTYPES,
        help="what the network computes in (default: as it was saved). bfloat16 gains memory and time only where the "
        "processor or GPU has instructions for it, and mattes differ by a few hundredths at single pixels",
    )
    group.add_argument(
        "--max-side",
        type=_positive,
        metavar="PIXELS",
        help="reduce larger pictures for the network and enlarge their mattes: faster and in less memory, but coarser, "
        "and another matte, as A2U's kernels come from averages over the whole picture",
    )
    return parser


def _positive(text):
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"expected a whole number of pixels, at least 1, received {text!r}")
    return int(text)


def _run(args, outputs):
    """Do all pictures that can be done; returns the exit code."""
    start, problems, done = time.perf_counter(), Problems(args.image), 0
    notes: list[str] = []
    background, background_files = _read_background(args.background)
    if set(outputs) & {"cutout", "composite"}:
        check_pymatting()
    model_files = [] if args.model in SHIPPED else [Path(args.model)]
    jobs = find_jobs(args.image, args.trimap, outputs, problems, keep=[*model_files, *background_files])
    if not jobs:
        problems.stop_if_any()
    model = load_matting(args.model)
    large = not args.max_side and any(_pixels(job.image) > LARGE for job in jobs)
    if args.dtype or large:
        model = for_prediction(model, args.dtype, large)
    bar = keras.utils.Progbar(len(jobs), unit_name="picture") if sys.stdout.isatty() and len(jobs) > 1 else None
    for number, job in enumerate(jobs, 1):
        try:
            _matte(job, model, background, args, notes)
            done += 1
        except (ValueError, OSError, cv2.error) as error:
            problems.add(_reason(job, error))
        except _memory_errors():
            problems.add(f"{job.image}: the memory is not enough. Try --max-side, or --dtype bfloat16 on a GPU.")
        if bar:
            bar.update(number)
        else:
            print(f"{number}/{len(jobs)} {job.image}", flush=True)
    names = ", ".join(str(output) for output in outputs.values())
    print(f"{done} of {len(jobs)} done in {time.perf_counter() - start:.1f} s{_peak_memory()}: {names}")
    for note in dict.fromkeys(notes):
        print(f"note: {note}", file=sys.stderr)
    return _failed("\n  ".join(["not everything could be done:", *problems.lines])) if problems.lines else 0


def _matte(job, model, background, args, notes):
    """Read, predict and write one picture."""
    sizes = [read_header(path).size for path in (job.image, job.trimap)]
    if sizes[0] != sizes[1]:
        raise PictureError(f"Sizes (height, width) differ: {job.image} is {sizes[0]}, {job.trimap} is {sizes[1]}.")
    image = read_rgb(job.image)
    trimap = trimap_from_mask(read_alpha(job.trimap), args.from_mask) if args.from_mask else read_trimap(job.trimap)
    if np.isin(trimap, (BACKGROUND, FOREGROUND)).all():
        notes.append(f"{job.trimap} leaves nothing unknown: is it a mask? Then --from-mask WIDTH finds the edges.")
    if args.max_side and max(trimap.shape) > args.max_side:
        notes.append("--max-side: mattes of reduced pictures are coarser, and not those of the pictures at full size.")
    alpha = predict_alpha(model, image, trimap, args.max_side)
    # The picture without its background comes last: where its colours fail, the matte is there.
    if "alpha" in job.outputs:
        write_alpha(job.outputs["alpha"], alpha, args.bits)
    if set(job.outputs) == {"alpha"}:
        return
    colours = estimate_foreground(image, alpha)
    if "cutout" in job.outputs:
        write_rgb(job.outputs["cutout"], colours, args.bits, alpha)
    if "composite" in job.outputs:
        write_rgb(job.outputs["composite"], lay_over(colours, alpha, background), args.bits)


def _read_background(text):
    """Return the picture or the pixel behind composites, or None; and the files that it was read from."""
    if text is None:
        return None, []
    colour = parse_colour(text)
    if colour is not None:
        return colour, []
    if not Path(text).is_file():
        raise FileNotFoundError(f"--background: {text} is no file, no #rrggbb, and none of {', '.join(COLOURS)}.")
    return read_rgb(text), [Path(text)]


def _pixels(path):
    """How many pixels a picture has; none where its file cannot be read, which is told when its turn comes."""
    try:
        return math.prod(read_header(path).size)
    except (PictureError, OSError):
        return 0


def _reason(job, error):
    """Say in one line what went wrong with which picture."""
    text = " ".join(str(error).split())
    return text if any(str(path) in text for path in (job.image, job.trimap)) else f"{job.image}: {text}"


def _memory_errors():
    if keras.backend.backend() != "tensorflow":
        return (MemoryError,)
    import tensorflow as tf

    return MemoryError, tf.errors.ResourceExhaustedError


def _peak_memory():
    """What the process held at most, as a part of a sentence; nothing on Windows, which does not count it so."""
    try:
        import resource
    except ImportError:
        return ""
    unit = 1 if sys.platform == "darwin" else 1024
    return f", peak memory {unit * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e9:.1f} GB"


def _failed(error, code=1):
    print(f"error: {error}", file=sys.stderr)
    return code


if __name__ == "__main__":
    raise SystemExit(main())
