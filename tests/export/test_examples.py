"""What a model and its export are compared by: a difference of any kind is seen."""

import numpy as np
import pytest

from a2u_tf.export.examples import largest_difference, largest_value

ONE = [{"a": np.array([1.0, 2.0]), "b": np.array([[3.0]])}]


@pytest.mark.parametrize(
    ("received", "expected"),
    [
        ([{"a": np.array([1.0, 2.0]), "b": np.array([[3.0]])}], 0),
        ([{"a": np.array([1.0, 2.5]), "b": np.array([[2.75]])}], 0.5),
        ([{"a": np.array([1.0, 2.0]), "b": np.array([3.0])}], np.inf),  # another shape, of the same values
        ([{"a": np.array([1.0, 2.0])}], np.inf),
        ([{"a": np.array([1.0, 2.0]), "c": np.array([[3.0]])}], np.inf),
    ],
)
def test_largest_difference(received, expected):
    assert largest_difference(ONE, received) == expected
    assert largest_difference(received, ONE) == expected


def test_a_nan_is_a_difference_and_calls_are_counted():
    nan = [{"a": np.array([np.nan, 2.0]), "b": np.array([[3.0]])}]
    assert np.isnan(largest_difference(ONE, nan))
    with pytest.raises(ValueError, match="shorter"):
        largest_difference(ONE * 2, ONE)


def test_largest_value_is_at_least_one():
    assert largest_value(ONE) == 3
    assert largest_value([{"a": np.array([-7.0])}, *ONE]) == 7
    assert largest_value([{"a": np.array([0.25]), "b": np.zeros((0, 2))}]) == 1
