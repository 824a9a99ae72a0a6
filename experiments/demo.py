"""Train two small digit-reconstruction networks on digits drawn by our own code, and compare them.

    python -m experiments.demo        # no download; about two minutes on two cores

Bilinear upsampling against A2U (dynamic, channel-shared): the four metrics on held-out synthetic digits, and a picture
sheet of input, output and error for each.
"""

import dataclasses
from pathlib import Path

from absl import app, flags

from a2u_program.streams import forgiving_streams
from a2u_tf.ops.implementation import resolve_implementation
from experiments.tabulate import format_table
from train.reconstruction import Settings, run

# Small batches and a tenfold rate show in a minute what the paper's recipe shows in hours.
COMMON = Settings(dataset="synthetic", epochs=3, limit_train=2000, batch_size=20, learning_rate=0.1)
RUNS = {name: dataclasses.replace(COMMON, upsampling=name) for name in ("bilinear", "a2u_dynamic_cs")}


@forgiving_streams()
def main(_: list[str]) -> None:
    summaries = {}
    output = Path(flags.FLAGS.output)
    implementation, reason = resolve_implementation("auto")
    print(f"A2U's reassembly: {implementation} ({reason})")
    for name, settings in RUNS.items():
        print(f"\n{name}: {settings.epochs} epochs of {settings.limit_train:,} synthetic digits", flush=True)
        summary = run(settings, output / name, tensorboard=False, command="python -m experiments.demo")
        if summary is None:  # of several processes that train together, the first one reports
            return
        summaries[name] = summary
    print(f"\nOn {summaries['bilinear']['test_pictures']:,} held-out synthetic digits:\n")
    print(format_table(summaries))
    for name in RUNS:
        print(f"Input, output and error: {output / name / 'sheet.png'}")


if __name__ == "__main__":
    flags.DEFINE_string("output", "runs/demo", "Folder of the two run folders.")
    app.run(main)
