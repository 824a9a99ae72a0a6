"""Down- and upsampling inside the networks, by name.

Level `l` resamples between strides `2**(l - 1)` and `2**l`. What an upsampling needs of the encoder comes from its
feature before the downsampling of the same level: A2U and IndexNet make kernels from it, which serve both directions;
other guided methods read the feature itself.
"""

import dataclasses

from keras import layers

from a2u_tf.layers.a2u_kernels import A2UKernels
from a2u_tf.layers.comparison.indexnet import IndexNetIndices
from a2u_tf.layers.reassembly2d import Reassembly2D
from a2u_tf.layers.upsamplers import GUIDED, UPSAMPLERS, make_upsampler

LAST = {"data_format": "channels_last"}  # whatever Keras is set to
DOWNSAMPLING = ("conv", "max_pool", "indexnet", "a2u")
# With which downsampling a method is used where none is asked for.
PARTNERS = {
    "a2u": "a2u",
    "indexnet_hin": "indexnet",
    "indexnet_o2o": "indexnet",
    "indexnet_m2o": "indexnet",
    "max_unpool": "max_pool",
}


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
        for name, known in (("upsampling", UPSAMPLERS), ("downsampling", DOWNSAMPLING)):
            value = getattr(self, name)
            if value not in known:
                raise ValueError(f"`{name}` must be one of {known}. Received: {name}={value!r}")
        if self.downsampling == "indexnet" and not self.upsampling.startswith("indexnet"):
            raise ValueError(
                '`downsampling="indexnet"` pools by the indices of an IndexNet upsampling. '
                f"Received: upsampling={self.upsampling!r}"
            )

    def guide(self, feature, level):
        """Return what the downsampling and the upsampling of a level need of the feature between them."""
        methods = {"up": self.upsampling.split("_")[0], "down": self.downsampling}
        kernels: dict = {}
        if methods["up"] == "indexnet":
            kernels |= IndexNetIndices(self.upsampling.split("_")[1], name=f"indices_{level}", **LAST)(feature)
        if "a2u" in methods.values():
            kernels |= A2UKernels(
                kernel_size=self.kernel_size,
                encoding_size=self.encoding_size,
                variant=self.variant,
                channel_shared=self.channel_shared,
                directions=tuple(direction for direction, method in methods.items() if method == "a2u"),
                name=f"kernels_{level}",
                **LAST,
            )(feature)
        return {"feature": feature, **kernels}

    def down(self, x, guide, level):
        """Halve a map by its kernels or max-pooling; the third method, a strided convolution, is the encoder's own."""
        settings = {"name": f"downsampling_{level}", **LAST}
        if self.downsampling == "max_pool":
            return layers.MaxPooling2D(2, **settings)(x)
        if self.downsampling == "a2u":
            return Reassembly2D("down", 2 * self.kernel_size, **settings)(x, guide["down"])
        groups = guide["down"].shape[-1] // 4
        return Reassembly2D("down", 2, groups=groups, **settings)(x, guide["down"])

    def up(self, x, guide, level):
        """Double a map."""
        settings = {"name": f"upsampling_{level}", **LAST}
        if self.upsampling == "a2u":
            return Reassembly2D("up", self.kernel_size, **settings)(x, guide["up"])
        if self.upsampling.startswith("indexnet"):
            return Reassembly2D("up", 1, groups=guide["up"].shape[-1], **settings)(x, guide["up"])
        layer = make_upsampler(self.upsampling, **settings)
        return layer(x, guide["feature"]) if self.upsampling in GUIDED else layer(x)
