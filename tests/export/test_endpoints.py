"""Endpoints: sizes, examples, names of outputs, which models have one, and that exports which differ are seen."""

import keras
import numpy as np
import pytest

from a2u_tf.export.endpoints import Endpoint, checked_difference, largest_difference, largest_value, model_endpoint
from tests.export.networks import NAMES, several_outputs

pytestmark = pytest.mark.tensorflow


def endpoint(*shape, dtype="float32", **more):
    import tensorflow as tf

    return Endpoint(lambda x: {"y": 2 * x}, [tf.TensorSpec(shape, dtype, "x")], **more)


def test_sizes_are_filled_in_where_they_are_open():
    one = endpoint(None, None, 6, 3).of_one((4, 6))
    assert [tuple(spec.shape) for spec in one.inputs] == [(1, 4, 6, 3)]
    assert not one.is_open()
    assert tuple(endpoint(None, 5, None, 3).of_one().inputs[0].shape) == (1, 5, None, 3)
    assert endpoint(None, 5, None, 3).of_one().is_open()
    with pytest.raises(ValueError, match=r"takes 'x' of height and width \(None, 6\). Received: size=\(4, 7\)"):
        endpoint(None, None, 6, 3).of_one((4, 7))


def test_a_lost_output_is_an_error():
    x = np.ones((1, 2, 2, 1), "float32")
    np.testing.assert_array_equal(endpoint(None, None, None, 1)({"x": x})["y"], 2 * x)
    with pytest.raises(ValueError, match=r"The model has 2 outputs, and its endpoint 1: \['y'\]"):
        endpoint(None, None, None, 1, count=2)({"x": x})


def test_examples_have_the_sizes_and_levels_of_the_endpoint():
    sizes, levels = ((1, 3, 5), (2, 4, 2)), {"x": {7: 0.5, 9: 0.5}}
    examples = endpoint(None, None, None, 1, dtype="uint8", sizes=sizes, levels=levels).examples()
    assert [example["x"].shape for example in examples] == [(1, 3, 5, 1), (2, 4, 2, 1)]
    assert set(np.unique(examples[0]["x"])) == {7, 9}
    assert examples[0]["x"].dtype == np.uint8
    (only,) = endpoint(1, 3, 5, 1).examples()
    assert only["x"].shape == (1, 3, 5, 1)
    assert 0 <= only["x"].min() < only["x"].max() < 1


def test_a_model_says_its_own_endpoint_and_others_have_none():
    own = endpoint(1, 2, 2, 1)

    class Model(keras.Model):
        def export_endpoint(self):
            return own

    assert model_endpoint(Model()) is own
    with pytest.raises(ValueError, match=r"functional Keras model.*Received: Model"):
        model_endpoint(keras.Model())


@pytest.mark.parametrize("kind", NAMES)
def test_outputs_have_the_names_that_keras_gives_them(kind, rng):
    model = several_outputs(kind)
    x = rng.random((2, 4, 4, 3), "float32")
    outputs = model_endpoint(model)({"x": x})
    assert list(outputs) == NAMES[kind]
    for actual, expected in zip(outputs.values(), keras.tree.flatten(model(x)), strict=True):
        np.testing.assert_array_equal(actual, expected)


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
