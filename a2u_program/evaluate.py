"""`a2u evaluate`: the errors of predicted mattes, of one method or of several side by side."""

import argparse
import os
from typing import TYPE_CHECKING

from a2u_program.arguments import parse_named_folders

if TYPE_CHECKING:
    from a2u_tf.matting.pictures import EvaluationImage

HELP = "measure predicted mattes: SAD, MSE, Grad and Conn"
DESCRIPTION = """\
Evaluate predicted alpha mattes, of one method or of several side by side: SAD,
MSE, Grad and Conn.

A folder of predictions holds one grey PNG for each test image, of its name; for
alphamatting.com it holds the folders Trimap1, Trimap2 and Trimap3 of them.
Every image must be there, and no other.

The output folder gets tables.md, means.csv, images.csv, summary.json, and
worst/METHOD/: sheets of the images on which a method errs most."""
EXAMPLES = """\
  %(prog)s --predictions ours=OURS --predictions gca=GCA \\
      --layout composition_1k --data-dir DATA --output results/composition_1k
  %(prog)s --predictions ours=OURS --targets ALPHAS --trimaps TRIMAPS --output results/mine
  %(prog)s --predictions ours=OURS --layout alphamatting --split lowres --data-dir DATA \\
      --submission FOLDER
"""
# Those of a2u_tf.matting.evaluation, which would have to be imported for them.
LAYOUTS = ("composition_1k", "distinctions_646", "alphamatting")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "--predictions",
        action="append",
        default=[],
        metavar="METHOD=FOLDER",
        help="folder of predicted mattes; once for each method",
    )
    group = parser.add_argument_group("a data set in its own layout")
    group.add_argument("--layout", choices=LAYOUTS, help="which of them")
    group.add_argument("--data-dir", metavar="FOLDER", help="its folder; environment variables in it are filled in")
    group.add_argument("--split", help="for alphamatting: ending of its folders' names, such as training_lowres")
    group = parser.add_argument_group("or folders of files of the same names")
    group.add_argument("--targets", metavar="FOLDER", help="true mattes")
    group.add_argument("--trimaps", metavar="FOLDER", help="trimaps")
    group.add_argument("--images", metavar="FOLDER", help="images, which only the sheets show")
    group = parser.add_argument_group("what to write")
    group.add_argument(
        "--output", default="runs/evaluation", metavar="FOLDER", help="new or empty (default: %(default)s)"
    )
    group.add_argument("--worst", type=int, default=5, help="number of sheets for each method (default: %(default)s)")
    group.add_argument(
        "--submission", metavar="FOLDER", help="write a submission to alphamatting.com here instead of evaluating"
    )


def check(args: argparse.Namespace) -> None:
    """Raise `ValueError` where arguments do not say what is evaluated, or say it twice."""
    folders = parse_named_folders("--predictions", args.predictions)
    if args.submission and (args.layout != "alphamatting" or len(folders) > 1):
        raise ValueError("--submission takes --layout alphamatting and the --predictions of one method.")
    given = [bool(value) for value in (args.layout, args.data_dir, args.targets, args.trimaps)]
    if given not in ([True, True, False, False], [False, False, True, True]):
        raise ValueError("Give either --layout and --data-dir, or --targets and --trimaps.")
    if args.split and args.layout != "alphamatting":
        raise ValueError("--split is for --layout alphamatting.")
    if args.worst < 0:
        raise ValueError(f"--worst must be 0 or more. Received: {args.worst}")


def run(args: argparse.Namespace) -> None:
    """Evaluate, or write a submission."""
    from a2u_tf.matting.evaluation import error_table, evaluate_test_set, find_predictions, write_submission

    folders = parse_named_folders("--predictions", args.predictions)
    images = _find_images(args)
    if args.submission:
        (folder,) = folders.values()
        write_submission(images, find_predictions(images, folder), args.submission)
        print(f"{len(images)} predictions in {args.submission}: pack that folder and send it in.")
        return
    print(error_table(evaluate_test_set(images, folders, args.output, args.worst, args.command_line)))
    print(f"Tables and sheets: {args.output}")


def _find_images(args: argparse.Namespace) -> "list[EvaluationImage]":
    from a2u_tf.matting.evaluation import images_in_folders, images_of_layout

    if args.layout:
        return images_of_layout(args.layout, os.path.expandvars(args.data_dir), args.split)
    return images_in_folders(args.targets, args.trimaps, args.images)
