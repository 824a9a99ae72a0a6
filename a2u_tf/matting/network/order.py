"""The order in which TensorFlow runs what does not depend on each other."""

from typing import Any

import keras

from a2u_tf.types import Tensor


@keras.saving.register_keras_serializable(package="a2u_tf")
class After(keras.layers.Layer):
    """Returns its first input; in TensorFlow's graphs, once the second is made.

    TensorFlow runs whatever has its inputs. A map that is made long before it is needed holds its memory until then,
    and maps of full size that are made at once take it at once. On other backends the layer does nothing.

    Call arguments:
        inputs: Tensor of any shape.
        earlier: Tensor that is made before what reads the result.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"autocast": False, **kwargs})

    def call(self, inputs: Tensor, earlier: Tensor) -> Tensor:
        if keras.backend.backend() != "tensorflow":
            return inputs
        import tensorflow as tf

        with tf.control_dependencies([earlier]):
            return tf.identity(inputs)

    def compute_output_spec(self, inputs: Tensor, earlier: Tensor) -> keras.KerasTensor:
        return keras.KerasTensor(inputs.shape, inputs.dtype)
