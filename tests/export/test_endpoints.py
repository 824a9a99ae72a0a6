"""Endpoints: sizes, examples, names of outputs, and which models have one."""

import keras
import numpy as np
import pytest

from a2u_tf.export.endpoints import Endpoint, model_endpoint
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
