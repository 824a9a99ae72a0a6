"""Baselines that learn nothing."""

import os
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from a2u_tf.matting.pictures import PictureError
from experiments.baseline import half, predict_files
from tests.matting.test_closed_form import scene

ROOT = Path(__file__).parents[2]


def test_half():
    trimap = np.array([[0, 128, 255, 70]], np.uint8)
    np.testing.assert_array_equal(half(None, trimap), [[0, 0.5, 1, 0.5]])


@pytest.fixture
def files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    image, trimap, _ = scene()
    for folder, picture in (("images", image), ("trimaps", trimap)):
        (tmp_path / folder).mkdir()
        assert all(cv2.imwrite(f"{folder}/{name}.png", picture) for name in ("a", "b"))
    return tmp_path


@pytest.mark.process
def test_folders(files):
    flags = ["--method=half", "--image=images", "--trimap=trimaps", "--output=alphas"]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    subprocess.run([sys.executable, "-m", "experiments.baseline", *flags], env=environment, check=True, timeout=300)
    expected = np.rint(255 * half(None, scene()[1]))
    for name in ("a", "b"):
        np.testing.assert_array_equal(cv2.imread(f"alphas/{name}.png", cv2.IMREAD_UNCHANGED), expected)


def test_sets_with_gaps_are_refused_before_any_work(files):
    (files / "trimaps" / "b.png").unlink()
    with pytest.raises(PictureError, match=r"images/b\.png has no partner"):
        predict_files(half, "images", "trimaps", "alphas")
    cv2.imwrite("trimaps/b.png", np.full((5, 5), 128, np.uint8))
    with pytest.raises(PictureError, match=r"Sizes .* differ: images/b\.png"):
        predict_files(half, "images/b.png", "trimaps/b.png", "alpha.png")
    assert not (files / "alphas").exists()
