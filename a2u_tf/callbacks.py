"""Callbacks for trainings that can be killed at any moment and go on with the same numbers."""

import csv
import json
import math
import os
import shutil
from pathlib import Path

import h5py
import keras

from a2u_tf.files import replaced, write_json

_SEEDS = "seed_generator_states"


class AtomicBackupAndRestore(keras.callbacks.BackupAndRestore):
    """`keras.callbacks.BackupAndRestore` whose epoch and weights can never disagree.

    The base class writes the weights in place and the epoch into a second file: killed during or between the two
    writes, it resumes from a broken file, or from the weights of one epoch and the number of another. Here each epoch
    is one file `epoch_NNNN.weights.h5`, complete or absent, and the newest one counts. It also holds what random
    layers, such as dropout, will draw next, which Keras leaves out.

    Args:
        backup_dir: Folder of the backup; it is kept after training, so that a finished run is not run again.
    """

    def __init__(self, backup_dir):
        super().__init__(backup_dir, delete_checkpoint=False)

    def finished_epochs(self):
        """Return how many epochs the backup holds: the epoch at which `fit` will begin."""
        newest = self._newest()
        return 0 if newest is None else int(newest.name.removeprefix("epoch_").split(".")[0])

    def _newest(self):
        return max(Path(self.backup_dir).glob("epoch_*.weights.h5"), default=None)

    def _load_model(self):
        newest, epoch = self._newest(), self.finished_epochs()
        if newest is None:
            return
        if not self.model.optimizer.built:
            self.model.optimizer.build(self.model.trainable_variables)
        try:
            self.model.load_weights(newest)
            with h5py.File(newest) as file:
                for number, state in enumerate(self._seed_states()):
                    state.assign(file[_SEEDS][str(number)][()])
        except (OSError, ValueError, KeyError) as error:
            raise ValueError(
                f"The backup {newest} cannot be read into this model: {error}. Remove it to go on from the start, or "
                "choose another run folder."
            ) from error
        self.model._initial_epoch = epoch

    def _seed_states(self):
        return [variable for variable in self.model.variables if variable.name == "seed_generator_state"]

    def _save_model(self):
        target = Path(self.backup_dir) / f"epoch_{self._current_epoch:04d}.weights.h5"
        with replaced(target) as temporary:
            self.model.save_weights(temporary)
            with h5py.File(temporary, "a") as file:
                for number, state in enumerate(self._seed_states()):
                    file[f"{_SEEDS}/{number}"] = keras.ops.convert_to_numpy(state)
            with open(temporary, "rb") as file:
                os.fsync(file.fileno())
        for older in Path(self.backup_dir).glob("*epoch_*.weights.h5"):
            if older != target:
                older.unlink()


class EpochTable(keras.callbacks.Callback):
    """One CSV row an epoch, rewritten whole each time.

    `keras.callbacks.CSVLogger` appends: killed before the backup of an epoch, the resumed run would write that epoch
    twice. This table keeps the rows before the epoch at which training starts and drops the rest.

    Args:
        path: CSV file.
    """

    def __init__(self, path):
        super().__init__()
        self.path = Path(path)
        self._rows: dict[int, dict] = {}

    def on_train_begin(self, logs=None):
        self._rows = {}
        if self.path.exists():
            with open(self.path, newline="") as file:
                self._rows = {int(row["epoch"]): row for row in csv.DictReader(file)}

    def on_epoch_end(self, epoch, logs=None):
        values = {name: f"{float(value):.6g}" for name, value in (logs or {}).items()}
        self._rows = {number: row for number, row in self._rows.items() if number <= epoch}
        self._rows[epoch + 1] = {"epoch": epoch + 1, **values}
        with replaced(self.path) as temporary, open(temporary, "w", newline="") as file:
            writer = csv.DictWriter(file, ["epoch", *values])
            writer.writeheader()
            writer.writerows(row for _, row in sorted(self._rows.items()))


class BestAndLast(keras.callbacks.Callback):
    """Saves a model after every epoch, and a copy of it where a value of the logs is the least so far.

    Each file is complete or absent. A resumed training knows the best value from `best.json`.

    Args:
        model: Model to save, such as one around the model that is trained.
        folder: Folder of `last.keras`, `best.keras` and `best.json`.
        monitor: Name in the logs.
    """

    def __init__(self, model, folder, monitor):
        super().__init__()
        self.saved = model
        self.folder = Path(folder)
        self.monitor = monitor

    def on_epoch_end(self, epoch, logs=None):
        with replaced(self.folder / "last.keras") as temporary:
            self.saved.save(temporary)
        value = float((logs or {})[self.monitor])
        record = self.folder / "best.json"
        best = json.loads(record.read_text()) if record.exists() else {"epoch": 0, self.monitor: math.inf}
        # An epoch that is run again after a kill comes out the same.
        if value < best[self.monitor] or best["epoch"] > epoch:
            with replaced(self.folder / "best.keras") as temporary:
                shutil.copyfile(self.folder / "last.keras", temporary)
            write_json(record, {"epoch": epoch + 1, self.monitor: value})
