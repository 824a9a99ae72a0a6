"""Train two small digit-reconstruction networks on digits drawn by our own code, compare them, and matte a photo.

    python -m experiments.demo        # no download; about a minute on two cores

Bilinear upsampling against A2U (dynamic, channel-shared, one tap), both with max-pooling: the four metrics on
held-out synthetic digits, and a picture sheet of inputs, outputs and errors. Then the model that comes with the package
cuts an animal out of a photo, by a box around it.
"""

import dataclasses
import subprocess
import sys
from pathlib import Path

import keras
from absl import app, flags

from a2u_program.streams import forgiving_streams
from a2u_tf.files import write_png
from a2u_tf.matting.pictures import read_rgb, trimap_from_box
from a2u_tf.ops.implementation import resolve_implementation
from a2u_tf.reconstruction.sheet import reconstruction_sheet
from experiments.tabulate import format_table
from train.reconstruction import Settings, load_images, run
from train.run_folder import RunFolderError

# Small batches and Adam show in a minute what the paper's recipe shows in hours.
COMMON = Settings(dataset="synthetic", epochs=4, limit_train=2000, batch_size=20, optimizer="adam", learning_rate=0.001)
METHODS = ("bilinear", "a2u_dynamic_cs")

ROOT = Path(__file__).parents[1]
PHOTO, BOX = ROOT / "docs" / "photo" / "lemur.jpg", (150, 55, 385, 384)


def matte_photo(folder: Path) -> None:
    """Write the trimap of a box, the matte, the cutout and the cutout over another colour, and say where they lie."""
    names = {kind: str(folder.absolute() / f"{kind}.png") for kind in ("trimap", "alpha", "cutout", "composite")}
    write_png(names["trimap"], trimap_from_box(read_rgb(PHOTO), BOX))
    outputs = [text for kind in ("alpha", "cutout", "composite") for text in (f"--{kind}", names[kind])]
    # In a process of its own, as a user starts it: TensorFlow warns of traces after those of two trainings.
    command = [sys.executable, "-m", "a2u_program", "matte", str(PHOTO), names["trimap"], *outputs]
    if code := subprocess.run([*command, "--background", "#204060"], cwd=ROOT, check=False).returncode:
        raise SystemExit(code)
    print("Trimap, matte, cutout, and the cutout over another colour:", *names.values(), sep="\n  ")


@forgiving_streams()
def main(argv: list[str]) -> None:
    if len(argv) > 1:
        raise app.UsageError(f"Unknown arguments: {argv[1:]}")
    common = dataclasses.replace(COMMON, seed=flags.FLAGS.seed)
    summaries, reconstructions = [], {}
    output = Path(flags.FLAGS.output or f"runs/demo_seed_{common.seed}")
    _, test = load_images(common, None)
    shown = test[:12]
    implementation, reason = resolve_implementation("auto")
    print(f"A2U's reassembly: {implementation} ({reason})")
    for name in METHODS:
        print(f"\n{name}: {common.epochs} epochs of {common.limit_train:,} synthetic digits", flush=True)
        settings = dataclasses.replace(common, upsampling=name)
        try:
            summary = run(settings, output / name, tensorboard=False, command="python -m experiments.demo")
        except RunFolderError as error:
            raise SystemExit(f"error: {error} The run folders lie in --output.") from error
        if summary is None:  # of several processes that train together, the first one reports
            return
        summaries.append(summary)
        model = keras.saving.load_model(output / name / "model.keras")
        reconstructions[name] = model.predict(shown, verbose=0)
    print(f"\nOn {len(test):,} held-out synthetic digits:\n")
    print(format_table(summaries))
    reconstruction_sheet(shown, reconstructions, output / "sheet.png")
    print(f"Inputs, outputs and errors: {output / 'sheet.png'}")
    print(f"\nA photo, {PHOTO}, and a box around what is to be kept, {','.join(map(str, BOX))}:", flush=True)
    matte_photo(output / "photo")


if __name__ == "__main__":
    flags.DEFINE_string("output", None, "Folder of the two run folders. Default: runs/demo_seed_SEED.")
    flags.DEFINE_integer("seed", 0, "Of both networks.", 0, 2**32 - 1)
    app.run(main)
