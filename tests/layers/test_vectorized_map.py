"""`tf.vectorized_map` over samples, as it goes with the layers of Keras."""

import numpy as np
import pytest

from a2u_tf.layers import A2UUpSampling2D, make_upsampler

pytestmark = pytest.mark.tensorflow
LAYERS = {
    "a2u": A2UUpSampling2D,
    "a2u static": lambda: A2UUpSampling2D(variant="static"),
    "a2u composite": lambda: A2UUpSampling2D(implementation="composite"),
    "carafe": lambda: make_upsampler("carafe"),
    "dysample": lambda: make_upsampler("dysample"),
}


@pytest.mark.parametrize("name", LAYERS)
def test_equals_the_batch(rng, name):
    import tensorflow as tf

    layer, x = LAYERS[name](), tf.constant(rng.normal(size=(3, 4, 5, 4)), tf.float32)
    expected = layer(x)
    actual = tf.vectorized_map(lambda sample: layer(sample[None])[0], x)
    np.testing.assert_allclose(actual, expected, atol=1e-5)


@pytest.mark.parametrize("name", ["fade", "sapa_b", "max_unpool"])
def test_guided_methods_equal_the_batch(rng, name):
    import tensorflow as tf

    layer, x, guidance = make_upsampler(name), rng.normal(size=(3, 4, 5, 4)), rng.normal(size=(3, 8, 10, 4))
    tensors = tf.constant(x, tf.float32), tf.constant(guidance, tf.float32)
    expected = layer(*tensors)
    actual = tf.vectorized_map(lambda pair: layer(pair[0][None], pair[1][None])[0], tensors)
    np.testing.assert_allclose(actual, expected, atol=1e-5)
