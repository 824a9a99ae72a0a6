"""Backups that cannot disagree with themselves, and a table without repeated epochs."""

import csv

import keras
import numpy as np
import pytest

from a2u_tf.callbacks import AtomicBackupAndRestore, EpochTable


def make_model():
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dropout(0.3), keras.layers.Dense(2)])
    model.compile(keras.optimizers.SGD(0.1, momentum=0.9), "mse")
    return model


def fit(model, epochs, *callbacks):
    x = np.arange(12, dtype="float32").reshape(4, 3) / 12
    model.fit(x, x[:, :2], epochs=epochs, shuffle=False, verbose=0, callbacks=callbacks)
    return [np.asarray(w) for w in model.get_weights()]


def test_resume_equals_uninterrupted(tmp_path):
    expected = fit(make_model(), 4)
    fit(make_model(), 2, AtomicBackupAndRestore(tmp_path))
    resumed = fit(make_model(), 4, AtomicBackupAndRestore(tmp_path))
    for got, want in zip(resumed, expected, strict=True):
        np.testing.assert_array_equal(got, want)


def test_finished_training_is_not_repeated(tmp_path):
    before = fit(make_model(), 3, AtomicBackupAndRestore(tmp_path))
    after = fit(make_model(), 3, AtomicBackupAndRestore(tmp_path))
    np.testing.assert_array_equal(before[0], after[0])


def test_one_whole_file_remains(tmp_path):
    fit(make_model(), 3, AtomicBackupAndRestore(tmp_path))
    assert [path.name for path in tmp_path.iterdir()] == ["epoch_0003.weights.h5"]


def test_killed_while_writing_keeps_the_epoch_before(tmp_path, monkeypatch):
    fit(make_model(), 2, AtomicBackupAndRestore(tmp_path))
    model = make_model()

    def half_written(path):
        path.write_bytes(b"half")
        raise KeyboardInterrupt

    monkeypatch.setattr(model, "save_weights", half_written)
    with pytest.raises(KeyboardInterrupt):
        fit(model, 3, AtomicBackupAndRestore(tmp_path))
    assert [path.name for path in tmp_path.iterdir()] == ["epoch_0002.weights.h5"]


def test_left_over_temporary_is_ignored_and_removed(tmp_path):
    (tmp_path / ".4711.epoch_0009.weights.h5").write_bytes(b"half")
    fit(make_model(), 1, AtomicBackupAndRestore(tmp_path))
    assert [path.name for path in tmp_path.iterdir()] == ["epoch_0001.weights.h5"]


def test_broken_backup_is_named(tmp_path):
    (tmp_path / "epoch_0001.weights.h5").write_bytes(b"no weights")
    with pytest.raises(ValueError, match=r"epoch_0001\.weights\.h5 cannot be read.*Remove it"):
        fit(make_model(), 2, AtomicBackupAndRestore(tmp_path))


def test_backup_of_another_model_is_named(tmp_path):
    other = keras.Sequential([keras.Input((3,)), keras.layers.Dense(5)])
    other.compile("sgd", "mse")
    other.save_weights(tmp_path / "epoch_0001.weights.h5")
    with pytest.raises(ValueError, match="cannot be read into this model"):
        fit(make_model(), 2, AtomicBackupAndRestore(tmp_path))


def read_epochs(path):
    with open(path, newline="") as file:
        return [int(row["epoch"]) for row in csv.DictReader(file)]


def test_table_has_each_epoch_once_after_a_resume(tmp_path):
    table = tmp_path / "history.csv"
    fit(make_model(), 3, EpochTable(table), AtomicBackupAndRestore(tmp_path / "backup"))
    # As if killed between the table and the backup of epoch 3.
    newest = tmp_path / "backup" / "epoch_0003.weights.h5"
    newest.rename(tmp_path / "backup" / "epoch_0002.weights.h5")
    fit(make_model(), 4, EpochTable(table), AtomicBackupAndRestore(tmp_path / "backup"))
    assert read_epochs(table) == [1, 2, 3, 4]


def test_table_values(tmp_path):
    model = make_model()
    x = np.ones((4, 3), "float32")
    history = model.fit(x, x[:, :2], epochs=1, verbose=0, callbacks=[EpochTable(tmp_path / "history.csv")])
    with open(tmp_path / "history.csv", newline="") as file:
        (row,) = csv.DictReader(file)
    assert float(row["loss"]) == pytest.approx(history.history["loss"][0], rel=1e-5)
