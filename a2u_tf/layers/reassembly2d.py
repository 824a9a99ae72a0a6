"""Reassembly as a layer, for models that share kernels between encoder and decoder."""

from typing import Any

import keras

from a2u_tf.layers.base import ReassemblingLayer
from a2u_tf.ops.validation import check_shapes
from a2u_tf.types import Shape, Tensor


@keras.saving.register_keras_serializable(package="a2u_tf")
class Reassembly2D(ReassemblingLayer):
    """Resamples features with one given kernel per output pixel, as `a2u_tf.ops.reassemble_up` and `_down` do.

    Args:
        direction: `"up"` or `"down"`.
        kernel_size: Side of the window: odd upwards, any downwards (`scale` times the upsampling size in the paper).
        scale: Integer >= 1, the resampling ratio. Default: 2. `size` is Keras' name for it.
        groups: Kernels per pixel, each for `C / groups` consecutive channels.
        implementation: `"auto"`, `"composite"` or `"compiled"`, see `a2u_tf.ops.reassemble_up`. On the compiled path
            `supports_jit` is False, so that Keras does not compile the model with XLA.

    Call arguments:
        features: Float tensor of shape `(N, h, w, C)`, `(N, H, W, C)` downwards.
        kernels: Float tensor of shape `(N, H, W, groups * kernel_size**2)`, `(N, h, w, ...)` downwards, with
            `h = ceil(H / scale)` and `w = ceil(W / scale)`; as `A2UKernels` makes them.

    Output shape: `(N, H, W, C)`, `(N, h, w, C)` downwards: the size of the kernel map.

    Example:
    >>> features = keras.random.normal((2, 32, 32, 16))
    >>> kernels = a2u_tf.layers.A2UKernels(directions=("up", "down"))(features)
    >>> low = a2u_tf.layers.Reassembly2D("down", kernel_size=6)(features, kernels["down"])
    >>> a2u_tf.layers.Reassembly2D("up", kernel_size=3)(low, kernels["up"]).shape
    (2, 32, 32, 16)
    """

    settings = ("direction", "kernel_size", "groups")

    def __init__(
        self, direction: str, kernel_size: int, scale: int | None = None, groups: int = 1, **kwargs: Any
    ) -> None:
        super().__init__(scale, **kwargs)
        self._reassembles(direction, kernel_size, groups)

    def build(self, features_shape: Shape, kernels_shape: Shape) -> None:
        super().build(features_shape)

    def call(self, features: Tensor, kernels: Tensor) -> Tensor:
        return self._reassemble(features, kernels)

    def compute_output_shape(self, features_shape: Shape, kernels_shape: Shape) -> Shape:  # type: ignore[override]
        check_shapes(self._reassemble.window, features_shape, kernels_shape)
        return (*kernels_shape[:3], features_shape[-1])
