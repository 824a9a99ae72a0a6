"""What trainings set before they begin."""

import importlib.util

import keras
import numpy as np
import pytest

from train.keras_setup import cosine_rate, dropping_rate, tensorboard_callback
from train.run_folder import RunFolderError


def test_rate_drops_tenfold_at_each_milestone():
    schedule = dropping_rate(0.5, 60, (1 / 2, 5 / 6))
    for step, rate in ((0, 0.5), (30, 0.5), (31, 0.05), (50, 0.05), (51, 0.005), (60, 0.005)):
        np.testing.assert_allclose(keras.ops.convert_to_numpy(schedule(step)), rate, rtol=1e-6)


def test_rate_rises_and_falls_to_nothing():
    schedule = cosine_rate(0.5, 200)
    for step, rate in ((0, 0), (5, 0.25), (10, 0.5), (105, 0.25), (200, 0)):
        np.testing.assert_allclose(keras.ops.convert_to_numpy(schedule(step)), rate, atol=1e-6)


@pytest.mark.parametrize("missing", ["tensorboard", "tensorflow"])
def test_exception_no_tensorboard(missing, monkeypatch, tmp_path):
    find_spec = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == missing else find_spec(name))
    with pytest.raises(RunFolderError, match=r"pip install 'a2u_tf\[tensorboard\]', or pass --notensorboard"):
        tensorboard_callback(tmp_path)


def test_writes_logs_below_the_run_folder(tmp_path):
    pytest.importorskip("tensorboard", reason="needs tensorboard")
    pytest.importorskip("tensorflow", reason="needs tensorflow")
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    model.fit(np.ones((2, 2)), np.ones((2, 1)), verbose=0, callbacks=[tensorboard_callback(tmp_path)])
    assert list((tmp_path / "tensorboard" / "train").glob("events*"))
