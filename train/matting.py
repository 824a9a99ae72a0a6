"""Train the deep image matting network.

    python -m train.matting --quick                                      # two minutes, synthetic pictures, no download
    python -m train.matting --source=composition_1k=ADOBE --backgrounds=COCO/train2014 \
        --encoder_weights=resnet34_encoder.weights.h5 --validation=composition_1k=ADOBE

    python -m train.matting --recipe=small --source=rgba=DRAWN --backgrounds=PHOTOS
    python -m train.matting --recipe=small --initial_weights=small --encoder_factor=0 --source=rgba=MINE \
        --backgrounds=PHOTOS --epochs=5                                                  # fine-tuning

The defaults are the released recipe: Adam at 0.01, a hundredth of that for an encoder with ImageNet weights (without
these 0.002 for all), x0.1 at 20/30 and 26/30 of the epochs; 30 epochs of 6,000 batches of 16 crops of 512; half alpha,
half composition loss. `--recipe=small` is for a few cores: a quarter of the channels, samples like photographs of three
sizes in turn, a warm-up and a cosine.

Killed at any moment and started again with the same flags, it goes on after the last finished epoch and ends with the
same numbers. Several GPUs share each batch, and several machines where `TF_CONFIG` names them (docs/distributed.md).

The run folder holds settings.json, versions.json, history.csv, tensorboard/, backup/, sheets/, last.keras, best.keras
(by validation SAD), best.json and summary.json. The models are `a2u_tf.matting.MattingModel`.
"""

import dataclasses
import json
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import cv2
import keras
from absl import app, flags, logging

from a2u_program.streams import forgiving_streams
from a2u_tf.files import versions, write_json, write_png
from a2u_tf.matting import MattingModel
from a2u_tf.matting.data import training_batches, training_sample
from a2u_tf.matting.evaluation import FilePictures, ProtocolValidation, ValidationPicture, matting_grid, validate
from a2u_tf.ops.implementation import resolve_implementation
from a2u_tf.training.callbacks import AtomicBackupAndRestore, BestAndLast, EpochTable, StopAtNonFinite
from a2u_tf.types import Array
from train.data_wait import DataWait
from train.keras_setup import tensorboard_callback
from train.matting_network import make_network
from train.matting_settings import QUICK, RECIPES, SAMPLES, Settings
from train.matting_sources import make_source, make_validation
from train.run_folder import check_run_folder, command_line, describe_run
from train.settings_flags import define_flags, read_flags
from train.team import Team, join_team


def run(
    settings: Settings, run_dir: Path | str, tensorboard: bool = True, command: str | None = None
) -> dict[str, Any] | None:
    """Train by `settings` in `run_dir`, or go on there; returns the summary dict that it also writes.

    A finished run returns its summary at once. Of several processes that train together, all but the chief return None.
    """
    described = json.loads(json.dumps(dataclasses.asdict(settings)))  # tuples become lists, as in the file
    folder = check_run_folder(run_dir, described)
    summary_path = folder / "summary.json"
    if summary_path.exists():
        logging.info("%s is finished.", folder)
        finished: dict[str, Any] = json.loads(summary_path.read_text())
        return finished
    cv2.setNumThreads(1)  # samples are made side by side; threads inside OpenCV would wait for each other
    make_sample, size = SAMPLES[settings.samples], max(settings.crop_size)
    # Samples like photographs are parts of a picture more often than all of it.
    drawn = size if make_sample is training_sample else 5 * size // 4
    source = make_source(settings.source, settings.backgrounds, drawn)
    pictures = make_validation(settings.validation, size, make_sample)
    team = join_team(mirrored=True)
    team.check(settings)
    with team.scope():
        network = make_network(settings)
    model = MattingModel(keras.Model(network.input, network.output))  # to be saved without the optimizer
    start = time.time()
    with team.folder(folder) as own_folder:
        describe_run(own_folder, described)
        train_network(
            network, settings, source, team, own_folder, make_callbacks(own_folder, model, pictures, tensorboard)
        )
    seconds = time.time() - start
    if not team.is_chief:
        return None
    best = keras.saving.load_model(folder / "best.keras")
    summary = {
        "command": command,
        "settings": dataclasses.asdict(settings),
        "parameters": network.count_params(),
        "validation_pictures": len(pictures),
        "metrics": {"best": validate(best, pictures)[0], "last": validate(model, pictures)[0]},
        "best_epoch": json.loads((folder / "best.json").read_text())["epoch"],
        "seconds_since_start": round(seconds, 1),
        "reassembly": resolve_implementation("auto")[0],
        "versions": versions(),
    }
    write_json(summary_path, summary)
    return summary


def train_network(
    network: keras.Model,
    settings: Settings,
    source: Any,
    team: Team,
    folder: Path,
    callbacks: list[keras.callbacks.Callback],
) -> None:
    """Fit the network, from the backup in `folder` where there is one."""
    backup = AtomicBackupAndRestore(folder / "backup")
    first_step = backup.finished_epochs() * settings.steps_per_epoch
    wait = DataWait(first_step)
    batches = training_batches(
        source,
        settings.batch_size,
        settings.crop_size,
        settings.seed,
        first_step,
        share=team.share,
        on_sample=wait.on_sample,
        make_sample=SAMPLES[settings.samples],
    )
    network.fit(
        team.spread(batches),
        epochs=settings.epochs,
        steps_per_epoch=settings.steps_per_epoch,
        shuffle=False,  # The samples come in a random order already.
        # On other backends Keras takes batches before the first step, and the numbers do not fit.
        callbacks=[*callbacks, *([wait] if keras.backend.backend() == "tensorflow" else []), backup],
        verbose=team.verbose,
    )


def make_callbacks(
    folder: Path, model: keras.Model, pictures: list[ValidationPicture] | FilePictures, tensorboard: bool
) -> list[keras.callbacks.Callback]:
    """Return the callbacks of a run but the backup, which comes last, so that it vouches for what the others wrote."""
    boards, writers = [], []
    if tensorboard:
        boards.append(tensorboard_callback(folder))
        import tensorflow as tf

        writers.append(tf.summary.create_file_writer(str(folder / "tensorboard" / "pictures")))

    def show(epoch: int, predictions: Iterable[tuple[ValidationPicture, Array]]) -> None:
        rows = [(picture.image, picture.trimap, picture.target, matte) for picture, matte in predictions]
        grid = matting_grid(rows)
        write_png(folder / "sheets" / f"epoch_{epoch:03}.png", grid)
        for writer in writers:
            with writer.as_default():
                tf.summary.image("mattes", grid[None], epoch)

    return [
        StopAtNonFinite(),
        ProtocolValidation(model, pictures, show),
        EpochTable(folder / "history.csv"),
        BestAndLast(model, folder, "val_sad"),
        *boards,
    ]


def default_run_dir(settings: Settings) -> Path:
    """A folder of its own for each method, width and seed."""
    return Path("runs") / f"matting_{settings.resampling.name}_width_{settings.width}_seed_{settings.seed}"


@forgiving_streams()
def main(argv: list[str]) -> None:
    if len(argv) > 1:
        raise app.UsageError(f"Unknown arguments: {argv[1:]}")
    values = flags.FLAGS
    settings = read_flags(Settings, RECIPES[values.recipe] | (QUICK if values.quick else {}))
    try:
        settings.check()
        run_dir = values.run_dir or default_run_dir(settings)
        summary = run(settings, run_dir, values.tensorboard, command_line("train.matting"))
    except (ValueError, OSError, FloatingPointError) as error:
        raise SystemExit(f"error: {error}") from error
    if summary is None:
        return
    print(f"{run_dir}: {summary['parameters']:,} parameters, best epoch {summary['best_epoch']}")
    for name, metrics in summary["metrics"].items():
        print(name, "  ".join(f"{metric} {value:.4f}" for metric, value in metrics.items()))


if __name__ == "__main__":
    define_flags(Settings)
    flags.DEFINE_enum("recipe", "released", RECIPES, f"Defaults of the other flags. small: {RECIPES['small']}.")
    flags.DEFINE_bool("quick", False, f"A short training to see it run: {QUICK}. Other flags still count.")
    flags.DEFINE_string("run_dir", None, "Run folder. Default: one under runs/ named after method, width and seed.")
    flags.DEFINE_bool("tensorboard", True, "Write TensorBoard logs (needs a2u_tf[tensorboard]).")
    app.run(main)
