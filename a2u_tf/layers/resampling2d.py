"""What the A2U up- and downsampling layers share: the kernel generator's settings and the reassembly of one map."""

from typing import Any

from keras import ops

from a2u_tf.layers.a2u_kernels import SETTINGS, A2UKernels
from a2u_tf.layers.base import ReassemblingLayer
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
        implementation: str = "auto",
        **kwargs: Any,
    ) -> None:
        super().__init__(scale, implementation=implementation, **kwargs)
        given: tuple[Any, ...] = (kernel_size, encoding_size, variant, channel_shared, rank, groups, use_bias, use_norm)
        # The settings are checked now rather than at the first call.
        checked = A2UKernels(**self._shared(), **dict(zip(self.settings, given, strict=True)))
        for name in self.settings:
            setattr(self, name, getattr(checked, name))

    def _shared(self) -> dict[str, Any]:
        return {"scale": self.scale, "implementation": self.implementation, "data_format": self.data_format}

    def _make_kernels(self, shape: Shape, encoding_stride: int | None = None) -> A2UKernels:
        settings = {"directions": (self.direction,), "encoding_stride": encoding_stride, **self._shared()}
        kernels: A2UKernels = self._sublayer(A2UKernels, "kernels", shape, **settings, **self._settings())
        return kernels

    def _reassemble_by(self, kernels: dict[str, Tensor], features: Tensor) -> Tensor:
        operation = Reassemble(self.direction, self._window(), self.scale, self.groups, self.implementation)
        return ops.cast(operation(features, kernels[self.direction]), self.compute_dtype)

    def _output_shape(self, features_shape: Shape, size: Shape) -> Shape:
        """The shape of features resampled to a map of `size` (batch, height, width), checked."""
        kernels_shape = (*size, self.groups * self._window() ** 2)
        check_shapes(self.direction, features_shape, kernels_shape, self._window(), self.scale, self.groups)
        return (*size, features_shape[-1])

    def _window(self) -> int:
        return self.kernel_size if self.direction == "up" else self.scale * self.kernel_size
