"""Backups that cannot disagree with themselves, and a table without repeated epochs."""

import csv
import resource

import keras
import numpy as np
import pytest

from a2u_tf.training.callbacks import AtomicBackupAndRestore, EpochTable, StopAtNonFinite
from tests.helpers import SEED


def make_model(dropout=0.3):
    keras.utils.set_random_seed(SEED)
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dropout(dropout), keras.layers.Dense(2)])
    model.compile(keras.optimizers.SGD(0.1, momentum=0.9), "mse")
    return model


def fit(model, epochs, *callbacks):
    x = np.arange(12, dtype="float32").reshape(4, 3) / 12
    model.fit(x, x[:, :2], epochs=epochs, shuffle=False, verbose=0, callbacks=callbacks)
    return [np.asarray(w) for w in model.get_weights()]


def epochs_of(folder):
    return [path.name.split(".")[0] for path in folder.iterdir()]


def test_resume_equals_uninterrupted(tmp_path):
    expected = fit(make_model(), 4)
    fit(make_model(), 2, AtomicBackupAndRestore(tmp_path))
    resumed = fit(make_model(), 4, AtomicBackupAndRestore(tmp_path))
    for got, want in zip(resumed, expected, strict=True):
        np.testing.assert_array_equal(got, want)


def test_finished_training_is_not_repeated_and_one_whole_file_remains(tmp_path):
    (tmp_path / ".4711.epoch_0009.npz").write_bytes(b"half")  # left over by one that was killed
    before = fit(make_model(), 3, AtomicBackupAndRestore(tmp_path))
    assert epochs_of(tmp_path) == ["epoch_0003"]
    np.testing.assert_array_equal(before[0], fit(make_model(), 3, AtomicBackupAndRestore(tmp_path))[0])


def test_killed_while_writing_keeps_the_epoch_before(tmp_path, monkeypatch):
    fit(make_model(), 2, AtomicBackupAndRestore(tmp_path))

    def killed(file):
        raise KeyboardInterrupt

    monkeypatch.setattr("os.fsync", killed)
    with pytest.raises(KeyboardInterrupt):
        fit(make_model(), 3, AtomicBackupAndRestore(tmp_path))
    assert epochs_of(tmp_path) == ["epoch_0002"]


def test_broken_backup_is_named(tmp_path):
    for content in (b"", b"no weights", b"PK no weights"):
        (tmp_path / "epoch_0001.npz").write_bytes(content)
        with pytest.raises(ValueError, match=r"epoch_0001\.npz cannot be read.*Remove it"):
            fit(make_model(), 2, AtomicBackupAndRestore(tmp_path))


def test_one_damaged_byte_is_found_or_means_nothing(tmp_path):
    expected = fit(make_model(), 1, AtomicBackupAndRestore(tmp_path))
    (backup,) = tmp_path.iterdir()
    whole, messages, model = backup.read_bytes(), [], make_model()
    for place in range(0, len(whole), len(whole) // 200):
        backup.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        callback = AtomicBackupAndRestore(tmp_path)
        callback.set_model(model)
        try:
            callback.on_train_begin()
        except ValueError as error:
            messages.append(str(error))
        else:  # a date, or the like, in the frame of the file
            for got, want in zip(model.get_weights(), expected, strict=True):
                np.testing.assert_array_equal(got, want)
    assert len(messages) > 60
    assert all("Remove it to go on" in message for message in messages)


def test_full_disk_keeps_the_epoch_before(tmp_path):
    fit(make_model(), 1, AtomicBackupAndRestore(tmp_path))
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))  # writing past it fails, as on a full disk
    try:
        with pytest.raises(OSError, match=r"epoch 2 cannot be written: File too large. The one before is whole"):
            fit(make_model(), 3, AtomicBackupAndRestore(tmp_path))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_backup_of_another_model_is_named(tmp_path):
    other = keras.Sequential([keras.Input((3,)), keras.layers.Dense(5)])
    other.compile("sgd", "mse")
    other.fit(np.ones((2, 3)), np.ones((2, 5)), verbose=0, callbacks=[AtomicBackupAndRestore(tmp_path)])
    with pytest.raises(ValueError, match="cannot be read into this model"):
        fit(make_model(), 2, AtomicBackupAndRestore(tmp_path))


def read_table(path):
    return list(csv.DictReader(path.read_text().splitlines()))


def test_table_has_each_epoch_once_after_a_resume(tmp_path):
    table = tmp_path / "history.csv"
    fit(make_model(), 3, EpochTable(table), AtomicBackupAndRestore(tmp_path / "backup"))
    # As if killed between the table and the backup of epoch 3.
    (newest,) = (tmp_path / "backup").iterdir()
    newest.rename(newest.with_name(newest.name.replace("epoch_0003", "epoch_0002")))
    fit(make_model(), 4, EpochTable(table), AtomicBackupAndRestore(tmp_path / "backup"))
    assert [row["epoch"] for row in read_table(table)] == ["1", "2", "3", "4"]


def test_table_of_metrics_that_come_and_go(tmp_path):
    x, table = np.ones((4, 3), "float32"), EpochTable(tmp_path / "history.csv")
    data = {"validation_data": (x, x[:, :2]), "validation_freq": 2}
    history = make_model().fit(x, x[:, :2], epochs=4, verbose=0, callbacks=[table], **data).history
    rows = read_table(tmp_path / "history.csv")
    assert [row["val_loss"] == "NA" for row in rows] == [True, False, True, False]
    assert float(rows[3]["val_loss"]) == pytest.approx(history["val_loss"][1], rel=1e-5)
    assert [float(row["loss"]) for row in rows] == pytest.approx(history["loss"], rel=1e-5)
    table.on_epoch_end(4, {"loss": 0.5, "of_classes": np.array([0.25, 0.5])})
    row = read_table(tmp_path / "history.csv")[-1]
    assert (row["loss"], row["val_loss"], row["of_classes"]) == ("0.5", "NA", "[0.25, 0.5]")


def test_exception_of_a_file_that_is_no_table(tmp_path):
    (tmp_path / "notes.csv").write_text("a,b\n1,2\n")
    with pytest.raises(ValueError, match=r"column `epoch` of integers. Received: .*notes\.csv .*Move it away"):
        EpochTable(tmp_path / "notes.csv").on_train_begin()
    assert (tmp_path / "notes.csv").read_text() == "a,b\n1,2\n"


def batches_with(x_bad=None, y_bad=None):
    """Two epochs of four batches; one input or target of the third batch of the second epoch is spoiled."""
    for number in range(8):
        x, y = np.ones((2, 3), "float32"), np.ones((2, 2), "float32")
        if number == 6 and x_bad is not None:
            x[1, 2] = x_bad
        if number == 6 and y_bad is not None:
            y[0, 0] = y_bad
        yield x, y


@pytest.mark.parametrize("spoiled", [{"x_bad": np.nan}, {"y_bad": np.nan}, {"y_bad": np.inf}])
def test_training_stops_at_the_batch_that_is_not_finite(tmp_path, spoiled):
    callbacks = [StopAtNonFinite(), EpochTable(tmp_path / "t.csv"), AtomicBackupAndRestore(tmp_path / "backup")]
    model = make_model(dropout=0)  # which may drop the spoiled input
    with pytest.raises(FloatingPointError, match=r"The loss is (nan|inf) at batch 3 of epoch 2\."):
        model.fit(batches_with(**spoiled), epochs=2, steps_per_epoch=4, verbose=0, callbacks=callbacks)
    assert epochs_of(tmp_path / "backup") == ["epoch_0001"]
    assert [row["epoch"] for row in read_table(tmp_path / "t.csv")] == ["1"]


def test_training_stops_at_weights_that_the_last_batch_spoiled(tmp_path):
    model = make_model()

    def spoil(batch, logs):
        if model.optimizer.iterations == 8:
            model.layers[-1].bias.assign([0, np.nan])

    spoiler = keras.callbacks.LambdaCallback(on_train_batch_end=spoil)
    callbacks = [spoiler, StopAtNonFinite(), AtomicBackupAndRestore(tmp_path / "backup")]
    with pytest.raises(FloatingPointError, match=r"bias holds values that are not finite at the end of epoch 2"):
        model.fit(batches_with(), epochs=2, steps_per_epoch=4, verbose=0, callbacks=callbacks)
    assert epochs_of(tmp_path / "backup") == ["epoch_0001"]
