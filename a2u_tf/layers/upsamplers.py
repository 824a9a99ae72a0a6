"""Every upsampling method of the package by name."""

import inspect
from typing import Any

import keras

from a2u_tf.layers.a2u_sampling2d import A2UUpSampling2D
from a2u_tf.layers.checks import one_of, read_scale
from a2u_tf.layers.comparison.bilinear import BilinearUpSampling2D
from a2u_tf.layers.comparison.carafe import CARAFEUpSampling2D
from a2u_tf.layers.comparison.dysample import DySampleUpSampling2D
from a2u_tf.layers.comparison.fade import FADEUpSampling2D
from a2u_tf.layers.comparison.indexnet import IndexNetUpSampling2D
from a2u_tf.layers.comparison.max_unpooling import MaxUnpooling2D
from a2u_tf.layers.comparison.pixel_shuffle import PixelShuffleUpSampling2D
from a2u_tf.layers.comparison.sapa import SAPAUpSampling2D
from a2u_tf.layers.comparison.transposed_conv import TransposedConvUpSampling2D

# Name, layer and what the name says of its settings. A layer whose `call` takes `guidance` is a guided one.
_METHODS: dict[str, tuple[Any, dict[str, Any]]] = {
    "nearest": (keras.layers.UpSampling2D, {}),
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


def make_upsampler(name: str, /, scale: int | None = None, **options: Any) -> keras.layers.Layer:
    """Make the upsampling layer of a name.

    A2U has its six variants by `variant` and `channel_shared`; the others are those of `a2u_tf.layers.comparison`, and
    `"nearest"` is `keras.layers.UpSampling2D`. IndexNet and FADE upsample by two only.

    Args:
        name: One of `a2u_tf.layers.UPSAMPLERS`.
        scale: Integer >= 1, the resampling ratio. Default: 2. `size` is Keras' name for it.
        options: Further arguments of the layer, such as `kernel_size` or `name`.

    Returns:
        Keras layer that enlarges `(N, h, w, C)` to `(N, scale * h, scale * w, C)`. Those whose names are in
        `a2u_tf.layers.GUIDED` are called with `(inputs, guidance)`, which `"a2u"` can do without, the others with
        `(inputs)`.

    Raises:
        ValueError: For an unknown name, a scale that the method does not have, and for what the layer refuses.

    Example:

    >>> layer = a2u_tf.layers.make_upsampler("carafe", scale=2, kernel_size=3)
    >>> layer(keras.random.normal((2, 16, 16, 64))).shape
    (2, 32, 32, 64)
    """
    layer, settings = _METHODS[one_of("name", name, UPSAMPLERS)]
    if layer is keras.layers.UpSampling2D:
        return layer(read_scale(scale, options.pop("size", None)), **options)
    return layer(scale=scale, **settings, **options)
