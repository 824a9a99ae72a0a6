"""From picture and trimap to the cut-out."""

import numpy as np
import pytest

from a2u_tf.matting.cutout import decide_alpha, estimate_foreground
from a2u_tf.matting.prediction import predict_alpha
from demo.cutout import CutOut, cut_out, reduced
from tests.helpers import tiny_matting


@pytest.fixture(scope="module")
def model():
    return tiny_matting()


@pytest.fixture
def picture(rng):
    return rng.integers(0, 256, (33, 47, 3), dtype=np.uint8), rng.choice(np.array([0, 128, 255], np.uint8), (33, 47))


def with_alpha(image, alpha):
    return np.dstack([image, np.full(image.shape[:2], alpha, np.uint8)])


def test_alpha_is_the_models(model, picture):
    """Transparent pixels are laid over white."""
    image, trimap = picture
    np.testing.assert_allclose(
        cut_out(model, with_alpha(image, 51), trimap, 47).image, 0.8 * 255 + 0.2 * image, atol=0.51, rtol=0
    )
    result = cut_out(model, with_alpha(image, 255), trimap, 47)
    np.testing.assert_array_equal(result.alpha, predict_alpha(model, image, trimap))
    np.testing.assert_array_equal(result.image, image)
    np.testing.assert_array_equal(result.opacity, decide_alpha(image / np.float32(255), result.alpha))
    colours = estimate_foreground(image / np.float32(255), result.opacity)
    np.testing.assert_array_equal(result.foreground, np.rint(255 * colours))


def test_large_pictures_are_reduced(model, picture):
    image, trimap = picture
    result = cut_out(model, image, trimap, 24)
    assert result.image.shape == (17, 24, 3)
    assert result.alpha.shape == result.trimap.shape == (17, 24)
    assert set(np.unique(result.trimap)) <= {0, 128, 255}
    # A long picture keeps a pixel.
    image, trimap = reduced(np.zeros((1, 100, 3), np.uint8), np.zeros((1, 100), np.uint8), 10)
    assert image.shape == (1, 10, 3)
    assert trimap.shape == (1, 10)


def test_exceptions(model, picture):
    image, trimap = picture
    for arguments, message in (
        ((image, trimap[:, 1:]), "picture is 47 x 33 pixels, the trimap 46 x 33"),
        ((image, np.zeros_like(trimap)), "neither foreground nor anything unknown"),
    ):
        with pytest.raises(ValueError, match=message):
            cut_out(model, *arguments, 47)


def test_cut_out_over_a_background():
    foreground = np.full((1, 3, 3), (200, 100, 0), np.uint8)
    result = CutOut(foreground, None, np.float32([[0, 0.25, 1]]), np.float32([[0, 0.5, 1]]), foreground)
    background = np.full((1, 3, 3), (0, 50, 100), np.uint8)
    assert result.over(background).tolist() == [[[0, 50, 100], [100, 75, 50], [200, 100, 0]]]
    assert result.rgba()[..., 3].tolist() == [[0, 128, 255]]
    np.testing.assert_array_equal(result.rgba()[..., :3], foreground)
