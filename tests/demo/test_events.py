"""What the page's events do, without a browser."""

import importlib.util

import cv2
import numpy as np
import pytest

from demo.trimaps import KEEP, OPACITY

if importlib.util.find_spec("gradio") is None:
    pytest.skip("needs a2u_tf[demo]", allow_module_level=True)

from demo.events import cutting, fingerprint, paint
from tests.helpers import tiny_matting

COLOUR = "#2a9d8f"


@pytest.fixture(scope="module")
def cut():
    return cutting(tiny_matting(), 40)


@pytest.fixture
def drawing(rng):
    picture = np.dstack([rng.integers(0, 256, (30, 40, 3), dtype=np.uint8), np.full((30, 40), 255, np.uint8)])
    layer = np.zeros((30, 40, 4), np.uint8)
    layer[10:20, 10:30] = (*KEEP, round(255 * OPACITY))
    return {"background": picture, "layers": [layer]}


@pytest.fixture
def file(tmp_path):
    cv2.imwrite(str(tmp_path / "trimap.png"), np.full((30, 40), 128, np.uint8))
    return tmp_path / "trimap.png"


def test_paint_younger_than_the_trimap_counts(cut, drawing, file):
    trimap, known = paint(drawing, 4, None)
    for source in (None, 1):  # no paint known, and another
        np.testing.assert_array_equal(cut(drawing, 4, file, source, COLOUR, None)[0].trimap, trimap)
    assert (cut(drawing, 4, file, known, COLOUR, None)[0].trimap == 128).all()


def test_paint_that_was_erased(drawing):
    _, known = paint(drawing, 4, None)
    assert known == fingerprint(drawing)
    empty = {**drawing, "layers": [np.zeros_like(drawing["layers"][0])]}
    assert paint(empty, 4, known) == (None, None)
    skipped, known = paint(empty, 4, None)
    assert known is None
    assert skipped is not None  # a trimap that was dropped stays


def test_reduced_pictures_are_told(drawing, file):
    cut = cutting(tiny_matting(), 20)
    result, text, *_ = cut(drawing, 4, file, None, COLOUR, None)
    assert result.image.shape == (15, 20, 3)
    assert "20 x 15 pixels, reduced from 40 x 30" in text
