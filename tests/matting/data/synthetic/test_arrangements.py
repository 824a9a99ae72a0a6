"""Arrangements: which of the two things covers the other."""

import numpy as np
import pytest

from a2u_tf.matting.data.synthetic import arrangements


def block(rows, colour):
    def draw(rng, height, width):
        layer = np.zeros((height, width, 4), np.float32)
        layer[rows] = *colour, 1
        return layer

    return draw


@pytest.mark.parametrize(("behind", "shown"), [(1, (1, 0, 0)), (0, (0, 1, 0))])
def test_one_covers_the_other(behind, shown, monkeypatch):
    monkeypatch.setattr(arrangements, "SOLID", (block(np.s_[:20], (1, 0, 0)),))
    monkeypatch.setattr(arrangements, "FINE", (block(np.s_[10:30], (0, 1, 0)),))
    monkeypatch.setattr(arrangements, "BEHIND", behind)
    layer = arrangements.arrangement(np.random.default_rng(0), 40, 50)
    np.testing.assert_array_equal(layer[..., 3], np.repeat((np.arange(40) < 30)[:, None], 50, axis=1))
    for rows, colour in ((np.s_[:10], (1, 0, 0)), (np.s_[10:20], shown), (np.s_[20:30], (0, 1, 0))):
        np.testing.assert_array_equal(layer[rows, :, :3], np.broadcast_to(np.float32(colour), (10, 50, 3)))
