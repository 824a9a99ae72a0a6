"""What the A2U up- and downsampling layers share: the kernel generator's settings and the reassembly of one map."""

from keras import ops

from a2u_tf.layers.a2u_kernels import A2UKernels
from a2u_tf.layers.base import ReassemblingLayer
from a2u_tf.ops.reassembly import Reassemble
from a2u_tf.ops.validation import check_shapes


class A2UResampling2D(ReassemblingLayer):
    """Base of `A2UUpSampling2D` and `A2UDownSampling2D`; not for use by itself."""

    direction: str

    def __init__(
        self,
        scale=None,
        kernel_size=3,
        encoding_size=None,
        variant="dynamic",
        channel_shared=True,
        rank=1,
        groups=1,
        use_bias=True,
        use_norm=True,
        implementation="auto",
        **kwargs,
    ):
        super().__init__(scale, implementation=implementation, **kwargs)
        self.kernel_size = kernel_size
        self.encoding_size = encoding_size
        self.variant = variant
        self.channel_shared = channel_shared
        self.rank = rank
        self.groups = groups
        self.use_bias = use_bias
        self.use_norm = use_norm
        # The settings are checked now rather than at the first call.
        checked = A2UKernels(**self._kernel_settings())
        for setting in self._kernel_settings():
            setattr(self, setting, getattr(checked, setting))

    def _make_kernels(self, shape, encoding_stride=None):
        settings = {"directions": (self.direction,), "encoding_stride": encoding_stride, **self._kernel_settings()}
        return self._sublayer(A2UKernels, "kernels", shape, **settings)

    def _reassemble(self, features, kernels):
        operation = Reassemble(self.direction, self._window(), self.scale, self.groups, self.implementation)
        return ops.cast(operation(features, kernels[self.direction]), self.compute_dtype)

    def _output_shape(self, features_shape, size):
        """The shape of features resampled to a map of `size` (batch, height, width), checked."""
        kernels_shape = (*size, self.groups * self._window() ** 2)
        check_shapes(self.direction, features_shape, kernels_shape, self._window(), self.scale, self.groups)
        return (*size, features_shape[-1])

    def _window(self):
        return self.kernel_size if self.direction == "up" else self.scale * self.kernel_size

    def _kernel_settings(self):
        return {
            "scale": self.scale,
            "kernel_size": self.kernel_size,
            "encoding_size": self.encoding_size,
            "variant": self.variant,
            "channel_shared": self.channel_shared,
            "rank": self.rank,
            "groups": self.groups,
            "use_bias": self.use_bias,
            "use_norm": self.use_norm,
            "implementation": self.implementation,
            "data_format": self.data_format,
        }

    def get_config(self):
        return {**super().get_config(), **self._kernel_settings()}
