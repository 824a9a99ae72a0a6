"""Train two small digit-reconstruction networks on digits drawn by our own code, and compare them.

    python -m experiments.demo        # no download; about a minute on two cores

Bilinear upsampling against A2U (dynamic, channel-shared, one tap), both with max-pooling: the four metrics on
held-out synthetic digits, and a picture sheet of inputs, outputs and errors.
"""

import dataclasses
from pathlib import Path

import keras
from absl import app, flags

from a2u_program.streams import forgiving_streams
from a2u_tf.ops.implementation import resolve_implementation
from a2u_tf.reconstruction.sheet import reconstruction_sheet
from experiments.tabulate import format_table
from train.reconstruction import Settings, load_images, run
from train.run_folder import RunFolderError

# Small batches and Adam show in a minute what the paper's recipe shows in hours.
COMMON = Settings(dataset="synthetic", epochs=4, limit_train=2000, batch_size=20, optimizer="adam", learning_rate=0.001)
METHODS = ("bilinear", "a2u_dynamic_cs")


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


if __name__ == "__main__":
    flags.DEFINE_string("output", None, "Folder of the two run folders. Default: runs/demo_seed_SEED.")
    flags.DEFINE_integer("seed", 0, "Of both networks.", 0, 2**32 - 1)
    app.run(main)
