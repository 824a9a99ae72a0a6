"""Closed-form matting by pymatting, which compiles itself when it is first imported."""

import importlib.util
import sys

import numpy as np
import pytest

from a2u_tf.matting.closed_form import closed_form_alpha, import_pymatting


def scene():
    """A red disc before blue, with a soft edge."""
    rows, columns = np.indices((48, 64))
    alpha = np.clip((16 - np.hypot(rows - 24, columns - 32)) / 4 + 0.5, 0, 1)
    image = np.rint(255 * (alpha[..., None] * [0.9, 0.2, 0.1] + (1 - alpha[..., None]) * [0.1, 0.2, 0.8]))
    trimap = np.select([alpha == 0, alpha == 1], [0, 255], 128).astype(np.uint8)
    return image.astype(np.uint8), trimap, alpha


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
    np.testing.assert_allclose(closed_form_alpha(image, trimap), alpha, atol=0.03)
    np.testing.assert_allclose(closed_form_alpha(image / 255, trimap), alpha, atol=0.03)
    np.testing.assert_allclose(closed_form_alpha(image, trimap, max_side=40), alpha, atol=0.2)
    assert alpha[trimap == 128].std() > 0.2
    trimap[trimap == 0] = 128
    np.testing.assert_array_equal(closed_form_alpha(image, trimap), np.where(trimap == 255, 1, 0.5))
