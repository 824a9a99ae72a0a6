"""Affinity-aware up- and downsampling as layers."""

from typing import Any

import keras
from keras import ops

from a2u_tf.layers.a2u_kernels import SETTINGS, A2UKernels
from a2u_tf.layers.base import ReassemblingLayer
from a2u_tf.layers.checks import check_guidance
from a2u_tf.ops.reassembly import Reassemble
from a2u_tf.ops.validation import check_shapes
from a2u_tf.types import Shape, Tensor


class A2UResampling2D(ReassemblingLayer):
    """Base of `A2UUpSampling2D` and `A2UDownSampling2D`; not for use by itself."""

    direction: str
    settings = SETTINGS

    def __init__(
        self,
        scale: int | None = None,
        kernel_size: int = 3,
        encoding_size: int | None = None,
        variant: str = "dynamic",
        channel_shared: bool = True,
        rank: int = 1,
        groups: int = 1,
        use_bias: bool = True,
        use_norm: bool = True,
        normalization: str = "auto",
        projection_initializer: Any = "released",
        **kwargs: Any,
    ) -> None:
        super().__init__(scale, **kwargs)
        given: tuple[Any, ...] = (kernel_size, encoding_size, variant, channel_shared, rank, groups, use_bias, use_norm)
        settings = dict(zip(SETTINGS, (*given, normalization, projection_initializer), strict=True))
        # The settings are checked now rather than at the first call.
        checked = A2UKernels(directions=(self.direction,), **self._shared(), **settings)
        for name in SETTINGS:
            setattr(self, name, getattr(checked, name))
        window = self.kernel_size if self.direction == "up" else self.scale * self.kernel_size
        self._reassemble = Reassemble(self.direction, window, self.scale, self.groups, self.implementation)

    def _shared(self) -> dict[str, Any]:
        return {"scale": self.scale, "implementation": self.implementation, "data_format": self.data_format}

    def _make_kernels(self, shape: Shape, encoding_stride: int | None = None) -> Any:
        settings = {"directions": (self.direction,), "encoding_stride": encoding_stride, **self._shared()}
        return self._sublayer(A2UKernels, "kernels", shape, **settings, **self._settings())

    def _reassemble_by(self, kernels: dict[str, Tensor], features: Tensor) -> Tensor:
        return ops.cast(self._reassemble(features, kernels[self.direction]), self.compute_dtype)

    def _output_shape(self, features_shape: Shape, size: Shape) -> Shape:
        """The shape of features resampled to a map of `size` (batch, height, width), checked."""
        window = self._reassemble.window
        check_shapes(window, features_shape, (*size, window.depth))
        return (*size, features_shape[-1])


@keras.saving.register_keras_serializable(package="a2u_tf")
class A2UUpSampling2D(A2UResampling2D):
    """Upsamples features with affinity-aware kernels: for use where `keras.layers.UpSampling2D` stands.

    With one input the kernels come from the feature itself. With `guidance`, an encoder feature of the output's
    resolution, they follow its edges: the form of the paper (Dai, Lu, Shen, "Learning Affinity-Aware Upsampling for
    Deep Image Matting", CVPR 2021).

    Args:
        scale: Integer >= 1, the resampling ratio. Default: 2. `size` is Keras' name for it.
        kernel_size: Odd integer, side of the window on the feature.
        groups: Kernels per pixel; must divide the feature's channels.
        variant: `"static"`, `"hybrid"` or `"dynamic"`; with `channel_shared` the six variants of Table 1.
        encoding_size, channel_shared, rank, use_bias, use_norm, projection_initializer: As for the kernel generator,
            `A2UKernels`.
        normalization: Of the kernels: `"auto"`, `"softmax"` or `"sigmoid"`, see `A2UKernels`.
        implementation: `"auto"`, `"composite"` or `"compiled"`, see `a2u_tf.ops.reassemble_up`.

    Call arguments:
        inputs: Float tensor of shape `(N, h, w, C)`.
        guidance: Optional float tensor of shape `(N, H, W, any)` with `h = ceil(H / scale)` and `w = ceil(W / scale)`.
            A layer is built for one of the two forms and keeps to it.

    Output shape: `(N, H, W, C)` with guidance, also where H or W are odd; `(N, scale * h, scale * w, C)` without.

    Example:
    >>> inputs, guidance = keras.random.normal((2, 16, 16, 64)), keras.random.normal((2, 31, 31, 24))
    >>> a2u_tf.layers.A2UUpSampling2D()(inputs).shape, a2u_tf.layers.A2UUpSampling2D()(inputs, guidance=guidance).shape
    ((2, 32, 32, 64), (2, 31, 31, 64))
    """

    direction = "up"

    def build(self, inputs_shape: Shape, guidance_shape: Shape | None = None) -> None:
        self._guided = guidance_shape is not None
        self.kernels = self._make_kernels(guidance_shape) if guidance_shape else self._make_kernels(inputs_shape, 1)

    def call(self, inputs: Tensor, guidance: Tensor | None = None) -> Tensor:
        if self._guided != (guidance is not None):
            raise ValueError(
                f"{self.name} was built {'with' if self._guided else 'without'} guidance and was now called "
                f"{'without' if self._guided else 'with'} it. Use one layer for each form."
            )
        return self._reassemble_by(self.kernels(guidance if self._guided else inputs), inputs)

    def compute_output_shape(self, inputs_shape: Shape, guidance_shape: Shape | None = None) -> Shape:
        if guidance_shape is not None:
            check_guidance(guidance_shape)
            return self._output_shape(inputs_shape, guidance_shape[:3])
        return self._output_shape(inputs_shape, super().compute_output_shape(inputs_shape)[:3])


@keras.saving.register_keras_serializable(package="a2u_tf")
class A2UDownSampling2D(A2UResampling2D):
    """Downsamples features with affinity-aware kernels: for use where a pooling layer stands.

    The twin of `A2UUpSampling2D`: kernels from the feature itself, weights of a softmax over the window. To share
    encodings with the decoder, use `A2UKernels` with `directions=("up", "down")` and two `Reassembly2D`.

    Args:
        scale: Integer >= 1, the resampling ratio. Default: 2. `size` is Keras' name for it.
        kernel_size: Odd integer s; the window has side `scale * s`.
        encoding_size, variant, channel_shared, rank, groups, use_bias, use_norm, projection_initializer,
            implementation: As for its twin.

    Input shape: `(N, H, W, C)`. Output shape: `(N, ceil(H / scale), ceil(W / scale), C)`.

    Example:
    >>> a2u_tf.layers.A2UDownSampling2D()(keras.random.normal((2, 31, 32, 64))).shape
    (2, 16, 16, 64)
    """

    direction = "down"

    def build(self, inputs_shape: Shape) -> None:
        self.kernels = self._make_kernels(inputs_shape)

    def call(self, inputs: Tensor) -> Tensor:
        return self._reassemble_by(self.kernels(inputs), inputs)

    def compute_output_shape(self, inputs_shape: Shape) -> Shape:
        check_guidance(inputs_shape)
        batch, height, width, _ = inputs_shape
        return self._output_shape(inputs_shape, (batch, *(n and -(-n // self.scale) for n in (height, width))))
