"""The program `a2u-matte`: photographs and trimaps in; mattes, cutouts and composites out.

Keras is imported when the arguments are known to make sense: it takes seconds, `--help` none.
"""

import argparse
import runpy
import sys
from pathlib import Path

from a2u_program.quiet import import_keras_quietly
from a2u_program.stops import raise_if_stopped, stopped_by_signals
from a2u_program.streams import forgiving_streams

DESCRIPTION = """\
Cut people, hair, fur and glass out of photographs. For each picture and its
trimap a matte is predicted: a grey picture that is white where the foreground
is opaque, black where there is none, and grey where it is half transparent.
A trimap is a grey picture: 255 is foreground, 0 background, each with the
levels within 24 of it, which JPEG files need; all else is unknown."""

EXAMPLES = """\
examples:
  a2u-matte photo.jpg trimap.png -o alpha.png
  a2u-matte photo.jpg mask.png --from-mask 40 --cutout cutout.png
  a2u-matte PHOTOS TRIMAPS -o ALPHAS --composite NEW --background sea.jpg --model best.keras

A folder stands for the pictures in it; pictures and trimaps belong together by
their names without endings, and what is written gets these names.
Files are written whole or not at all; old ones are replaced, or kept with
--skip-existing. No file of an input folder is ever replaced.
Exit code: 0 when all is done, 1 when a picture could not be done, 2 for
arguments that make no sense, 130 and 143 after Ctrl+C and SIGTERM."""

# Those of a2u_tf.matting.prediction and a2u_tf.matting.cutout, which would have to be imported for them.
DTYPES = ("float32", "bfloat16")
COLOURS = ("black", "white", "grey", "gray", "red", "green", "blue")


def main(argv=None):
    """Run the command; returns its exit code."""
    parser = _parser()
    args = parser.parse_args(argv)
    outputs = {kind: getattr(args, kind) for kind in ("alpha", "cutout", "composite") if getattr(args, kind)}
    if not outputs:
        parser.error("nothing to write: give -o, --cutout or --composite")
    if (args.composite is None) != (args.background is None):
        parser.error("--composite says where to write and --background what to lay behind: give both or neither")
    with forgiving_streams():
        try:
            with stopped_by_signals():
                return _work(args, outputs)
        except KeyboardInterrupt as stop:
            return _failed("stopped; files that were written are whole", getattr(stop, "code", 130))


def _work(args, outputs):
    import_keras_quietly()
    from a2u_tf.files import printable
    from a2u_tf.matting.folder.mattes import matte_all

    try:
        problems = matte_all(args, outputs, raise_if_stopped)
    except (ValueError, OSError, ImportError) as error:
        return _failed("\n".join(map(printable, str(error).split("\n"))))
    if len(problems) > 1:
        problems = ["not everything could be done:", *problems]
    return _failed("\n  ".join(problems)) if problems else 0


def _parser():
    parser = argparse.ArgumentParser(
        "a2u-matte", description=DESCRIPTION, epilog=EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("image", type=Path, help="photograph, or folder of them")
    parser.add_argument("trimap", type=Path, help="its trimap, or folder of trimaps; with --from-mask: rough masks")
    parser.add_argument(
        "--model", default="small", help="'small', which comes with this package (default), or a saved Matting (.keras)"
    )
    parser.add_argument("--version", action="version", version=f"a2u_tf {_version()}")

    group = parser.add_argument_group(
        "what to write", "files ending in .png; for folders: folders other than those of the inputs"
    )
    group.add_argument("-o", "--alpha", type=Path, metavar="OUT", help="the matte, grey")
    group.add_argument(
        "--cutout", type=Path, metavar="OUT", help="the foreground alone, RGBA, its soft edges in estimated colours"
    )
    group.add_argument("--composite", type=Path, metavar="OUT", help="the foreground over --background, RGB")
    group.add_argument(
        "--background",
        metavar="PICTURE_OR_COLOUR",
        help=f"a picture, scaled to cover and cropped about its centre; #rrggbb; or {', '.join(COLOURS)}",
    )
    group.add_argument("--bits", type=int, choices=(8, 16), help="bits a channel (default: those of the photograph)")

    group = parser.add_argument_group("how to work")
    group.add_argument(
        "--skip-existing", action="store_true", help="leave pictures out whose files were all written before"
    )
    group.add_argument(
        "--from-mask",
        "--trimap-from-alpha",
        type=_positive,
        metavar="WIDTH",
        help="the second input is a rough mask or an earlier matte: unknown is what it half covers, and a band of "
        "WIDTH pixels along its edges",
    )
    group.add_argument(
        "--ignore-alpha",
        action="store_true",
        help="take the colours of photographs with an alpha channel as they are stored; otherwise what is transparent "
        "is laid over white",
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
    if not (text.isdecimal() and len(text) <= 9 and int(text)):
        raise argparse.ArgumentTypeError(f"expected a whole number of pixels, 1 to 999999999, received {text!r}")
    return int(text)


def _version():
    """Return the version of the package beside this one, without importing it; metadata in a checkout may be old."""
    return runpy.run_path(str(Path(__file__).parents[1] / "a2u_tf" / "version.py"))["__version__"]


def _failed(error, code=1):
    print(f"error: {error}", file=sys.stderr)
    return code


if __name__ == "__main__":
    raise SystemExit(main())
