"""Affine maps against those of the released model and against pictures turned by hand."""

import numpy as np
import pytest

from a2u_tf.matting.data.affine import affine, affine_matrix


def test_golden(data_steps):
    arrays, settings = data_steps
    for case in settings["G7_affine"]:
        foreground, alpha, matrix, expected, expected_alpha = (
            arrays[f"G7_{case['id']}_{name}"] for name in ("fg", "alpha", "matrix", "fg_out", "alpha_out")
        )
        flip = [sign < 0 for sign in case["flip"]]
        result = affine_matrix(alpha.shape, case["angle_deg"], case["scale"], case["shear_deg"], flip)
        np.testing.assert_allclose(result, matrix, atol=1e-10)
        # Ties between two nearest pixels fall differently in the versions of OpenCV.
        assert np.mean((affine(foreground, result) != expected).any(axis=-1)) < 0.05
        assert np.mean(affine(alpha, result) != expected_alpha) < 0.05


def test_nothing_is_the_same_picture(rng):
    pixels = rng.integers(0, 256, (7, 10, 3), dtype=np.uint8)
    np.testing.assert_array_equal(affine(pixels, affine_matrix((7, 10))), pixels)


@pytest.mark.parametrize("shape", [(9, 12), (9, 12, 3)])
def test_flips(rng, shape):
    """The centre lies one pixel right of and below the middle, so that a flip moves the picture by two."""
    pixels = rng.random(shape, np.float32)
    columns = affine(pixels, affine_matrix((9, 12), flip=(True, False)))
    np.testing.assert_array_equal(columns[:, 2:], pixels[:, :1:-1])
    rows = affine(pixels, affine_matrix((9, 12), flip=(False, True)))
    np.testing.assert_array_equal(rows[2:], pixels[:1:-1])


def test_scale_enlarges_about_the_centre():
    alpha = np.zeros((64, 64), np.float32)
    alpha[24:40, 24:40] = 1
    rows, columns = np.nonzero(affine(alpha, affine_matrix((64, 64), scale=(1.5, 0.5))))
    assert np.ptp(columns) + 1 == pytest.approx(24, abs=1)
    assert np.ptp(rows) + 1 == pytest.approx(8, abs=1)
    assert columns.mean() == pytest.approx(31.5, abs=1)


def test_outside_is_transparent():
    alpha = affine(np.ones((40, 40), np.float32), affine_matrix((40, 40), angle=45))
    np.testing.assert_array_equal(alpha[[0, 0, -1, -1], [0, -1, 0, -1]], 0)
    assert alpha[20, 20] == 1
