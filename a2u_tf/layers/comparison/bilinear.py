"""Bilinear upsampling of maps whose size is known only when they come."""

import keras


@keras.saving.register_keras_serializable(package="a2u_tf")
class BilinearUpSampling2D(keras.layers.UpSampling2D):
    """`keras.layers.UpSampling2D` with bilinear interpolation, also where a TensorFlow graph leaves the size open.

    There Keras 3.15 asks in Python whether the new size is positive, which a graph cannot answer.
    """

    def __init__(self, size=2, interpolation="bilinear", **kwargs):
        super().__init__(size, interpolation=interpolation, **kwargs)

    def call(self, inputs):
        if keras.backend.backend() != "tensorflow" or None not in inputs.shape[1:3]:
            return super().call(inputs)
        import tensorflow as tf

        resized = tf.image.resize(inputs, tf.shape(inputs)[1:3] * self.size, "bilinear")
        return tf.cast(resized, inputs.dtype)
