"""Compositions against those of the released model and against their formulas."""

import numpy as np
import pytest

from a2u_tf.matting.pictures import composite, merge_foregrounds


def test_golden(data_steps):
    arrays, settings = data_steps
    for case in settings["G3_composite_G4_totensor_train"]:
        foreground, background, alpha, expected = (
            arrays[f"G3_{case['id']}_{name}"] for name in ("fg_bgr", "bg_bgr", "alpha", "image_bgr")
        )
        result = composite(foreground[..., ::-1], background[..., ::-1], alpha)
        np.testing.assert_allclose(result, expected[..., ::-1], atol=1e-4)


def test_composite_by_hand():
    foreground = np.array([[[200, 100, 0], [10, 20, 30], [300, -5, 255]]])
    background = np.array([[[0, 100, 200], [70, 80, 90], [0, 0, 0]]])
    result = composite(foreground, background, np.array([[0.25, 0, 2]]))
    np.testing.assert_allclose(result, [[[50, 100, 150], [70, 80, 90], [255, 0, 255]]])


@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.float64])
def test_composite_leaves_its_arguments(rng, dtype):
    arrays = *(rng.uniform(0, 255, (4, 5, 3)).astype(dtype) for _ in range(2)), rng.random((4, 5), np.float32)
    before = [x.copy() for x in arrays]
    assert composite(*arrays).dtype == np.float32
    for x, y in zip(arrays, before, strict=True):
        np.testing.assert_array_equal(x, y)


def test_golden_merge(data_steps):
    arrays, settings = data_steps
    for case in settings["G10_two_foregrounds"]:
        names = "fg1", "alpha1", "fg2", "alpha2_u8", "fg_out", "alpha_out"
        first, first_alpha, second, levels, expected, expected_alpha = (
            arrays[f"G10_{case['id']}_{name}"] for name in names
        )
        result, alpha = merge_foregrounds(first, first_alpha, second, levels.astype(np.float32) / 255)
        assert (result.dtype, alpha.dtype) == (np.uint8, np.float32)
        np.testing.assert_array_equal(result, expected)
        np.testing.assert_allclose(alpha, expected_alpha, atol=1e-6)


def test_merge_is_the_first_over_the_second(rng):
    """Over any background, both ways to compose give the same picture."""
    first, second, background = (rng.integers(0, 256, (6, 7, 3), dtype=np.uint8) for _ in range(3))
    alphas = rng.random((2, 6, 7), np.float32)
    alphas[0, :2], alphas[1, :, :2] = 0, 0
    expected = composite(first, composite(second, background, alphas[1]), alphas[0])
    merged, alpha = merge_foregrounds(first, alphas[0], second, alphas[1])
    np.testing.assert_allclose(composite(merged, background, alpha), expected, atol=1.01)


def test_merge_that_would_cover_everything(rng):
    first, second = (rng.integers(0, 256, (3, 4, 3), dtype=np.uint8) for _ in range(2))
    alpha = rng.random((3, 4), np.float32)
    result, merged = merge_foregrounds(first, alpha, second, np.ones((3, 4), np.float32))
    np.testing.assert_array_equal(result, first)
    np.testing.assert_array_equal(merged, alpha)


def test_sizes_that_differ():
    picture, alpha = np.zeros((3, 4, 3), np.uint8), np.zeros((3, 4), np.float32)
    for call, arguments, shapes in (
        (composite, (np.zeros((3, 5, 3)), picture, alpha), r"\(3, 5, 3\), \(3, 4\)"),
        (composite, (picture, alpha, alpha), r"\(3, 4\), \(3, 4\)"),
        (composite, (picture, picture, alpha[..., None]), r"\(3, 4, 3\), \(3, 4, 1\)"),
        (merge_foregrounds, (picture, alpha, picture, alpha.T), r"\(3, 4, 3\), \(4, 3\)"),
        (merge_foregrounds, (picture, alpha.T, picture, alpha), r"\(3, 4, 3\), \(4, 3\)"),
    ):
        with pytest.raises(ValueError, match=rf"A picture and its alpha .* Received: {shapes}"):
            call(*arguments)
