"""Backgrounds: pictures of every kind."""

import numpy as np
import pytest

from a2u_tf.data.matting.synthetic import SyntheticSource
from a2u_tf.data.matting.synthetic.backgrounds import KINDS as BACKGROUNDS


@pytest.mark.parametrize("name", BACKGROUNDS)
def test_backgrounds(name, monkeypatch):
    for other in set(BACKGROUNDS) - {name}:
        monkeypatch.delitem(BACKGROUNDS, other)
    drawer = SyntheticSource(97)
    images = [drawer.background(np.random.default_rng(seed)) for seed in range(4)]
    for image in images:
        assert image.dtype == np.uint8
        assert image.ndim == 3
        assert image.shape[2] == 3
        assert 2 < image.mean() < 253
    assert len({image.tobytes() for image in images}) == 4
