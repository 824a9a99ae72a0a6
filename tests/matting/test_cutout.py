"""Pictures without their background."""

import cv2
import numpy as np
import pytest

from a2u_tf.matting.cutout import cover, decide_alpha, estimate_foreground, lay_over, parse_colour

RED, BLUE = np.array([230, 50, 25]) / 255, np.array([25, 50, 200]) / 255


def scene():
    """A red disc with a soft edge before blue: colours in [0, 1], and alpha."""
    rows, columns = np.indices((48, 64))
    alpha = np.clip((16 - np.hypot(rows - 24, columns - 32)) / 6 + 0.5, 0, 1).astype(np.float32)
    image = alpha[..., None] * RED + (1 - alpha[..., None]) * BLUE
    return image.astype(np.float32), alpha


def test_colours_are_those_of_the_foreground():
    image, alpha = scene()
    colours = estimate_foreground(image, alpha)
    assert colours.dtype == np.float32
    np.testing.assert_array_equal(colours[alpha == 1], image[alpha == 1])
    halo = (alpha > 0.05) & (alpha < 0.95)
    assert np.abs(image[halo] - RED).max() > 0.5
    seen = alpha[..., None] * np.abs(colours - RED)  # what it is off by where it is laid over something else
    assert seen[halo].max() < 0.04  # ten levels; the photograph's own colours are off by 200


def test_a_wrong_matte_takes_up_little_of_the_old_background():
    """Where a matte says 0.3 and there is nothing but background, solving for the colour would find just that."""
    image, alpha = scene()
    rim = (cv2.dilate(alpha, np.ones((7, 7))) > 0) & (alpha == 0)
    colours = estimate_foreground(image, np.where(rim, np.float32(0.3), alpha))[rim]
    old = np.linalg.norm(colours - BLUE, axis=-1) < np.linalg.norm(colours - RED, axis=-1)
    assert old.mean() < 0.05


def at_a_loss(alpha):
    """A matte that leaves a band of 14 pixels along the edge half transparent."""
    unsure = (cv2.dilate(alpha, np.ones((9, 9))) > 0) & (cv2.erode(alpha, np.ones((9, 9))) < 1)
    return np.where(unsure, np.float32(0.5), alpha)


def test_colours_decide_where_the_matte_is_at_a_loss():
    image, alpha = scene()
    matte = at_a_loss(alpha)
    decided = decide_alpha(image, matte)
    assert decided.dtype == np.float32
    sure = (matte == 0) | (matte == 1)
    np.testing.assert_array_equal(decided[sure], matte[sure])
    assert np.abs(decided - alpha)[~sure].mean() < 0.25 * np.abs(matte - alpha)[~sure].mean()
    np.testing.assert_allclose(decide_alpha(image, alpha), alpha, atol=0.03)  # an edge of 6 pixels is just soft


def test_colours_that_tell_nothing_decide_nothing(rng):
    image, alpha = scene()
    matte = at_a_loss(alpha)
    np.testing.assert_allclose(decide_alpha(np.full_like(image, 0.3), matte), matte, atol=1e-3)
    assert np.abs(decide_alpha(rng.random(image.shape), matte) - matte).mean() < 0.03


def test_colours_at_the_limits():
    for size in ((1, 1), (1, 9), (7, 2)):
        colours = np.full((*size, 3), 0.4, np.float32)
        for level in (0, 0.5, 1):
            np.testing.assert_allclose(decide_alpha(colours, np.full(size, level, np.float32)), level, atol=1e-3)
            received = estimate_foreground(colours, np.full(size, level, np.float32))
            assert received.min() >= 0
            assert np.isfinite(received).all()
            np.testing.assert_allclose(received, 0.4, atol=1e-3)


def test_nothing_black_around_a_cutout():
    """Whoever resizes a cutout mixes the colours of its edge with those of what is transparent."""
    image, alpha = scene()
    colours = estimate_foreground(np.clip(image, 0.3, 1), alpha)
    beyond = cv2.dilate(alpha, np.ones((7, 7))) == 0  # where the small window holds nothing of the foreground
    assert beyond.any()
    assert colours[beyond].min() > 0.25


def test_lay_over():
    colours = np.float32([[[1, 0.5, 0], [1, 0.5, 0], [1, 0.5, 0]]])
    result = lay_over(colours, np.float32([[0, 0.25, 1]]), np.float32([[[0, 0, 1]]]))
    np.testing.assert_allclose(result, [[[0, 0, 1], [0.25, 0.125, 0.75], [1, 0.5, 0]]], atol=1e-6)
    assert result.dtype == np.float32


def test_levels_are_refused():
    levels, colours, alpha = np.uint8([[[9, 9, 9]]]), np.float32([[[1, 1, 1]]]), np.float32([[1]])
    bad_alpha, bad_background = (colours, levels[..., 0], colours), (colours, alpha, levels)
    for bad in ((levels, alpha, colours), bad_alpha, bad_background, (255 * colours, alpha, colours)):
        with pytest.raises(ValueError, match=r"must be floats in \[0, 1\]. Received: "):
            lay_over(*bad)
    for function in (estimate_foreground, decide_alpha):
        with pytest.raises(ValueError, match=r"Received: \(1, 1, 3\), \(1, 2\)"):
            function(colours, np.float32([[1, 1]]))


@pytest.mark.parametrize("size", [(10, 40), (40, 10), (7, 7), (1, 9), (60, 30), (200, 333)])
def test_cover(size):
    rows, columns = np.indices((60, 30))
    picture = np.dstack([4 * rows, 8 * columns, 0 * rows]).astype(np.uint8)
    result = cover(picture, size)
    assert result.shape == (*size, 3)
    # Nothing is stretched, the centre stays the centre and one side is whole.
    zoom = max(size[0] / 60, size[1] / 30)
    for axis, (channel, step, own) in enumerate(((0, 4, 60), (1, 8, 30))):
        line = result[..., channel].astype(float).mean(axis=1 - axis) / step
        assert abs(line.mean() - (own - 1) / 2) < 0.6 + 0.6 / zoom
        if min(size) > 5:
            assert abs(np.ptp(line) - size[axis] / zoom) < 1.5 + 1 / zoom


def test_parse_colour():
    known = {"white": [255] * 3, "Green": (0, 128, 0), "#ff8000": (255, 128, 0), " #F80": (255, 136, 0)}
    for text, expected in known.items():
        colour = parse_colour(text)
        np.testing.assert_array_equal(colour, [[expected]])
        assert colour.dtype == np.uint8
    assert not any(parse_colour(text) is not None for text in ("#ff80", "#gg8000", "#ff 80", "beach.png", "gold", ""))
