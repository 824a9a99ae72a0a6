"""Colour jitter against the released model's and against the colour model of the standard library."""

import colorsys

import numpy as np
import pytest

from a2u_tf.matting.data.jitter import jitter


def jitter_by_hand(foreground, alpha, hue, saturation, value):
    hsv = np.apply_along_axis(lambda rgb: colorsys.rgb_to_hsv(*rgb), -1, foreground / 255)
    means = hsv[alpha > 0].mean(axis=0)
    for row, column in np.ndindex(alpha.shape):
        h, s, v = hsv[row, column]
        s = abs(s + saturation * (1.1 - means[1]) / 5 - (1.1 - means[1]) / 10)
        v = abs(v + value * (1.1 - means[2]) / 5 - (1.1 - means[2]) / 10)
        s, v = (2 - x if x > 1 else x for x in (s, v))
        hsv[row, column] = colorsys.hsv_to_rgb((h + hue / 360) % 1, s, v)
    return hsv * 255


def test_golden(data_steps):
    arrays, settings = data_steps
    for case in settings["G8_jitter"]:
        foreground, alpha, expected = (arrays[f"G8_{case['id']}_{name}"] for name in ("fg_bgr", "alpha", "fg_out"))
        result = jitter(foreground[..., ::-1], alpha, case["hue_jitter"], case["rand_sat"], case["rand_val"])
        assert result.dtype == np.float32
        np.testing.assert_allclose(result, expected[..., ::-1], atol=1e-3)


@pytest.mark.parametrize(
    ("hue", "saturation", "value"), [(0, 0.5, 0.5), (0, 1, 0), (0, 0, 1), (39, 0.3, 0.9), (-40, 0.99, 0.01)]
)
def test_by_hand(rng, hue, saturation, value):
    foreground = rng.integers(0, 256, (9, 8, 3), dtype=np.uint8)
    foreground[:2, :2] = [[0, 0, 0], [255, 255, 255]]
    alpha = np.maximum(rng.uniform(-1, 1, (9, 8)), 0)
    before = foreground.copy()
    result = jitter(foreground, alpha, hue, saturation, value)
    np.testing.assert_allclose(result, jitter_by_hand(foreground, alpha, hue, saturation, value), atol=1e-3)
    np.testing.assert_array_equal(foreground, before)


def test_nothing_to_see(rng):
    foreground = rng.integers(0, 256, (3, 4, 3), dtype=np.uint8)
    result = jitter(foreground, np.zeros((3, 4), np.float32), 20, 0.1, 0.9)
    assert result.dtype == np.float32
    np.testing.assert_array_equal(result, foreground)
