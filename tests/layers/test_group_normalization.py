"""Group normalisation against Keras's."""

import keras
import pytest

from a2u_tf.layers.group_normalization import GroupNormalization
from tests.helpers import assert_close, gradients, run


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
    x, cotangent = x.astype("float32"), cotangent.astype("float32")
    assert_close(run(ours, x), run(keras_own, x), scale=4)
    (actual,), (expected,) = (gradients(layer, x, cotangent=cotangent) for layer in (ours, keras_own))
    assert_close(actual, expected, scale=4)
