"""Every upsampling method by name, and the choice of methods for down- and upsampling inside the networks.

Level `l` resamples between strides `2**(l - 1)` and `2**l`. What an upsampling needs of the encoder comes from its
feature before the downsampling of the same level: A2U and IndexNet make kernels from it for both directions; other
guided methods read the feature itself.
"""

import dataclasses
import inspect
from typing import Any, Self

from keras import layers

from a2u_tf.layers.a2u_kernels import VARIANTS, A2UKernels
from a2u_tf.layers.a2u_sampling2d import A2UUpSampling2D
from a2u_tf.layers.checks import one_of, read_scale
from a2u_tf.layers.comparison.bilinear import BilinearUpSampling2D
from a2u_tf.layers.comparison.carafe import CARAFEUpSampling2D
from a2u_tf.layers.comparison.dysample import DySampleUpSampling2D
from a2u_tf.layers.comparison.fade import FADEUpSampling2D
from a2u_tf.layers.comparison.indexnet import IndexNetIndices, IndexNetUpSampling2D
from a2u_tf.layers.comparison.max_unpooling import MaxUnpooling2D
from a2u_tf.layers.comparison.pixel_shuffle import PixelShuffleUpSampling2D
from a2u_tf.layers.comparison.sapa import SAPAUpSampling2D
from a2u_tf.layers.comparison.transposed_conv import TransposedConvUpSampling2D
from a2u_tf.layers.reassembly2d import Reassembly2D
from a2u_tf.types import Tensor

# Name, layer and what the name says of its settings. A layer whose `call` takes `guidance` is a guided one.
_METHODS: dict[str, tuple[Any, dict[str, Any]]] = {
    "nearest": (layers.UpSampling2D, {}),
    "bilinear": (BilinearUpSampling2D, {}),
    "transposed_conv": (TransposedConvUpSampling2D, {}),
    "pixel_shuffle": (PixelShuffleUpSampling2D, {}),
    "max_unpool": (MaxUnpooling2D, {}),
    "carafe": (CARAFEUpSampling2D, {}),
    "indexnet_hin": (IndexNetUpSampling2D, {"kind": "hin"}),
    "indexnet_o2o": (IndexNetUpSampling2D, {"kind": "o2o"}),
    "indexnet_m2o": (IndexNetUpSampling2D, {"kind": "m2o"}),
    "dysample": (DySampleUpSampling2D, {}),
    "fade": (FADEUpSampling2D, {}),
    "fade_lite": (FADEUpSampling2D, {"lite": True}),
    "sapa_i": (SAPAUpSampling2D, {"similarity": "inner_product"}),
    "sapa_b": (SAPAUpSampling2D, {"similarity": "bilinear"}),
    "sapa_g": (SAPAUpSampling2D, {"similarity": "gated"}),
    "a2u": (A2UUpSampling2D, {}),
}
UPSAMPLERS = tuple(_METHODS)
GUIDED = frozenset(
    name for name, (layer, _) in _METHODS.items() if "guidance" in inspect.signature(layer.call).parameters
)


def make_upsampler(name: str, /, scale: int | None = None, **options: Any) -> layers.Layer:
    """Make the upsampling layer of a name.

    A2U has its six variants by `variant` and `channel_shared`; the others are those of `a2u_tf.layers.comparison`, and
    `"nearest"` is `keras.layers.UpSampling2D`. IndexNet and FADE upsample by two only. The layer enlarges
    `(N, h, w, C)` to `(N, scale * h, scale * w, C)`. Those whose names are in `a2u_tf.layers.GUIDED` are called with
    `(inputs, guidance)`, which `"a2u"` can do without, the others with `(inputs)`.

    Args:
        name: One of `a2u_tf.layers.UPSAMPLERS`.
        scale: Integer >= 1, the resampling ratio. Default: 2. `size` is Keras' name for it.
        options: Further arguments of the layer, such as `kernel_size` or `name`.

    Raises:
        ValueError: For an unknown name, a scale that the method does not have, and for what the layer refuses.

    Example:
    >>> layer = a2u_tf.layers.make_upsampler("carafe", scale=2, kernel_size=3)
    >>> layer(keras.random.normal((2, 16, 16, 64))).shape
    (2, 32, 32, 64)
    """
    layer, settings = _METHODS[one_of("name", name, UPSAMPLERS)]
    if layer is layers.UpSampling2D:
        return layer(read_scale(scale, options.pop("size", None)), **options)
    return layer(scale=scale, **settings, **options)


LAST: dict[str, Any] = {"data_format": "channels_last"}  # whatever Keras is set to
_DOWNSAMPLERS = ("conv", "max_pool", "indexnet", "a2u")
# With which downsampling a method is used where none is asked for.
_PARTNERS = {"a2u": "a2u", "max_unpool": "max_pool"}
_PARTNERS |= {name: "indexnet" for name in UPSAMPLERS if name.startswith("indexnet")}
# A2U's six variants by name.
_A2U = {
    f"a2u_{variant}_{'cs' if shared else 'cw'}": (variant, shared) for variant in VARIANTS for shared in (True, False)
}
METHODS = (*(name for name in UPSAMPLERS if name != "a2u"), *_A2U)
DOWNSAMPLING = (*(name for name in _DOWNSAMPLERS if name != "a2u"), *_A2U)


def methods_of_scale(scale: int) -> list[str]:
    """Return those of `METHODS` that upsample by `scale`."""
    layers_by_method = {name: _METHODS[name if name in UPSAMPLERS else "a2u"][0] for name in METHODS}
    return [name for name, layer in layers_by_method.items() if getattr(layer, "fixed_scale", None) in (None, scale)]


@dataclasses.dataclass(frozen=True)
class Resampling:
    """A choice of methods for a network, with A2U's settings; unknown ones are a `ValueError`.

    Attributes:
        upsampling: One of `a2u_tf.layers.UPSAMPLERS`.
        downsampling: `"conv"`, `"max_pool"`, `"a2u"`, or `"indexnet"` with an IndexNet upsampling. Default: the partner
            that the upsampling has: A2U and IndexNet their own, `max_unpool` max-pooling. Others have none, and
            `downsampling` is None: the network's own choice.
        variant, channel_shared, kernel_size, encoding_size, normalization, rank, projection_initializer: A2U's, see
            `A2UKernels`; the downsampling kernels have twice the `kernel_size`.

    Example:
    >>> a2u_tf.layers.Resampling("carafe", "max_pool").name
    'carafe+max_pool'
    """

    upsampling: str
    downsampling: str | None = None
    variant: str = "dynamic"
    channel_shared: bool = True
    kernel_size: int = 3
    encoding_size: int | None = None
    normalization: str = "auto"
    rank: int = 1
    projection_initializer: str = "released"

    def __post_init__(self) -> None:
        one_of("upsampling", self.upsampling, UPSAMPLERS)
        if self.downsampling is None:
            object.__setattr__(self, "downsampling", _PARTNERS.get(self.upsampling))
        else:
            one_of("downsampling", self.downsampling, _DOWNSAMPLERS)
        if self.downsampling == "indexnet" and not self.upsampling.startswith("indexnet"):
            raise ValueError(
                '`downsampling="indexnet"` pools by the indices of an IndexNet upsampling. '
                f"Received: upsampling={self.upsampling!r}"
            )

    @classmethod
    def parse(cls, name: str, downsampling: str | None = None) -> Self:
        """Return the choice of a name, as `name` spells it; raise `ValueError` for others, or two of A2U's that differ.

        Args:
            name: One of `a2u_tf.layers.METHODS`, such as `"carafe"` or `"a2u_dynamic_cs"` (cs: one encoding filter for
                all channels, cw: one for each), alone or with a downsampling: `"carafe+max_pool"`.
            downsampling: `"conv"`, `"max_pool"`, `"indexnet"` or one of A2U's names, instead of the partner.
        """
        up, _, down = name.partition("+")
        down = downsampling or down
        if up not in METHODS or down not in ("", *DOWNSAMPLING):
            raise ValueError(
                f"A choice of methods is NAME or NAME+DOWNSAMPLING, of the names {', '.join(METHODS)} and the "
                f"downsamplings {', '.join(DOWNSAMPLING)}. Received: {f'{up}+{down}' if down else up}"
            )
        variants = [_A2U[method] for method in (up, down) if method in _A2U] or [("dynamic", True)]
        if variants[0] != variants[-1]:
            raise ValueError(f"Both directions share A2U's encodings: name one variant. Received: {up}+{down}")
        up, down = ("a2u" if method in _A2U else method for method in (up, down))
        return cls(up, down or None, *variants[0])

    @property
    def name(self) -> str:
        """What `parse` reads: the upsampling, and the downsampling where that is not the partner; no sizes."""
        a2u = f"a2u_{self.variant}_{'cs' if self.channel_shared else 'cw'}"
        up, down = (a2u if method == "a2u" else method for method in (self.upsampling, self.downsampling))
        return str(up) if self.downsampling == _PARTNERS.get(self.upsampling) else f"{up}+{down}"

    @classmethod
    def of(cls, upsampling: "str | Resampling", defaults: "Resampling", own: str, **settings: Any) -> "Resampling":
        """Return the choice that a network's arguments make: a method and settings, or a whole choice alone.

        `defaults` are those of the arguments; `own` is the downsampling where the choice has none.
        """
        if isinstance(upsampling, Resampling):
            chosen = upsampling
            if doubled := [name for name, value in settings.items() if value != getattr(defaults, name)]:
                raise ValueError(f"A `Resampling` says {doubled} already. Received: {chosen}, and {settings}")
        else:
            chosen = cls(upsampling, **settings)
        return dataclasses.replace(chosen, downsampling=chosen.downsampling or own)

    def upsampler(self, **options: Any) -> layers.Layer:
        """Return the layer that upsamples by itself, with further options of `make_upsampler`."""
        if self.upsampling == "a2u":
            options = self._a2u_settings() | options
        return make_upsampler(self.upsampling, **options)

    def _a2u_settings(self) -> dict[str, Any]:
        names = ("variant", "channel_shared", "kernel_size", "encoding_size", "normalization", "rank")
        return {name: getattr(self, name) for name in (*names, "projection_initializer")}

    def guide(self, feature: Tensor, level: int) -> dict[str, Tensor]:
        """Return what the downsampling and the upsampling of a level need of the feature between them."""
        methods = {"up": self.upsampling.split("_")[0], "down": self.downsampling}
        kernels: dict[str, Tensor] = {}
        if methods["up"] == "indexnet":
            kernels |= IndexNetIndices(self.upsampling.split("_")[1], name=f"indices_{level}", **LAST)(feature)
        if "a2u" in methods.values():
            directions = tuple(direction for direction, method in methods.items() if method == "a2u")
            settings = {"directions": directions, "name": f"kernels_{level}", **self._a2u_settings(), **LAST}
            kernels |= A2UKernels(**settings)(feature)
        return {"feature": feature, **kernels}

    def down(self, x: Tensor, guide: dict[str, Tensor], level: int) -> Tensor:
        """Halve a map by its kernels or max-pooling; the third method, a strided convolution, is the encoder's own."""
        settings: dict[str, Any] = {"name": f"downsampling_{level}", **LAST}
        if self.downsampling == "max_pool":
            return layers.MaxPooling2D(2, **settings)(x)
        size = 2 * self.kernel_size if self.downsampling == "a2u" else 2
        groups = guide["down"].shape[-1] // size**2
        return Reassembly2D("down", size, groups=groups, **settings)(x, guide["down"])

    def up(self, x: Tensor, guide: dict[str, Tensor], level: int) -> Tensor:
        """Double a map."""
        settings: dict[str, Any] = {"name": f"upsampling_{level}", **LAST}
        if "up" in guide:
            size = self.kernel_size if self.upsampling == "a2u" else 1
            groups = guide["up"].shape[-1] // size**2
            return Reassembly2D("up", size, groups=groups, **settings)(x, guide["up"])
        layer = make_upsampler(self.upsampling, **settings)
        return layer(x, guide["feature"]) if self.upsampling in GUIDED else layer(x)
