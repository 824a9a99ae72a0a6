"""The matting training: its run folder, its settings, and resuming after SIGKILL."""

import csv
import json
import subprocess
import sys
import zipfile

import cv2
import keras
import numpy as np
import pytest

from a2u_tf.matting import MattingModel, matting_net
from tests.helpers import to_numpy
from tests.train.processes import ROOT, finish, kill_at, refused, script
from train.matting import default_run_dir, run
from train.matting_losses import make_loss
from train.matting_network import make_network
from train.matting_settings import RECIPES, Settings
from train.run_folder import RunFolderError

SMALL = {"width": 0.03, "steps_per_epoch": 2, "batch_size": 2, "crop_size": (32,), "upsampling": "bilinear"}
TINY_VALUES = {**SMALL, "epochs": 3}
TINY = Settings(**TINY_VALUES)
TINY_FLAGS = [f"--{name}={value[0] if name == 'crop_size' else value}" for name, value in TINY_VALUES.items()]


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A finished run folder and its summary."""
    pytest.importorskip("tensorboard", reason="needs tensorboard")
    folder = tmp_path_factory.mktemp("matting") / "run"
    finish("matting", *TINY_FLAGS, f"--run_dir={folder}")
    return folder, json.loads((folder / "summary.json").read_text())


@pytest.mark.process
@pytest.mark.tensorflow
def test_run_folder_explains_itself(finished):
    folder, summary = finished
    assert json.loads((folder / "settings.json").read_text())["source"] == ["synthetic"]
    assert summary["command"] == " ".join(["python -m train.matting", *TINY_FLAGS, f"--run_dir={folder}"])
    rows = list(csv.DictReader((folder / "history.csv").read_text().splitlines()))
    assert [row["epoch"] for row in rows] == ["1", "2", "3"]
    assert set(rows[0]) == {"epoch", "loss", "val_sad", "val_mse", "val_grad", "val_conn"}
    sads = [float(row["val_sad"]) for row in rows]
    assert summary["best_epoch"] == 1 + int(np.argmin(sads))
    assert summary["metrics"]["last"]["sad"] == pytest.approx(sads[-1], rel=1e-4)
    assert summary["metrics"]["best"]["sad"] == pytest.approx(min(sads), rel=1e-4)
    for name in ("best.keras", "last.keras"):
        assert isinstance(keras.saving.load_model(folder / name), MattingModel)
        with zipfile.ZipFile(folder / name) as archive:
            assert b"optimizer" not in archive.read("model.weights.h5")
    assert cv2.imread(str(folder / "sheets" / "epoch_003.png")).shape == (22 + 6 * 196, 5 * 196, 3)
    assert list((folder / "tensorboard" / "pictures").glob("events*"))


@pytest.mark.process
@pytest.mark.tensorflow
def test_finished_run_returns_its_summary_and_refuses_other_settings(finished):
    folder, summary = finished
    assert run(TINY, folder) == summary
    with pytest.raises(RunFolderError, match=r"epochs.*3 before, 4 now.*--run_dir"):
        run(Settings(**{**vars(TINY), "epochs": 4}), folder)


@pytest.mark.network
def test_released_recipe():
    assert Settings(encoder_weights="encoder.weights.h5").highest_rate == 0.01
    network = make_network(Settings(width=0.03))
    schedule = network.optimizer._learning_rate
    rates = (0, 2e-3), (19.9, 2e-3), (20.1, 2e-4), (26.1, 2e-5)  # without an encoder; see results/start.md
    for epoch, rate in rates:
        assert float(schedule(int(epoch * 6000))) == pytest.approx(rate)
    assert network.optimizer.factors == {}
    assert network.loss.weights == [0.5, 0.5]


@pytest.mark.network
def test_pretrained_encoder_learns_slowly(tmp_path):
    trained = matting_net("bilinear", "max_pool", width=0.03)
    trained.save_weights(tmp_path / "encoder.weights.h5")
    network = make_network(Settings(width=0.03, encoder_weights=str(tmp_path / "encoder.weights.h5")))
    assert network.optimizer.factors == {"encoder_": 0.01}
    for name in ("encoder_stem_conv", "encoder_3_4_2_norm"):
        for ours, theirs in zip(network.get_layer(name).weights, trained.get_layer(name).weights, strict=True):
            np.testing.assert_array_equal(to_numpy(ours), to_numpy(theirs))
    ours, theirs = (to_numpy(net.get_layer("head_conv").kernel) for net in (network, trained))
    assert not np.array_equal(ours, theirs)
    assert to_numpy(network.get_layer("alpha_conv").kernel).std() > 0.1  # drawn, as released


def test_recipe_for_small_machines():
    settings = Settings(**RECIPES["small"])
    settings.check()
    samples = [settings.batch_size * 512**2 // size**2 for size in settings.crop_size]
    pixels = sum(count * size**2 for count, size in zip(samples, settings.crop_size, strict=True))
    assert settings.highest_rate == 0.002
    # A third of the steps each: two thousand million pixels and a little more, as docs/training.md says.
    assert 1.4e9 < pixels / 3 * settings.epochs * settings.steps_per_epoch < 2.2e9


@pytest.mark.network
@pytest.mark.parametrize("ending", ["weights.h5", "keras"])
def test_training_goes_on_from_weights(ending, tmp_path):
    trained = matting_net("bilinear", "max_pool", width=0.03)
    path = tmp_path / f"model.{ending}"
    trained.save_weights(path) if ending == "weights.h5" else MattingModel(trained).save(path)
    settings = {**SMALL, "initial_weights": str(path)}
    network = make_network(Settings(**settings, encoder_factor=0))
    for ours, theirs in zip(network.get_weights(), trained.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    trained_parts = {variable.path.split("/")[0] for variable in network.trainable_variables}
    assert "head_conv" in trained_parts
    assert not any(name.startswith("encoder_") for name in trained_parts)
    assert make_network(Settings(**settings, encoder_factor=0.1)).optimizer.factors == {"encoder_": 0.1}
    assert Settings(**settings).highest_rate == 0.0005


@pytest.mark.network
@pytest.mark.parametrize("word", ["small", "model.keras"])
def test_exception_of_weights_of_another_network(word, tmp_path):
    MattingModel(matting_net("bilinear", "max_pool", width=0.05)).save(tmp_path / "model.keras")
    path = word if word == "small" else str(tmp_path / word)
    with pytest.raises(ValueError, match=r"another|weights.*cannot be used"):
        make_network(Settings(**SMALL, initial_weights=path))


def test_exception_of_two_encoders():
    with pytest.raises(ValueError, match="leave out --encoder_weights"):
        Settings(initial_weights="small", encoder_weights="encoder.weights.h5").check()


@pytest.mark.parametrize("word", ["alpha", "alpha:much", "dice:1", ""])
def test_exception_of_losses(word):
    with pytest.raises(ValueError, match=r"NAME:WEIGHT, with names of .*Received"):
        make_loss((word,))


def test_default_run_dir_names_the_method():
    assert default_run_dir(Settings()).name == "matting_a2u_dynamic_cs_width_1.0_seed_0"
    other = Settings(upsampling="bilinear", downsampling="conv", width=0.5)
    assert default_run_dir(other).name == "matting_bilinear+conv_width_0.5_seed_0"


@pytest.mark.process
def test_bad_arguments_are_named(tmp_path):
    output = refused("matting", "--crop_size=40", "--notensorboard", f"--run_dir={tmp_path / 'run'}")
    assert "error: --crop_size must be a multiple of 16. Received: 40" in output


@pytest.mark.network
@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"source": ("rgba=/nowhere",), "backgrounds": ("/nowhere",)}, "/nowhere"),
        ({"encoder_weights": "/nowhere.weights.h5"}, "nowhere.weights.h5"),
        ({"validation": "alphamatting=/nowhere"}, "/nowhere"),
    ],
)
def test_missing_files_are_named_before_training(change, message, tmp_path):
    with pytest.raises(FileNotFoundError, match=message):
        run(Settings(**{**vars(TINY), **change}), tmp_path / "run", tensorboard=False)


@pytest.mark.process
@pytest.mark.slow
@pytest.mark.tensorflow
def test_killed_and_resumed_ends_with_the_same_numbers(finished, tmp_path):
    expected, summary = finished
    folder = tmp_path / "killed"
    flags = [*TINY_FLAGS, "--notensorboard", f"--run_dir={folder}"]
    assert kill_at(script("matting", *flags), folder, "epoch_*")
    output = finish("matting", *flags)
    assert "Epoch 1/3" not in output
    assert "waited_for_data: " in output
    assert json.loads((folder / "summary.json").read_text())["metrics"] == summary["metrics"]
    for name in ("history.csv", "best.json", "settings.json"):
        assert (folder / name).read_text() == (expected / name).read_text()


MIRRORED = """
import tensorflow as tf
cpu, = tf.config.list_physical_devices("CPU")
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
import train.matting as script
from train.team import Team
script.join_team = lambda mirrored: Team(strategy=tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"]))
settings = script.Settings(**{settings}, epochs=1)
print(script.run(settings, {folder!r}, tensorboard=False)["metrics"])
"""


@pytest.mark.process
@pytest.mark.slow
@pytest.mark.tensorflow
def test_two_devices_share_a_batch(tmp_path):
    code = MIRRORED.format(folder=str(tmp_path / "run"), settings=SMALL)
    result = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=900)
    assert result.returncode == 0, result.stderr[-3000:]
    assert "'sad'" in result.stdout
