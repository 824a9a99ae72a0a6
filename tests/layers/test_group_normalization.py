"""Group normalisation against Keras's."""

import keras
import pytest

from a2u_tf.layers.group_normalization import GroupNormalization
from tests.helpers import assert_close, value_and_gradients


@pytest.mark.parametrize(("shape", "groups"), [((2, 5, 4, 12), 3), ((1, 1, 1, 6), 6), ((2, 3, 2, 4), 1)])
def test_equals_the_layer_of_keras(rng, shape, groups):
    x, cotangent = 3 + rng.normal(size=shape), rng.normal(size=shape)
    ours, keras_own = (
        layer(groups, epsilon=1e-5, dtype="float32") for layer in (GroupNormalization, keras.layers.GroupNormalization)
    )
    for layer in (ours, keras_own):
        layer.build(shape)
    weights = [rng.normal(size=shape[-1:]) for _ in range(2)]
    ours.set_weights(weights)
    keras_own.set_weights(weights)
    x, cotangent = (keras.ops.convert_to_tensor(value, "float32") for value in (x, cotangent))
    (values, gradients), (expected, expected_gradients) = (
        value_and_gradients(layer)(x, cotangent) for layer in (ours, keras_own)
    )
    assert_close(values, expected, scale=4)
    assert_close(gradients[0], expected_gradients[0], scale=4)
