"""Train and test the digit-reconstruction network: supplementary section A of the A2U paper.

    python -m train.reconstruction --dataset=mnist --data_dir=DATA --upsampling=a2u_dynamic_cs

The defaults are the paper's recipe: l1 loss, SGD at 0.01, x0.1 at epochs 50, 70 and 85 of 100, batches of 100; with
fewer epochs the milestones move in proportion. Killed at any moment and started again with the same flags, it goes on
after the last finished epoch and ends with the same numbers. Several machines share each batch where `TF_CONFIG` names
them (docs/distributed.md).

The run folder holds settings.json, versions.json, history.csv, tensorboard/, backup/, model.keras, sheet.png and
summary.json, the metrics on the test set.
"""

import csv
import dataclasses
import json
import time
from pathlib import Path
from typing import Any

import keras
from absl import app, flags, logging

from a2u_program.streams import forgiving_streams
from a2u_tf.files import replaced, versions, write_json
from a2u_tf.layers import METHODS, Resampling
from a2u_tf.layers.a2u_kernels import NORMALIZATIONS
from a2u_tf.layers.resampling import DOWNSAMPLING
from a2u_tf.reconstruction.data import load_digits, make_synthetic_digits
from a2u_tf.reconstruction.data.batches import batches_in_order, shuffled_batches
from a2u_tf.reconstruction.network import reconstruction_net
from a2u_tf.reconstruction.sheet import reconstruction_sheet
from a2u_tf.training.callbacks import AtomicBackupAndRestore, EpochTable, StopAtNonFinite
from a2u_tf.training.distribution import distributed
from a2u_tf.training.metrics import PSNR, SSIM
from a2u_tf.types import Array
from train.keras_setup import dropping_rate, layers_for, prepare, tensorboard_callback
from train.run_folder import check_run_folder, command_line, describe_run
from train.settings_flags import define_flags, read_flags, setting
from train.team import Team, join_team

DATASETS = ("mnist", "fashion_mnist", "synthetic")
SYNTHETIC_TRAIN, SYNTHETIC_TEST = 10_000, 1_000
VALIDATION = 2_000  # pictures of the test set that the curve is made of; the end is told by all
OPTIMIZERS = ("sgd", "adam")
INITIALIZERS = ("zeros", "released")
A2U_SETTINGS = ("kernel_size", "encoding_size", "normalization", "rank", "projection_initializer")
MILESTONES = (0.50, 0.70, 0.85)  # of the epochs; the learning rate drops tenfold at each


@dataclasses.dataclass(frozen=True)
class Settings:
    """What makes two runs the same run."""

    dataset: str = setting("mnist", "Pictures to reconstruct.", DATASETS)
    upsampling: str = setting("a2u_dynamic_cs", "Upsampling of the decoder.", METHODS)
    downsampling: str = setting("max_pool", "Downsampling of the encoder.", DOWNSAMPLING)
    kernel_size: int = setting(1, "Side of A2U's upsampling kernels, odd.", lower_bound=1)
    encoding_size: int = setting(2, "Side of A2U's encoding filters.", lower_bound=1)
    normalization: str = setting("auto", "Of A2U's upsampling kernels, see A2UKernels.", NORMALIZATIONS)
    rank: int = setting(4, "Of A2U's affinity: how many numbers a cell its kernels are made of.", lower_bound=1)
    projection_initializer: str = setting("zeros", "Of A2U's projections to kernels, see A2UKernels.", INITIALIZERS)
    epochs: int = setting(100, "Epochs; the milestones scale with it.", lower_bound=1)
    batch_size: int = setting(100, "Pictures per step.", lower_bound=1)
    optimizer: str = setting("sgd", "The paper's, or Adam, whose steps know no scale of the weights.", OPTIMIZERS)
    learning_rate: float = setting(0.01, "At the start.", lower_bound=0.0)
    momentum: float = setting(0.0, "Of SGD.", lower_bound=0.0, upper_bound=1.0)
    seed: int = setting(0, "Seed of the weights and of the order.", lower_bound=0, upper_bound=2**32 - 1)
    mixed_precision: str = setting("none", "Compute dtype beside float32.", ("none", "float16", "bfloat16"))
    limit_train: int | None = setting(None, "Train on the first N pictures only.", lower_bound=1)
    jit_compile: bool = setting(
        False,
        "Compile with XLA: a slower start (a minute with a2u), then faster steps for a2u, slower ones for bilinear.",
    )

    def __post_init__(self) -> None:
        if self.optimizer == "adam" and self.momentum:
            raise ValueError(f"Momentum is SGD's. Received: momentum={self.momentum}, optimizer='adam'. Leave one out.")

    @property
    def resampling(self) -> Resampling:
        choice = Resampling.parse(self.upsampling, self.downsampling)
        a2u = {name: getattr(self, name) for name in A2U_SETTINGS}
        return dataclasses.replace(choice, **a2u)


def run(
    settings: Settings,
    run_dir: Path | str,
    data_dir: Path | str | None = None,
    tensorboard: bool = True,
    command: str | None = None,
) -> dict[str, Any] | None:
    """Train by `settings` in `run_dir`, or go on there; returns the summary dict that it also writes.

    A finished run returns its summary at once. Of several processes that train together, all but the chief return None.
    """
    folder = check_run_folder(run_dir, dataclasses.asdict(settings))
    summary_path = folder / "summary.json"
    if summary_path.exists():
        logging.info("%s is finished.", folder)
        finished: dict[str, Any] = json.loads(summary_path.read_text())
        return finished
    train, test = load_images(settings, data_dir)
    team = join_team()
    team.check(settings, pictures=len(train))
    with team.scope():
        model = make_model(settings, len(train))
    start = time.time()
    with team.folder(folder) as own_folder:
        train_model(model, settings, train, test, team, own_folder, tensorboard)
    seconds = time.time() - start
    if not team.is_chief:
        return None
    if team.size > 1:  # What follows is the chief's alone.
        weights = model.get_weights()
        model = make_model(settings, len(train))
        model.set_weights(weights)
    metrics = model.evaluate(batches_in_order(test, settings.batch_size), verbose=0, return_dict=True)
    with replaced(folder / "model.keras") as temporary:
        model.save(temporary)
    with open(folder / "history.csv", newline="") as file:
        curve = [float(row["val_psnr"]) for row in csv.DictReader(file)]
    reconstruction_sheet(test[:12], model.predict(test[:12], verbose=0), folder / "sheet.png")
    summary = {
        "command": command,
        "settings": dataclasses.asdict(settings),
        "parameters": model.count_params(),
        "train_pictures": len(train),
        "test_pictures": len(test),
        "metrics": {name: metrics[name] for name in ("psnr", "ssim", "mae", "rmse")},
        "psnr_by_epoch": curve,
        "seconds_since_start": round(seconds, 1),
        "versions": versions(),
    }
    write_json(summary_path, summary)
    return summary


def train_model(
    model: keras.Model, settings: Settings, train: Array, test: Array, team: Team, folder: Path, tensorboard: bool
) -> None:
    """Fit the model; `folder` tells how it went."""
    describe_run(folder, dataclasses.asdict(settings))
    batches, epoch_starter = shuffled_batches(train, settings.batch_size, settings.seed, team.share)
    model.fit(
        team.spread(batches),
        epochs=settings.epochs,
        shuffle=False,  # True would have Keras mix the batches' order again, by a state that no backup holds.
        validation_data=team.spread(batches_in_order(test[:VALIDATION], settings.batch_size, team.share)),
        callbacks=[epoch_starter, *make_callbacks(folder, tensorboard)],
        verbose=team.verbose,
    )


def load_images(settings: Settings, data_dir: Path | str | None) -> tuple[Array, Array]:
    """Return the training and the test pictures, float32 `(N, 32, 32, 1)` in [0, 1]."""
    if settings.dataset == "synthetic":
        count = settings.limit_train or SYNTHETIC_TRAIN
        train, _ = make_synthetic_digits(count, seed=1)
        test, _ = make_synthetic_digits(SYNTHETIC_TEST, seed=2)
        return train, test
    (train, _), (test, _) = load_digits(settings.dataset, data_dir)
    return train[: settings.limit_train], test


def make_model(settings: Settings, train_pictures: int) -> keras.Model:
    """Return the compiled network, seeded."""
    prepare(settings)
    with layers_for(settings.jit_compile):
        model = reconstruction_net(settings.resampling)
    model = distributed(model)
    steps = -(-train_pictures // settings.batch_size) * settings.epochs
    schedule = dropping_rate(settings.learning_rate, steps, MILESTONES)
    adam = settings.optimizer == "adam"
    model.compile(
        optimizer=keras.optimizers.Adam(schedule) if adam else keras.optimizers.SGD(schedule, settings.momentum),
        loss="mean_absolute_error",
        metrics=[
            PSNR(),
            SSIM(),
            keras.metrics.MeanAbsoluteError(name="mae"),
            keras.metrics.RootMeanSquaredError(name="rmse"),
        ],
        jit_compile=settings.jit_compile,
    )
    model.optimizer.build(model.trainable_variables)  # within the first step TensorFlow would trace all of it twice
    return model


def make_callbacks(folder: Path, tensorboard: bool) -> list[keras.callbacks.Callback]:
    """Return the callbacks of a run; the backup comes last, so that it vouches for what the others wrote."""
    callbacks: list[keras.callbacks.Callback] = [EpochTable(folder / "history.csv")]
    if tensorboard:
        callbacks.append(tensorboard_callback(folder))
    return [StopAtNonFinite(), *callbacks, AtomicBackupAndRestore(folder / "backup")]


def default_run_dir(settings: Settings) -> Path:
    """A folder of its own for each method and seed."""
    return Path("runs") / f"{settings.dataset}_{settings.resampling.name}_{settings.epochs}_epochs_seed_{settings.seed}"


@forgiving_streams()
def main(argv: list[str]) -> None:
    if len(argv) > 1:
        raise app.UsageError(f"Unknown arguments: {argv[1:]}")
    values = flags.FLAGS
    try:
        settings = read_flags(Settings, {})
        run_dir = values.run_dir or default_run_dir(settings)
        summary = run(settings, run_dir, values.data_dir, values.tensorboard, command_line("train.reconstruction"))
    except (ValueError, OSError, FloatingPointError) as error:
        raise SystemExit(f"error: {error}") from error
    if summary is None:
        return
    print(f"{run_dir}: {summary['parameters']:,} parameters")
    print("  ".join(f"{name} {value:.4f}" for name, value in summary["metrics"].items()))


if __name__ == "__main__":
    define_flags(Settings)
    flags.DEFINE_string(
        "data_dir", None, "Folder with mnist/ and fashion_mnist/ (IDX .gz). Default: $A2U_DATA_DIR, else a download."
    )
    flags.DEFINE_string("run_dir", None, "Run folder. Default: one under runs/ named after method, epochs and seed.")
    flags.DEFINE_bool("tensorboard", True, "Write TensorBoard logs (needs a2u_tf[tensorboard]).")
    app.run(main)
