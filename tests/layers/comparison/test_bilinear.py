"""Bilinear upsampling in graphs with open sizes."""

import keras
import pytest

from a2u_tf.layers.comparison.bilinear import BilinearUpSampling2D
from tests.helpers import assert_close


@pytest.mark.parametrize("size", [(None, None), (None, 7), (5, None)])
@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
@pytest.mark.tensorflow
def test_open_size_is_keras_with_a_known_one(rng, dtype, size):
    import tensorflow as tf

    x = rng.normal(size=(2, 5, 7, 3)).astype("float32")
    layer = BilinearUpSampling2D(2, dtype=dtype)
    graph = tf.function(layer, input_signature=[tf.TensorSpec((None, *size, 3), dtype)])
    got = graph(tf.cast(x, dtype))
    expected = keras.layers.UpSampling2D(2, interpolation="bilinear", dtype=dtype)(x)
    assert got.dtype == expected.dtype
    assert_close(got, expected)
