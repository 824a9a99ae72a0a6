"""The check of guidance that the guided operators share, before any use of the tensors."""

import keras

from a2u_tf.layers.checks import check_exact_guidance


def checked_guidance(layer, inputs, guidance):
    """Return inputs and guidance where guidance is exactly `layer.scale` times the height and width of the inputs.

    On TensorFlow, sizes that are unknown while tracing are checked when the graph runs; XLA drops that check.

    Args:
        layer: The layer that asks; its class is named in errors.
        inputs: Tensor of shape `(N, H, W, C)`.
        guidance: Tensor of shape `(N, scale * H, scale * W, any)`, or `None`, which is refused.

    Returns:
        `(inputs, guidance)`.

    Raises:
        ValueError: Where guidance is missing or has another size.
    """
    check_exact_guidance(layer, inputs.shape, None if guidance is None else guidance.shape)
    known = None not in (*inputs.shape[:3], *guidance.shape[:3])
    if known or keras.backend.backend() != "tensorflow":
        return inputs, guidance
    import tensorflow as tf

    check = tf.debugging.assert_equal(
        tf.shape(inputs)[:3] * [1, layer.scale, layer.scale],
        tf.shape(guidance)[:3],
        message=f"{type(layer).__name__} needs guidance of the same batch size and exactly {layer.scale} times the "
        "height and width of its inputs: x below. Received: guidance.shape[:3] = y below",
        summarize=3,
    )
    with tf.control_dependencies([check]):  # or another operation may fail first
        return tf.identity(inputs), tf.identity(guidance)
