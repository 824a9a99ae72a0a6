"""The training script: its run folder, its errors, and resuming after SIGKILL."""

import csv
import dataclasses
import json
import re

import cv2
import keras
import numpy as np
import pytest

from tests.train.processes import finish, kill_at, refused, script
from train.reconstruction import Settings, default_run_dir, make_model, run
from train.run_folder import RunFolderError

pytestmark = pytest.mark.network

TINY = Settings(dataset="synthetic", upsampling="bilinear", downsampling="max_pool", epochs=3, limit_train=200)
OLD = {"upsampling": "bilinear", "downsampling": "max_pool", "variant": "dynamic", "channel_shared": True}


@pytest.fixture(autouse=True)
def few_test_pictures(monkeypatch):
    monkeypatch.setattr("train.reconstruction.SYNTHETIC_TEST", 100)


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A finished run folder and its summary."""
    folder = tmp_path_factory.mktemp("reconstruction") / "run"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("train.reconstruction.SYNTHETIC_TEST", 100)
        return folder, run(TINY, folder, tensorboard=False, command="python -m something")


def test_run_folder_explains_itself(finished):
    folder, summary = finished
    assert json.loads((folder / "summary.json").read_text()) == summary
    assert json.loads((folder / "settings.json").read_text())["epochs"] == 3
    assert json.loads((folder / "versions.json").read_text())["keras"] == keras.__version__
    assert summary["command"] == "python -m something"
    assert set(summary["metrics"]) == {"psnr", "ssim", "mae", "rmse"}
    rows = list(csv.DictReader((folder / "history.csv").read_text().splitlines()))
    assert [row["epoch"] for row in rows] == ["1", "2", "3"]
    assert summary["psnr_by_epoch"] == [float(row["val_psnr"]) for row in rows]
    assert float(rows[-1]["val_mae"]) == pytest.approx(summary["metrics"]["mae"], rel=1e-3)
    assert cv2.imread(str(folder / "sheet.png")) is not None
    assert keras.saving.load_model(folder / "model.keras").count_params() == summary["parameters"]


def test_finished_run_returns_its_summary_and_refuses_other_settings(finished, monkeypatch):
    folder, summary = finished
    monkeypatch.setattr("train.reconstruction.make_model", None)  # nothing is trained again
    assert run(TINY, folder, tensorboard=False) == summary
    with pytest.raises(RunFolderError, match=r"other settings.*epochs.*3 before, 4 now.*--run_dir"):
        run(Settings(**{**vars(TINY), "epochs": 4}), folder, tensorboard=False)


def test_run_folder_of_earlier_settings_is_refused(tmp_path):
    (tmp_path / "settings.json").write_text(json.dumps({**dataclasses.asdict(TINY), **OLD}))
    with pytest.raises(RunFolderError, match=r"other settings.*'variant': .*'dynamic' before, None now.*--run_dir"):
        run(TINY, tmp_path, tensorboard=False)


def test_failed_start_leaves_no_run_folder(tmp_path):
    with pytest.raises(FileNotFoundError):
        run(Settings(**{**vars(TINY), "dataset": "mnist"}), tmp_path / "run", data_dir=tmp_path, tensorboard=False)
    assert not (tmp_path / "run").exists()


def test_foreign_folder_is_refused(tmp_path):
    (tmp_path / "precious.txt").write_text("mine")
    with pytest.raises(RunFolderError, match="is no run folder"):
        run(TINY, tmp_path, tensorboard=False)
    assert [path.name for path in tmp_path.iterdir()] == ["precious.txt"]


def test_milestones_scale_with_epochs():
    schedule = make_model(Settings(epochs=100), 60_000).optimizer._learning_rate
    for epoch, rate in ((49, 1e-2), (51, 1e-3), (71, 1e-4), (86, 1e-5)):
        assert float(schedule(epoch * 600)) == pytest.approx(rate)
    short = make_model(Settings(epochs=2), 60_000).optimizer._learning_rate
    assert float(short(599)) == pytest.approx(1e-2)
    assert float(short(700)) == pytest.approx(1e-3)


@pytest.mark.parametrize(("precision", "upsampling"), [("float16", "bilinear"), ("bfloat16", "a2u_static_cs")])
def test_mixed_precision_trains(tmp_path, precision, upsampling):
    settings = Settings("synthetic", upsampling, "max_pool", epochs=1, limit_train=100, mixed_precision=precision)
    summary = run(settings, tmp_path / "run", tensorboard=False)
    assert all(np.isfinite(value) for value in summary["metrics"].values())


def test_default_run_dir_names_the_method():
    assert default_run_dir(Settings()).name == "mnist_a2u_dynamic_cs+max_pool_100_epochs_seed_0"
    assert default_run_dir(TINY).name == "synthetic_bilinear+max_pool_3_epochs_seed_0"


@pytest.mark.process
@pytest.mark.parametrize(
    ("arguments", "expected"),
    [(["--dataset=mnist", "--data_dir=/nowhere"], "error: .*nowhere"), (["--epochs=0"], "epochs")],
)
def test_bad_arguments_are_named(arguments, expected, tmp_path):
    output = refused("reconstruction", *arguments, f"--run_dir={tmp_path / 'run'}")
    assert re.search(expected, output), output


@pytest.mark.process
@pytest.mark.slow
def test_killed_at_random_moments_ends_with_the_same_numbers(tmp_path):
    """SIGKILL after the first and after the third epoch; `tests.reliability` kills more often."""
    flags = ["--dataset=synthetic", "--limit_train=300", "--epochs=4", "--seed=3", "--notensorboard"]
    flags += ["--upsampling=nearest", "--downsampling=max_pool", "--verbosity=-1"]
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    finish("reconstruction", *flags, f"--run_dir={whole}")
    flags.append(f"--run_dir={killed}")
    delays = {"epoch_0001.*": 0.64, "epoch_0003.*": 0.27}
    assert any([kill_at(script("reconstruction", *flags), killed, *when) for when in delays.items()])
    finish("reconstruction", *flags)
    received, expected = (json.loads((folder / "summary.json").read_text())["metrics"] for folder in (killed, whole))
    assert received == expected
    assert (killed / "history.csv").read_text() == (whole / "history.csv").read_text()


def test_optimizers():
    optimizers = [make_model(Settings(upsampling="nearest", optimizer=name), 100).optimizer for name in ("sgd", "adam")]
    assert [type(optimizer) for optimizer in optimizers] == [keras.optimizers.SGD, keras.optimizers.Adam]
    with pytest.raises(ValueError, match=r"Momentum is SGD's. Received: momentum=0.9, optimizer='adam'"):
        Settings(optimizer="adam", momentum=0.9)
