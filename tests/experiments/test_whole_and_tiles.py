"""Tiles: that they cover a picture, and give its matte where a pixel's answer depends on itself alone."""

import numpy as np
import pytest

from experiments.whole_and_tiles import corners, in_tiles


@pytest.mark.parametrize(("length", "expected"), [(30, [0]), (32, [0]), (33, [0, 1]), (80, [0, 16, 32, 48])])
def test_corners(length, expected):
    assert corners(length, 32) == expected


@pytest.mark.parametrize("size", [(20, 90), (70, 70)])
def test_tiles_of_a_pointwise_predictor_are_the_whole(size, rng):
    image = rng.integers(0, 256, (*size, 3), dtype=np.uint8)
    trimap = rng.choice([0, 128, 255], size).astype(np.uint8)

    def predict(image, trimap):
        return np.float32(image[..., 0] / 255 * (trimap > 0))

    np.testing.assert_allclose(in_tiles(predict, image, trimap, 32), predict(image, trimap), atol=1e-6)
