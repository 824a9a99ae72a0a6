"""Prediction from files."""

import signal
import subprocess
import sys
import types
from pathlib import Path

import cv2
import keras
import numpy as np
import pytest

from a2u_tf.matting.losses import AlphaLoss
from a2u_tf.matting.pictures.picture_files import PictureError
from a2u_tf.matting.prediction import predict_alpha
from a2u_tf.training.optimizers import LayerwiseAdam
from experiments.predict import find_jobs, predict_files
from tests.helpers import tiny_matting

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def model_path(tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "model.keras"
    model = tiny_matting()
    model.network.compile(LayerwiseAdam(), AlphaLoss())  # which this process knows, and the script does not
    model.save(path)
    return path


@pytest.fixture
def folders(tmp_path, rng):
    for name in ("images", "trimaps"):
        (tmp_path / name).mkdir()
    for number, size in enumerate(((20, 33), (16, 18))):
        cv2.imwrite(str(tmp_path / "images" / f"{number}.png"), rng.integers(0, 256, (*size, 3), dtype="uint8"))
        trimap = rng.choice(np.array([0, 128, 255], "uint8"), size)
        cv2.imwrite(str(tmp_path / "trimaps" / f"{number}.png"), trimap)
    return tmp_path


def predict(model, image, trimap, output, *more):
    command = [
        sys.executable,
        "-m",
        "experiments.predict",
        f"--model={model}",
        f"--image={image}",
        f"--trimap={trimap}",
    ]
    return subprocess.run(
        [*command, f"--output={output}", *more], cwd=ROOT, capture_output=True, text=True, timeout=300
    )


@pytest.mark.process
def test_folders_at_16_bits(model_path, folders):
    result = predict(model_path, folders / "images", folders / "trimaps", folders / "alphas", "--bits=16")
    assert result.returncode == 0, result.stderr
    model = keras.saving.load_model(model_path)
    for name in ("0.png", "1.png"):
        image = cv2.imread(str(folders / "images" / name))[..., ::-1]
        trimap = cv2.imread(str(folders / "trimaps" / name), cv2.IMREAD_GRAYSCALE)
        alpha = cv2.imread(str(folders / "alphas" / name), cv2.IMREAD_UNCHANGED)
        assert alpha.dtype == np.uint16
        np.testing.assert_allclose(alpha / 65535, predict_alpha(model, image, trimap), atol=1e-4)


@pytest.mark.process
def test_one_picture(model_path, folders):
    image, trimap = folders / "images" / "0.png", folders / "trimaps" / "0.png"
    result = predict(model_path, image, trimap, folders / "new" / "alpha.png")
    assert result.returncode == 0, result.stderr
    assert cv2.imread(str(folders / "new" / "alpha.png"), cv2.IMREAD_UNCHANGED).dtype == np.uint8


def test_problems_are_told_together_before_any_work(folders):
    (folders / "trimaps" / "1.png").unlink()
    (folders / "trimaps" / "2.png").write_bytes((folders / "trimaps" / "0.png").read_bytes())
    (folders / "images" / "0.png").write_bytes((folders / "images" / "0.png").read_bytes()[:60])
    with pytest.raises(PictureError, match="cannot be used") as error:
        find_jobs(folders / "images", folders / "trimaps", folders / "alphas")
    message = str(error.value)
    for part in ("images/1.png has no partner", "trimaps/2.png has no partner", "images/0.png"):
        assert part in message
    assert not (folders / "alphas").exists()


def test_exceptions_of_paths(folders):
    images, trimaps = folders / "images", folders / "trimaps"
    for arguments, message in (
        ((folders / "no", trimaps, "x.png"), "There is no .*no"),
        ((images, trimaps / "0.png", "x.png"), "two files or two folders"),
        ((images / "0.png", trimaps / "0.png", "x.jpg"), "ends in .png"),
        ((images / "0.png", trimaps / "1.png", "x.png"), "Sizes .* differ"),
    ):
        with pytest.raises((FileNotFoundError, ValueError), match=message):
            find_jobs(*arguments)


def test_what_fails_stops_no_other_picture(folders, capsys):
    def predict(image, trimap):
        if image.shape == (20, 33, 3):
            raise RuntimeError("no reason")
        return np.zeros(trimap.shape)

    values = types.SimpleNamespace(image=folders / "images", trimap=folders / "trimaps", output=folders / "alphas")
    assert predict_files(values, lambda: predict) == 1
    assert [path.name for path in (folders / "alphas").iterdir()] == ["1.png"]
    out, err = capsys.readouterr()
    assert out == f"2/2 {folders}/alphas/1.png\n"
    assert f"\n  {folders}/images/0.png: RuntimeError: no reason\n" in err


def test_signals_and_closed_streams(folders, monkeypatch, capsys):
    values = types.SimpleNamespace(image=folders / "images", trimap=folders / "trimaps", output=folders / "alphas")
    monkeypatch.setattr(sys, "stdout", None)
    assert predict_files(values, lambda: lambda image, trimap: np.zeros(trimap.shape)) == 0
    assert len(list((folders / "alphas").iterdir())) == 2
    assert predict_files(values, lambda: lambda image, trimap: signal.raise_signal(signal.SIGTERM)) == 143
    assert capsys.readouterr().err == "error: stopped; files that were written are whole\n"
