"""What the guided operators share: guidance of exactly `scale` times the size of the inputs."""

import keras

from a2u_tf.layers.base import ReassemblingLayer
from a2u_tf.layers.checks import check_exact_guidance
from a2u_tf.ops.validation import asserted
from a2u_tf.types import Shape, Tensor


class GuidedUpSampling2D(ReassemblingLayer):
    """Base of the guided methods, which define `upsample` and what it needs in `build`."""

    def check_shapes(self, inputs_shape: Shape, guidance_shape: Shape | None) -> Shape:
        """Return the shape of the guidance; raise `ValueError` where there is none that fits the inputs."""
        return check_exact_guidance(self, inputs_shape, guidance_shape)

    def upsample(self, inputs: Tensor, guidance: Tensor) -> Tensor:
        raise NotImplementedError

    def call(self, inputs: Tensor, guidance: Tensor | None = None) -> Tensor:
        return self.upsample(*checked_guidance(self, inputs, guidance))

    def compute_output_shape(self, inputs_shape: Shape, guidance_shape: Shape | None = None) -> Shape:
        return (*self.check_shapes(inputs_shape, guidance_shape)[:3], inputs_shape[-1])


def checked_guidance(layer: keras.layers.Layer, inputs: Tensor, guidance: Tensor | None) -> tuple[Tensor, Tensor]:
    """Return inputs and guidance where guidance is exactly `layer.scale` times the height and width of the inputs.

    On TensorFlow, sizes that are unknown while tracing are checked when the graph runs; XLA drops that check.

    Args:
        layer: The layer that asks; its class is named in errors.
        inputs: Tensor of shape `(N, H, W, C)`.
        guidance: Tensor of shape `(N, scale * H, scale * W, any)`, or `None`, which is refused.

    Raises:
        ValueError: Where guidance is missing or has another size.
    """
    shape = check_exact_guidance(layer, inputs.shape, None if guidance is None else guidance.shape)
    if None not in (*inputs.shape[:3], *shape[:3]) or keras.backend.backend() != "tensorflow":
        return inputs, guidance
    import tensorflow as tf

    message = (
        f"{type(layer).__name__} needs guidance of the same batch size and exactly {layer.scale} times the height and "
        "width of its inputs: x below. Received: guidance.shape[:3] = y below"
    )
    expected = tf.shape(inputs)[:3] * [1, layer.scale, layer.scale]
    return asserted(expected, tf.shape(guidance)[:3], message, inputs, guidance)
