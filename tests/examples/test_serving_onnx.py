"""The example for ONNX Runtime, as a program of its own."""

import subprocess
import sys
import tomllib
from pathlib import Path

import cv2
import numpy as np
import pytest

from a2u_tf.export import export_onnx
from examples import serving_onnx
from tests.examples.conftest import WAIT
from tests.export.networks import one_level, onnx_or_skip
from tests.helpers import SEED

FOLDER = Path(serving_onnx.__file__).parent
pytestmark = [pytest.mark.tensorflow, pytest.mark.filterwarnings("ignore::UserWarning", "ignore::FutureWarning")]


def matte_picture(*paths):
    """Run as in docs/serving.md, without this package; returns what it says."""
    command = [sys.executable, "-P", FOLDER / "matte_picture.py", *paths]
    run = subprocess.run(command, capture_output=True, text=True, timeout=WAIT, check=False, env={"PATH": ""})
    return run.stderr


@pytest.mark.process
def test_matte_and_errors_in_one_line(tmp_path):
    onnx_or_skip()
    model = one_level()
    file = export_onnx(model, tmp_path / "matting.onnx").path
    rng = np.random.default_rng(SEED)
    image = rng.integers(0, 256, (35, 50, 3), dtype=np.uint8)
    trimap = rng.choice(np.array([0, 128, 255], np.uint8), (35, 50), p=(0.1, 0.8, 0.1))
    photo, levels, small, alpha = (tmp_path / f"{name}.png" for name in ("photo", "trimap", "small", "alpha"))
    cv2.imwrite(str(photo), image[..., ::-1])
    cv2.imwrite(str(levels), trimap)
    cv2.imwrite(str(small), trimap[:-1])
    assert matte_picture(file, photo, levels, alpha) == ""
    expected = model.predict_on_batch({"image": image[None], "trimap": trimap[None, ..., None]})["alpha"][0, ..., 0]
    np.testing.assert_allclose(cv2.imread(str(alpha), cv2.IMREAD_UNCHANGED) / 255, expected, atol=0.5 / 255 + 1e-4)
    assert matte_picture(file, tmp_path / "none.png", levels, alpha).splitlines()[-1].startswith("error: ")
    assert "have (35, 50) and (34, 50)" in matte_picture(file, photo, small, alpha)
    assert "expected MODEL.onnx PICTURE TRIMAP OUTPUT" in matte_picture(file, photo)


def test_versions_are_those_of_the_project():
    project = tomllib.loads((FOLDER.parents[1] / "pyproject.toml").read_text())["project"]
    allowed = [*project["dependencies"], *project["optional-dependencies"]["onnx"]]
    assert set((FOLDER / "requirements.txt").read_text().split()) <= set(allowed)
