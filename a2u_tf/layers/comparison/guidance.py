"""What the guided operators share: guidance of exactly `scale` times the size of the inputs."""

import keras

from a2u_tf.layers.base import ReassemblingLayer
from a2u_tf.layers.checks import check_features, check_guidance
from a2u_tf.ops.validation import asserted
from a2u_tf.types import Shape, Tensor


class GuidedUpSampling2D(ReassemblingLayer):
    """Base of the guided methods, which define `upsample` and what it needs in `build`."""

    def check_shapes(self, inputs_shape: Shape, guidance_shape: Shape | None) -> Shape:
        """Return the shape of the guidance; raise `ValueError` where there is none that fits the inputs."""
        name = type(self).__name__
        if guidance_shape is None:
            raise ValueError(f"{name} needs guidance: call it with (inputs, guidance).")
        check_guidance(guidance_shape)
        check_features(self, inputs_shape)
        pairs = zip(inputs_shape[1:3], guidance_shape[1:3], strict=True)
        if any(low is not None and high not in (None, self.scale * low) for low, high in pairs):
            raise ValueError(
                f"{name} needs guidance of exactly {self.scale} times the height and width of its inputs. Received: "
                f"inputs.shape={tuple(inputs_shape)}, guidance.shape={tuple(guidance_shape)}. Pad the picture to a "
                "multiple of all scales, or use A2UUpSampling2D, which takes odd sizes."
            )
        return guidance_shape

    def upsample(self, inputs: Tensor, guidance: Tensor) -> Tensor:
        raise NotImplementedError

    def call(self, inputs: Tensor, guidance: Tensor | None = None) -> Tensor:
        shape = self.check_shapes(inputs.shape, None if guidance is None else guidance.shape)
        if None in (*inputs.shape[:3], *shape[:3]) and keras.backend.backend() == "tensorflow":
            inputs, guidance = self._checked_when_run(inputs, guidance)
        return self.upsample(inputs, guidance)

    def _checked_when_run(self, inputs: Tensor, guidance: Tensor) -> tuple[Tensor, Tensor]:
        """Sizes that are unknown while tracing; XLA drops the check."""
        import tensorflow as tf

        message = (
            f"{type(self).__name__} needs guidance of the same batch size and exactly {self.scale} times the height "
            "and width of its inputs: x below. Received: guidance.shape[:3] = y below"
        )
        expected = tf.shape(inputs)[:3] * [1, self.scale, self.scale]
        return asserted(expected, tf.shape(guidance)[:3], message, inputs, guidance)

    def compute_output_shape(self, inputs_shape: Shape, guidance_shape: Shape | None = None) -> Shape:
        return (*self.check_shapes(inputs_shape, guidance_shape)[:3], inputs_shape[-1])
