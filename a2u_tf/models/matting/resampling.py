"""Down- and upsampling inside the matting network, by name.

Level `l` resamples between strides `2**(l - 1)` and `2**l`. A2U makes the kernels of a level from the encoder feature
before its downsampling, and serves both directions with them.
"""

import dataclasses

from keras import layers

from a2u_tf.layers import A2UKernels, Reassembly2D
from a2u_tf.layers.comparison.bilinear import BilinearUpSampling2D

UPSAMPLING = ("nearest", "bilinear", "a2u")
DOWNSAMPLING = ("conv", "max_pool", "a2u")


@dataclasses.dataclass(frozen=True)
class Resampling:
    """The choice of methods and A2U's settings, see `matting_net`."""

    upsampling: str
    downsampling: str
    variant: str
    channel_shared: bool
    kernel_size: int
    encoding_size: int | None

    def __post_init__(self):
        for name, known in (("upsampling", UPSAMPLING), ("downsampling", DOWNSAMPLING)):
            value = getattr(self, name)
            if value not in known:
                raise ValueError(f"`{name}` must be one of {known}. Received: {name}={value!r}")

    def kernels(self, guidance, level):
        """Return the kernel maps of a level by direction; none where neither direction is A2U's."""
        methods = {"up": self.upsampling, "down": self.downsampling}
        directions = tuple(direction for direction, method in methods.items() if method == "a2u")
        if not directions:
            return {}
        generator = A2UKernels(
            kernel_size=self.kernel_size,
            encoding_size=self.encoding_size,
            variant=self.variant,
            channel_shared=self.channel_shared,
            directions=directions,
            name=f"kernels_{level}",
        )
        return generator(guidance)

    def down(self, x, kernels, level):
        """Halve a map by A2U or max-pooling; the third method, a strided convolution, is the encoder's own."""
        name = f"downsampling_{level}"
        if self.downsampling == "a2u":
            return Reassembly2D("down", 2 * self.kernel_size, name=name)(x, kernels["down"])
        return layers.MaxPooling2D(2, name=name)(x)

    def up(self, x, kernels, level):
        """Double a map."""
        name = f"upsampling_{level}"
        if self.upsampling == "a2u":
            return Reassembly2D("up", self.kernel_size, name=name)(x, kernels["up"])
        if self.upsampling == "bilinear":
            return BilinearUpSampling2D(2, name=name)(x)
        return layers.UpSampling2D(2, name=name)(x)
