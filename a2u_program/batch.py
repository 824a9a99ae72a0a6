"""`a2u batch`: mattes of very many pictures, on Ray Data."""

import argparse
import sys

from a2u_program.arguments import positive_integer

HELP = "matte very many pictures, on this machine or a Ray cluster"
DESCRIPTION = """\
Predict alpha mattes of very many pictures, on Ray Data, which
pip install 'a2u_tf[ray]' adds. Pictures, trimaps and mattes may lie in any
place that pyarrow reaches by a URI, such as s3://bucket/folder.

The same command again goes on where a job was stopped or killed, and tries
again what failed; mattes in the output are not made anew. What failed is listed
in _failures.csv there."""
EXAMPLES = """\
  %(prog)s --image IMAGES --trimap TRIMAPS --output ALPHAS
  %(prog)s --model best.keras --list pictures.parquet --output alphas.parquet --address auto
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "--model",
        default="small",
        help="'small', which comes with this package (default), or a saved MattingModel (.keras)",
    )
    parser.add_argument("--image", metavar="FOLDER", help="folder of pictures: path or URI")
    parser.add_argument("--trimap", metavar="FOLDER", help="folder of trimaps of the same names")
    parser.add_argument(
        "--list",
        metavar="TABLE",
        help="instead of folders: Parquet with the columns image, trimap and, if wanted, name",
    )
    parser.add_argument(
        "-o", "--output", required=True, help="folder of mattes, or Parquet folder (ending in .parquet)"
    )
    parser.add_argument("--bits", type=int, choices=(8, 16), default=8, help="bits of the mattes (default: 8)")
    group = parser.add_argument_group("where to work")
    group.add_argument("--address", help="Ray cluster, host:port or auto; without it Ray runs on this machine alone")
    group.add_argument(
        "--concurrency", type=positive_integer, default=1, metavar="N", help="models that run at the same time"
    )
    group.add_argument("--gpus", type=float, default=0.0, metavar="SHARE", help="GPUs of each model, such as 1 or 0.5")
    group.add_argument(
        "--object-store-mb", type=int, default=1000, metavar="MB", help="shared memory of a local Ray, 100 or more"
    )


def check(args: argparse.Namespace) -> None:
    """Raise `ValueError` where the pictures are not named, or named twice."""
    folders = args.image is not None and args.trimap is not None
    if folders == (args.list is not None) or (args.image is None) != (args.trimap is None):
        raise ValueError("Expected two folders, --image and --trimap, or a table, --list.")
    if not args.gpus >= 0:
        raise ValueError(f"--gpus must be 0 or more. Received: {args.gpus}")
    if args.object_store_mb < 100:
        raise ValueError(f"--object-store-mb must be 100 or more. Received: {args.object_store_mb}")


def run(args: argparse.Namespace) -> None:
    """Run the job."""
    from a2u_tf.matting.batch.job import run_job

    try:
        run_job(
            args.list or (args.image, args.trimap),
            args.output,
            args.model,
            args.bits,
            args.address,
            args.concurrency,
            args.gpus,
            args.object_store_mb,
        )
    except KeyboardInterrupt:
        print("The same command goes on with what is left.", file=sys.stderr)
        raise
