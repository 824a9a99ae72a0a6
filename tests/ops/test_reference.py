"""The NumPy reference against numbers worked out by hand and against the released model's vectors."""

import json

import numpy as np
import pytest

from a2u_tf.ops import reference
from tests.helpers import numeric_gradient
from tests.ops.oracle import GOLDEN_CASES, GOLDEN_FILES, Case, load_golden


def test_up_by_hand_with_one_kernel_per_pixel():
    features = np.array([1.0, 2.0, 3.0]).reshape(1, 1, 3, 1)
    kernels = np.zeros((1, 1, 6, 9))
    # The middle row of taps holds left, centre, right; the map has one row.
    kernels[0, 0, :, 3:6] = [[1, 10, 100], [2, 0, 0], [1, 10, 100], [0, 0, 2], [1, 10, 100], [0, 0, 5]]
    expected = [0 + 10 + 200, 0, 1 + 20 + 300, 2 * 3, 2 + 30 + 0, 0]
    np.testing.assert_array_equal(reference.reassemble_up(features, kernels, 3)[0, 0, :, 0], expected)


def test_down_by_hand():
    features = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 9.0]]).reshape(1, 3, 3, 1)
    kernels = np.broadcast_to([1.0, 10.0, 100.0, 1000.0], (1, 2, 2, 4))
    expected = [[1 + 20 + 400 + 5000, 3 + 600], [7 + 80, 9]]
    np.testing.assert_array_equal(reference.reassemble_down(features, kernels, 2)[0, :, :, 0], expected)


def test_convention_down_window_of_even_side_starts_before_its_pixel():
    features = np.arange(1.0, 7.0).reshape(1, 1, 6, 1)
    kernels = np.zeros((1, 1, 3, 16))
    kernels[..., 4:8] = [1, 10, 100, 1000]  # row 1 of the window is the pixel's own
    # The window of output x covers 2 x - 1 .. 2 x + 2.
    expected = [10 + 200 + 3000, 2 + 30 + 400 + 5000, 4 + 50 + 600]
    np.testing.assert_array_equal(reference.reassemble_down(features, kernels, 4)[0, 0, :, 0], expected)


def test_convention_taps_are_group_major_then_row_then_column():
    features = np.arange(9.0).reshape(1, 3, 3, 1) + np.array([0.0, 100.0])
    kernels = np.zeros((1, 3, 3, 18))
    kernels[0, 1, 1, 1] = 1  # group 0, row 0, column 1
    kernels[0, 1, 1, 9 + 3] = 1  # group 1, row 1, column 0
    outputs = reference.reassemble_up(features, kernels, 3, scale=1, groups=2)
    assert outputs[0, 1, 1].tolist() == [1.0, 103.0]
    assert np.count_nonzero(outputs) == 2


@pytest.mark.parametrize("scale", [1, 2, 3])
def test_up_with_one_tap_of_one_is_nearest_neighbour(rng, scale):
    features = rng.normal(size=(2, 3, 4, 5))
    expected = features.repeat(scale, axis=1).repeat(scale, axis=2)
    np.testing.assert_array_equal(
        reference.reassemble_up(features, np.ones((2, *expected.shape[1:3], 1)), 1, scale), expected
    )


@pytest.mark.parametrize("tap", range(9))
def test_one_hot_kernels_shift(rng, tap):
    features = rng.normal(size=(1, 4, 5, 2))
    kernels = np.zeros((1, 4, 5, 9))
    kernels[..., tap] = 1
    top, left = tap // 3, tap % 3
    expected = np.pad(features, [(0, 0), (1, 1), (1, 1), (0, 0)])[:, top : top + 4, left : left + 5]
    np.testing.assert_array_equal(reference.reassemble_up(features, kernels, 3, scale=1), expected)


@pytest.mark.parametrize("tap", range(4))
def test_one_hot_kernels_subsample(rng, tap):
    features = rng.normal(size=(1, 4, 6, 2))
    kernels = np.zeros((1, 2, 3, 4))
    kernels[..., tap] = 1
    expected = features[:, tap // 2 :: 2, tap % 2 :: 2]
    np.testing.assert_array_equal(reference.reassemble_down(features, kernels, 2), expected)


@pytest.mark.parametrize(("direction", "number"), GOLDEN_CASES)
def test_golden(golden_dir, direction, number):
    case, (features, kernels, cotangent, expected, *expected_gradients) = load_golden(golden_dir, direction, number)
    np.testing.assert_allclose(case.reference(features, kernels), expected, rtol=0, atol=1e-12)
    for actual, expected in zip(
        case.reference_gradients(features, kernels, cotangent), expected_gradients, strict=True
    ):
        np.testing.assert_allclose(actual, expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("direction", ["up", "down"])
def test_golden_table_is_covered(golden_dir, direction):
    rows = json.loads((golden_dir / f"{GOLDEN_FILES[direction]}.json").read_text())
    assert [(direction, row["id"]) for row in rows] == [case for case in GOLDEN_CASES if case[0] == direction]


@pytest.mark.parametrize(
    "case", [Case("up", (3, 3), 3, groups=2, batch=1), Case("down", (3, 5), 4, groups=2, batch=1)], ids=str
)
def test_gradcheck_of_the_oracle(rng, case):
    features, kernels, cotangent = case.arrays(rng)
    expected = numeric_gradient(case.reference, features, kernels, cotangent=cotangent)
    for actual, numeric in zip(case.reference_gradients(features, kernels, cotangent), expected, strict=True):
        np.testing.assert_allclose(actual, numeric, rtol=0, atol=1e-9)
