"""Predict alpha mattes of very many pictures, on Ray Data: `pip install 'a2u_tf[ray]'`.

    python -m a2u_program.batch --image=IMAGES --trimap=TRIMAPS --output=ALPHAS
    python -m a2u_program.batch --model=best.keras --list=pictures.parquet --output=alphas.parquet --address=auto

The same command again goes on where a job was stopped or killed, and tries again what failed; mattes in the output are
not made anew. What failed is listed in its _failures.csv. docs/many_pictures.md tells all.
"""

import contextlib
import hashlib
import os
import sys
import tempfile
from pathlib import Path

from absl import app, flags

from a2u_program.streams import forgiving_streams
from a2u_tf.matting.network.network import SHIPPED
from a2u_tf.matting.weights.loading import load_matting

MOST_LINES = 20


def run(values):
    """Run the job of the flags; returns the exit code."""
    from a2u_tf.matting.batch.outputs import FAILURES, open_output
    from a2u_tf.matting.batch.plan import check_outputs, pictures_in_folders, pictures_in_table, without
    from a2u_tf.matting.batch.run import matte_many, ray_running

    folders = values.image is not None and values.trimap is not None
    if folders == (values.list is not None) or (values.image is None) != (values.trimap is None):
        raise ValueError("Expected two folders, --image and --trimap, or a table, --list.")
    pictures, failures = (
        pictures_in_folders(values.image, values.trimap) if folders else (pictures_in_table(values.list), [])
    )
    output = open_output(values.output)
    check_outputs(pictures, output.uri, (values.image, values.trimap) if folders else ())
    model, digest = read_checked(values.model)
    output.prepare({"model": digest, "bits": int(values.bits)})
    finished = output.finished()
    waiting = without(pictures, finished)
    print(f"{len(pictures) + len(failures)} pictures: {len(pictures) - len(waiting)} done before", flush=True)
    if len(waiting):
        print("starting Ray", flush=True)
        with ray_running(values.address, values.concurrency, values.object_store_mb):
            summary = matte_many(waiting, output, model, int(values.bits), values.concurrency, values.gpus)
        print(summary)
        for note in summary.notes[:MOST_LINES]:
            print(f"note: {note}", file=sys.stderr)
        if (more := len(summary.notes) - MOST_LINES) > 0:
            print(f"note: and {more} trimaps more", file=sys.stderr)
        failures += summary.failures
    output.write_failures(failures)
    output.close()
    if not failures:
        return 0
    for row in failures[:MOST_LINES]:
        print(f"{row['name']}: {row['error']}", file=sys.stderr)
    print(f"error: {len(failures)} pictures failed, listed in {output.uri}/{FAILURES}", file=sys.stderr)
    return 1


def read_checked(path):
    """Return a `Matting` model as the bytes of a `.keras` file, and the SHA-256 that tells it from others.

    Raises:
        ValueError: As `load_matting`.
    """
    with _no_gpu():
        model = load_matting(path)
    if path not in SHIPPED:
        content = Path(path).read_bytes()
        return content, hashlib.sha256(content).hexdigest()
    with tempfile.TemporaryDirectory() as folder:  # whose archive would hold the date, and its bytes would differ
        model.save(Path(folder) / "model.keras")
        content = (Path(folder) / "model.keras").read_bytes()
    return content, hashlib.sha256(SHIPPED[path].read_bytes()).hexdigest()


@contextlib.contextmanager
def _no_gpu():
    """Leave the GPUs to the workers: a process that looks at a model once would take all of their memory."""
    before = os.environ.get("CUDA_VISIBLE_DEVICES")
    os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
    try:
        yield
    finally:
        del os.environ["CUDA_VISIBLE_DEVICES"]
        if before is not None:
            os.environ["CUDA_VISIBLE_DEVICES"] = before


@forgiving_streams()
def main(argv):
    if len(argv) > 1:
        raise app.UsageError(f"Unknown arguments: {argv[1:]}")
    try:
        code = run(flags.FLAGS)
    except (ValueError, OSError, RuntimeError, ModuleNotFoundError) as error:
        raise SystemExit(f"error: {error}") from error
    except KeyboardInterrupt:
        print("error: interrupted; the same command goes on with what is left", file=sys.stderr)
        code = 130
    raise SystemExit(code)


if __name__ == "__main__":
    flags.DEFINE_string(
        "model", "small", "'small', which comes with a2u_tf, or a saved a2u_tf.matting.MattingModel (.keras)."
    )
    flags.DEFINE_string("image", None, "Folder of pictures: path or URI.")
    flags.DEFINE_string("trimap", None, "Folder of trimaps of the same names.")
    flags.DEFINE_string(
        "list", None, "Instead of folders: Parquet with the columns image, trimap and, if wanted, name."
    )
    flags.DEFINE_string("output", None, "Folder of mattes, or Parquet folder (ending in .parquet).", required=True)
    flags.DEFINE_enum("bits", "8", ("8", "16"), "Bits of the mattes.")
    flags.DEFINE_string("address", None, "Ray cluster, host:port or auto; without it Ray runs on this machine alone.")
    flags.DEFINE_integer("concurrency", 1, "Models that run at the same time.", lower_bound=1)
    flags.DEFINE_float("gpus", 0, "GPUs of each model.", lower_bound=0)
    flags.DEFINE_integer("object_store_mb", 1000, "Shared memory of a local Ray.", lower_bound=100)
    app.run(main)
