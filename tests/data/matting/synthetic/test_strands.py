"""Strands: their lengths, turns and widths."""

import numpy as np
import pytest

from a2u_tf.data.matting.synthetic import strands


@pytest.mark.parametrize("width", [0.15, 0.5, 1.0, 2.5])
def test_strand_covers_its_width(width):
    curve = np.stack([np.linspace(5, 45, 9), np.linspace(10.3, 18.7, 9)], axis=1)[None]
    group = strands.ribbons(curve, np.array([width]), np.ones((1, 3)), taper=0)
    layer = strands.draw_strands(30, 50, group)
    length = np.hypot(40, 8.4)
    assert layer[..., 3].sum() == pytest.approx(length * width, rel=0.25)


def test_strand_tapers():
    curve = np.stack([np.linspace(2, 60, 9), np.full(9, 8.0)], axis=1)[None]
    alpha = strands.draw_strands(17, 64, strands.ribbons(curve, np.array([4.0]), np.ones((1, 3)), taper=1))[..., 3]
    coverage = alpha.sum(axis=0)
    assert coverage[4] == pytest.approx(4, abs=0.5)
    assert coverage[31] == pytest.approx(2, abs=0.4)
    assert coverage[56] < 0.6
