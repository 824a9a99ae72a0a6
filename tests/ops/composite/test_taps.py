"""The sum over taps with one window for all pixels; `test_each_form` has the rest."""

import numpy as np
import pytest

from tests.helpers import assert_close, gradients, numeric_gradient, run
from tests.ops.oracle import Case


@pytest.mark.parametrize(
    ("size", "kernel_size", "down"), [((5, 6), 3, 2), ((4, 3), 4, 1), ((1, 1), 3, 2), ((7, 5), 2, 3)]
)
@pytest.mark.parametrize("groups", [1, 2, 4])
def test_feature_one_window_for_all_pixels(rng, size, kernel_size, down, groups):
    case = Case("down", size, kernel_size, down, groups)
    features, per_pixel, cotangent = case.arrays(rng)
    window = rng.normal(size=(2, 1, 1, per_pixel.shape[3]))
    everywhere = np.broadcast_to(window, per_pixel.shape)
    function = case.form("taps")

    assert_close(run(function, features, window), case.reference(features, everywhere))
    to_features, to_window = gradients(function, features, window, cotangent=cotangent)
    expected_features, to_everywhere = case.reference_gradients(features, everywhere.copy(), cotangent)
    assert_close(to_features, expected_features)
    assert_close(to_window, to_everywhere.sum(axis=(1, 2), keepdims=True))


def test_gradcheck_of_one_window_is_numeric(rng):
    case = Case("down", (3, 4), 2, channels=2, batch=1)
    features, per_pixel, cotangent = case.arrays(rng)
    window = per_pixel[:, :1, :1]

    def definition(features, window):
        return case.reference(features, np.broadcast_to(window, per_pixel.shape))

    expected = numeric_gradient(definition, features, window, cotangent=cotangent)
    for actual, numeric in zip(
        gradients(case.form("taps"), features, window, cotangent=cotangent), expected, strict=True
    ):
        assert_close(actual, numeric, atol=1e-9)
