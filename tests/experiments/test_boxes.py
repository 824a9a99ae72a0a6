"""Boxes around mattes, and overlaps."""

import numpy as np
import pytest

from experiments.boxes import box_around, overlap


def test_box_has_its_margin_within_the_picture():
    alpha = np.zeros((50, 100), np.float32)
    alpha[10:50, 20:60] = 0.5
    alpha[5, 5] = 0.04  # less than what counts
    assert box_around(alpha) == (18, 8, 44, 42)


def test_overlap():
    truth = np.array([[0.6, 0.6, 0.4, 0]])
    assert overlap(np.array([[1, 0.4, 0.9, 0]]), truth) == pytest.approx(1 / 3)
    assert overlap(truth, truth) == 1
