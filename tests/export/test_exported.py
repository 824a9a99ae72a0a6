"""What a model and its export are compared by: a difference of any kind is seen."""

import numpy as np
import pytest

from a2u_tf.export.exported import checked_difference, largest_difference, largest_value

ONE = [{"a": np.array([1.0, 2.0]), "b": np.array([[3.0]])}]


@pytest.mark.parametrize(
    ("received", "expected"),
    [
        ([{"a": np.array([1.0, 2.0]), "b": np.array([[3.0]])}], 0),
        ([{"b": np.array([[2.75]]), "a": np.array([1.0, 2.5])}], 0.5),
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
    with pytest.raises(ValueError, match=r"The file does not compute.* difference is nan, expected at most 1\.0e\+09"):
        checked_difference(ONE, nan, 1e9, "file")
    with pytest.raises(ValueError, match="shorter"):
        largest_difference(ONE * 2, ONE)


def test_a_difference_may_be_as_large_as_the_tolerance():
    other = [ONE[0] | {"b": np.array([[3.5]])}]
    assert checked_difference(ONE, other, 0.5, "file") == 0.5
    with pytest.raises(ValueError, match=r"is 5\.0e-01, expected at most 4\.9e-01"):
        checked_difference(ONE, other, 0.49, "file")


def test_largest_value_is_at_least_one():
    assert largest_value(ONE) == 3
    assert largest_value([{"a": np.array([-7.0])}, *ONE]) == 7
    assert largest_value([{"a": np.array([0.25]), "b": np.zeros((0, 2))}]) == 1
