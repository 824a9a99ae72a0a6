"""Callbacks for trainings that can be killed at any moment and go on with the same numbers."""

import csv
import io
import json
import math
import os
import shutil
import zipfile
import zlib
from pathlib import Path
from typing import Any, NoReturn, TypeAlias

import keras
import numpy as np

from a2u_tf.files import replaced, write_json

Logs: TypeAlias = dict[str, Any] | None  # numbers by name


class AtomicBackupAndRestore(keras.callbacks.BackupAndRestore):
    """`keras.callbacks.BackupAndRestore` whose epoch and weights can never disagree.

    The base class writes weights and epoch into two files: killed on the way, it resumes from a broken file, or from
    the weights of one epoch and the number of another. Here each epoch is one file `epoch_NNNN.npz`, complete or
    absent, and the newest one counts. It holds all variables of model and optimizer, and with them what random layers,
    such as dropout, will draw next, which Keras leaves out.

    Args:
        backup_dir: Folder of the backup; it is kept after training, so that a finished run is not run again. One that
            is damaged or another model's is a `ValueError` when training begins, one that cannot be written an
            `OSError` when an epoch ends; the one before is whole then.
    """

    def __init__(self, backup_dir: Path | str) -> None:
        super().__init__(backup_dir, delete_checkpoint=False)

    def finished_epochs(self) -> int:
        """Return the epoch at which `fit` will begin."""
        return int(newest.stem.removeprefix("epoch_")) if (newest := self._newest()) else 0

    def _newest(self) -> Path | None:
        return max(Path(self.backup_dir).glob("epoch_*.npz"), default=None)

    def _variables(self) -> list[keras.Variable]:
        optimizer = self.model.optimizer
        if not optimizer.built:
            optimizer.build(self.model.trainable_variables)
        return [*self.model.variables, *optimizer.variables]

    def _load_model(self) -> None:
        newest, variables = self._newest(), self._variables()
        if newest is None:
            return
        try:
            # NumPy tests the checksum of each array; it leaves a file open that it cannot read.
            with open(newest, "rb") as opened, np.load(opened) as file:
                arrays = [file[str(number)] for number in range(len(file.files))]
            if [array.shape for array in arrays] != [tuple(variable.shape) for variable in variables]:
                raise ValueError("its variables have other shapes")
        except (OSError, ValueError, KeyError, EOFError, RuntimeError, zipfile.BadZipFile, zlib.error) as error:
            raise ValueError(
                f"The backup {newest} cannot be read into this model: {error}. Remove it to go on from the start, or "
                "choose another run folder."
            ) from error
        for variable, array in zip(variables, arrays, strict=True):
            variable.assign(array)
        self.model._initial_epoch = self.finished_epochs()

    def _save_model(self) -> None:
        arrays = [keras.ops.convert_to_numpy(variable) for variable in self._variables()]
        buffer = io.BytesIO()  # HDF5 can crash on a full disk
        # NumPy's files know no bfloat16; float32 holds all its values.
        np.savez(buffer, **{str(n): a.astype("float32") if a.dtype.kind == "V" else a for n, a in enumerate(arrays)})
        target = Path(self.backup_dir) / f"epoch_{self._current_epoch:04d}.npz"
        try:
            with replaced(target) as temporary, open(temporary, "wb") as file:
                file.write(buffer.getbuffer())
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            text = (
                f"The backup of epoch {self._current_epoch} cannot be written: {error.strerror}. The one before is "
                "whole: mend the cause and give the same command to go on from there"
            )
            raise OSError(error.errno, text, str(target)) from error
        for older in {*target.parent.glob("*epoch_*.npz")} - {target}:
            older.unlink()


class StopAtNonFinite(keras.callbacks.Callback):
    """Ends training with an error when the loss or a weight is no longer a finite number.

    `keras.callbacks.TerminateOnNaN` ends it as though it were finished, and looks at the loss alone: what follows would
    be saved as a result. The `FloatingPointError` names batch and epoch, counted from 1. Put this before what saves.
    """

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        self._epoch = epoch + 1

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        loss = float((logs or {}).get("loss", 0))
        if not math.isfinite(loss):
            self._stop(f"The loss is {loss} at batch {batch + 1} of epoch {self._epoch}")

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        for variable in self.model.variables:
            # The last batch of an epoch can spoil the weights with a loss that is still finite.
            if not keras.ops.all(keras.ops.isfinite(variable)):
                self._stop(f"{variable.path} holds values that are not finite at the end of epoch {self._epoch}")

    def _stop(self, what: str) -> NoReturn:
        raise FloatingPointError(
            f"{what}. Nothing was saved since the epoch before. A lower learning rate or clipped gradients may help; "
            "or the data of that batch are not finite."
        )


class EpochTable(keras.callbacks.Callback):
    """One CSV row an epoch, rewritten whole each time.

    `keras.callbacks.CSVLogger` appends: killed before the backup of an epoch, the resumed run would write that epoch
    twice. This table keeps the rows before the epoch at which training starts and drops the rest. There is a column for
    every name of the logs of any epoch; where an epoch lacks it, as with `validation_freq`, its cell is `NA`. A file
    that is no such table is a `ValueError` when training begins.
    """

    def __init__(self, path: Path | str) -> None:
        super().__init__()
        self.path = Path(path)

    def on_train_begin(self, logs: Logs = None) -> None:
        try:
            with open(self.path, newline="") as file:
                self._rows = {int(row["epoch"]): row for row in csv.DictReader(file)}
        except FileNotFoundError:
            self._rows = {}
        except (KeyError, ValueError, TypeError) as error:
            raise ValueError(
                f"Expected a table of epochs, with a column `epoch` of integers. Received: {self.path} "
                f"({type(error).__name__}: {error}). Move it away, or choose another path."
            ) from error

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        self._rows = {number: row for number, row in self._rows.items() if number <= epoch}
        self._rows[epoch + 1] = {"epoch": epoch + 1, **{name: _cell(value) for name, value in (logs or {}).items()}}
        columns = {name: None for row in self._rows.values() for name in row}
        with replaced(self.path) as temporary, open(temporary, "w", newline="") as file:
            writer = csv.DictWriter(file, columns, restval="NA")
            writer.writeheader()
            writer.writerows(row for _, row in sorted(self._rows.items()))


def _cell(value: Any) -> str:
    """A number in six digits, several as a list of them."""
    return f"{float(value):.6g}" if np.ndim(value) == 0 else str(np.asarray(value).tolist())


class BestAndLast(keras.callbacks.Callback):
    """Saves a model after every epoch, and a copy of it where a value of the logs is the least so far.

    Args:
        model: Model to save, such as one around the model that is trained.
        folder: Folder of `last.keras`, `best.keras` and, for a resumed training, `best.json`; each complete or absent.
        monitor: Name in the logs.
    """

    def __init__(self, model: keras.Model, folder: Path | str, monitor: str) -> None:
        super().__init__()
        self.saved, self.folder, self.monitor = model, Path(folder), monitor

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
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
