"""The cost of a layer or a network by formula."""

import math
from collections.abc import Callable

import keras

from a2u_tf.complexity import comparison
from a2u_tf.complexity.a2u import a2u_down_sampling, a2u_kernels, a2u_up_sampling, reassembly
from a2u_tf.complexity.cost import Cost, Sizes
from a2u_tf.layers.base import ResamplingLayer

FORMULAS: dict[str, Callable[..., Cost]] = {
    "A2UDownSampling2D": a2u_down_sampling,
    "A2UKernels": a2u_kernels,
    "A2UUpSampling2D": a2u_up_sampling,
    "BilinearUpSampling2D": comparison.up_sampling,
    "CARAFEUpSampling2D": comparison.carafe,
    "DySampleUpSampling2D": comparison.dysample,
    "FADEUpSampling2D": comparison.fade,
    "IndexNetIndices": comparison.indexnet_indices,
    "IndexNetUpSampling2D": comparison.indexnet,
    "MaxUnpooling2D": comparison.max_unpooling,
    "PixelShuffleUpSampling2D": comparison.pixel_shuffle,
    "Reassembly2D": reassembly,
    "SAPAUpSampling2D": comparison.sapa,
    "TransposedConvUpSampling2D": comparison.transposed_conv,
    "UpSampling2D": comparison.up_sampling,
}
_NO_SETTINGS = ("data_format", "dtype", "implementation", "name", "sublayers", "trainable")


def operator_cost(layer: keras.layers.Layer, *shapes: Sizes) -> Cost:
    """Return the cost of a resampling layer by formula.

    Args:
        layer: Layer from `a2u_tf.layers`; it need not be built.
        shapes: Shapes `(N, height, width, channels)` that it is called with: inputs, and guidance or kernels where it
            takes them. Batches do not count. Scales that do not divide a size are counted as if they did.

    Returns:
        `Cost`, for one picture.

    Raises:
        ValueError: For a layer without a formula.

    Example:

    >>> operator_cost(a2u_tf.layers.A2UUpSampling2D(), (1, 256, 256, 64), (1, 512, 512, 64)).macs
    453185536
    """
    formula = FORMULAS.get(type(layer).__name__)
    if formula is None:
        raise ValueError(
            f"There are formulas for {sorted(FORMULAS)}. Received: a {type(layer).__name__}. Count it from its graph, "
            "with `a2u_tf.complexity.count`, or add its formula to a2u_tf/complexity."
        )
    settings = {name: value for name, value in layer.get_config().items() if name not in _NO_SETTINGS}
    return formula(*shapes, **settings)


def network_cost(model: keras.Model) -> tuple[int, Cost]:
    """Return the cost of a functional model by formula, layer by layer.

    Args:
        model: Model of static sizes. Its layers have formulas (`Conv2D`, `DepthwiseConv2D` and `Multiply` of Keras, all
            of `operator_cost`) or cost no MACs.

    Returns:
        `(backbone, operators)`: the MACs of the layers of Keras as an int, and the `Cost` of all resampling layers of
        this package and `UpSampling2D`. Maps between layers are not in the activations.

    Raises:
        ValueError: For a resampling layer without a formula.
    """
    backbone, operators = 0, Cost()
    for layer in model.layers:
        if type(layer).__name__ in FORMULAS or isinstance(layer, ResamplingLayer):
            operators += operator_cost(layer, *(tensor.shape for tensor in keras.tree.flatten(layer.input)))
        elif isinstance(layer, (keras.layers.Conv2D, keras.layers.DepthwiseConv2D)):
            backbone += math.prod(layer.kernel.shape) * math.prod(layer.output.shape[1:3])
        elif isinstance(layer, keras.layers.Multiply):
            backbone += math.prod(layer.output.shape[1:])
    return backbone, operators
