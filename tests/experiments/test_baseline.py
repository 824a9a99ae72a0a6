"""Baselines that learn nothing. pymatting compiles itself when it is first imported."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from a2u_tf.matting.pictures import PictureError
from experiments.baseline import closed_form, half, import_pymatting, predict_files

ROOT = Path(__file__).parents[2]


def scene():
    """A red disc before blue, with a soft edge."""
    rows, columns = np.indices((48, 64))
    alpha = np.clip((16 - np.hypot(rows - 24, columns - 32)) / 4 + 0.5, 0, 1)
    image = np.rint(255 * (alpha[..., None] * [0.9, 0.2, 0.1] + (1 - alpha[..., None]) * [0.1, 0.2, 0.8]))
    trimap = np.select([alpha == 0, alpha == 1], [0, 255], 128).astype(np.uint8)
    return image.astype(np.uint8), trimap, alpha


def test_half():
    trimap = np.array([[0, 128, 255, 70]], np.uint8)
    np.testing.assert_array_equal(half(None, trimap), [[0, 0.5, 1, 0.5]])


@pytest.mark.parametrize(
    "reason", ["ImportError('numba needs another NumPy')", "RuntimeError('no locator')", "SystemExit(3)"]
)
def test_broken_pymatting_is_one_line(tmp_path, monkeypatch, reason):
    (tmp_path / "pymatting").mkdir()
    (tmp_path / "pymatting/__init__.py").write_text(f"raise {reason}\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "pymatting", raising=False)
    with pytest.raises(ImportError, match=rf"^pymatting cannot be imported: {reason.partition('(')[0]}: .*$"):
        import_pymatting()


def test_without_pymatting(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ModuleNotFoundError, match=r"pip install 'a2u_tf\[pymatting\]'"):
        import_pymatting()


@pytest.mark.slow
def test_closed_form_finds_the_matte_where_there_is_a_background():
    pytest.importorskip("pymatting", reason="needs a2u_tf[pymatting]")
    image, trimap, alpha = scene()
    np.testing.assert_allclose(closed_form(image, trimap), alpha, atol=0.03)
    assert np.abs(half(image, trimap) - alpha).max() > 0.3
    trimap[trimap == 0] = 128
    np.testing.assert_array_equal(closed_form(image, trimap), half(image, trimap))


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
