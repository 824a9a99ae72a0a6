"""`a2u matte`, also by the name `a2u-matte`: photographs and trimaps in; mattes, cutouts and composites out."""

import argparse
from pathlib import Path

from a2u_program.arguments import box, positive_integer
from a2u_program.stops import raise_if_stopped

HELP = "cut the foreground out of pictures by trimaps, boxes or strokes"
DESCRIPTION = """\
Cut people, hair, fur and glass out of photographs. For each picture and its
trimap a matte is predicted: a grey picture that is white where the foreground
is opaque, black where there is none, and grey where it is half transparent.
A trimap is a grey picture: 255 is foreground, 0 background, each with the
levels within 24 of it, which JPEG files need; all else is unknown. Who has none
draws a box around the foreground, or paints over a little of it."""
EXAMPLES = """\
  %(prog)s photo.jpg trimap.png -o alpha.png
  %(prog)s photo.jpg --box 150,55,385,384 --cutout cutout.png
  %(prog)s photo.jpg mask.png --from-mask 40 --cutout cutout.png
  %(prog)s PHOTOS TRIMAPS -o ALPHAS --composite NEW --background sea.jpg --model best.keras

A folder stands for the pictures in it; pictures and trimaps belong together by
their names without endings, and what is written gets these names.
Files are written whole or not at all; old ones are replaced, or kept with
--skip-existing. No file of an input folder is ever replaced."""

# Those of a2u_tf.matting.prediction and a2u_tf.matting.cutout, which would have to be imported for them.
DTYPES = ("float32", "bfloat16")
METHODS = ("network", "closed-form")
COLOURS = ("black", "white", "grey", "gray", "red", "green", "blue")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments; their names are those of `a2u_tf.matting.folder.matte_all`."""
    parser.add_argument("image", type=Path, help="photograph, or folder of them")
    parser.add_argument(
        "trimap", type=Path, nargs="?", help="its trimap, or folder of trimaps; with --from-mask: rough masks"
    )
    parser.add_argument(
        "--model",
        default="small",
        help="'small', which comes with this package (default), or a saved MattingModel (.keras)",
    )

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

    group = parser.add_argument_group("without a trimap")
    group.add_argument(
        "--box", type=box, metavar="X,Y,W,H", help="a rectangle around the foreground, in pixels from the upper left"
    )
    group.add_argument(
        "--strokes",
        type=Path,
        metavar="PICTURE",
        help="a grey picture of the photograph's size, or folder of them: white over some of the foreground, black "
        "over some of the background, all else grey or transparent",
    )
    group.add_argument(
        "--from-mask",
        "--trimap-from-alpha",
        type=positive_integer,
        metavar="WIDTH",
        help="the second input is a rough mask or an earlier matte: unknown is what it half covers, and a band of "
        "WIDTH pixels along its edges. With --box and --strokes: the width of that band (default: 3 %% of the picture)",
    )

    group = parser.add_argument_group("how to work")
    group.add_argument(
        "--method",
        choices=METHODS,
        default="network",
        help="what finds the matte: the model (default), or closed-form matting, which needs no training, "
        "pip install 'a2u_tf[pymatting]', and minutes for large pictures",
    )
    group.add_argument(
        "--skip-existing", action="store_true", help="leave pictures out whose files were all written before"
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
        type=positive_integer,
        metavar="PIXELS",
        help="reduce larger pictures for the network and enlarge their mattes: faster and in less memory, but coarser, "
        "and another matte, as A2U's kernels come from averages over the whole picture",
    )


def check(args: argparse.Namespace) -> None:
    """Raise `ValueError` where there is nothing to write or to go by, or where options contradict each other."""
    if not _outputs(args):
        raise ValueError("nothing to write: give -o, --cutout or --composite")
    if (args.composite is None) != (args.background is None):
        raise ValueError("--composite says where to write and --background what to lay behind: give both or neither")
    if sum(x is not None for x in (args.trimap, args.box, args.strokes)) != 1:
        raise ValueError("what is foreground? Give one of: a trimap after the photograph, --box, --strokes")
    if args.method != "network" and (args.model != "small" or args.dtype):
        raise ValueError(f"--method {args.method} has no model: leave out --model and --dtype")


def run(args: argparse.Namespace) -> None:
    """Do all pictures that can be done."""
    from a2u_tf.matting.folder import matte_all

    problems = matte_all(args, _outputs(args), raise_if_stopped)
    if len(problems) > 1:
        problems = ["not everything could be done:", *problems]
    if problems:
        raise RuntimeError("\n  ".join(problems))


def _outputs(args: argparse.Namespace) -> dict[str, Path]:
    return {kind: getattr(args, kind) for kind in ("alpha", "cutout", "composite") if getattr(args, kind)}
