"""The command in a folder with pictures."""

import cv2
import keras
import numpy as np
import pytest

from a2u_program.main import a2u_matte
from a2u_tf.matting.weights.loading import load_matting
from tests.helpers import tiny_matting


@pytest.fixture(scope="module")
def model():
    keras.utils.set_random_seed(0)
    return tiny_matting()


@pytest.fixture(scope="module")
def model_path(model, tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "model.keras"
    model.save(path)
    return path


@pytest.fixture
def run(model, model_path, tmp_path, monkeypatch, rng):
    """Run the command in a folder with pictures a and b, their trimaps and a mask; its model is traced only once."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(
        "a2u_tf.matting.folder.load_matting", lambda x: model if x == str(model_path) else load_matting(x)
    )
    for name, size in (("a", (20, 33)), ("b", (16, 18))):
        for folder in ("images", "trimaps"):
            (tmp_path / folder).mkdir(exist_ok=True)
        cv2.imwrite(f"images/{name}.png", rng.integers(0, 256, (*size, 3), dtype="uint8"))
        cv2.imwrite(f"trimaps/{name}.png", rng.choice(np.array([0, 128, 255], "uint8"), size))
    mask = np.zeros((20, 33), "uint8")
    mask[:, 12:] = 255
    cv2.imwrite("mask.png", mask)
    return lambda *arguments: a2u_matte(["--model", str(model_path), *map(str, arguments)])
