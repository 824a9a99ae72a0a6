"""IndexNet: learned pooling indices, made from the encoder's feature and used by pooling and by unpooling."""

import functools
from typing import Any

import keras
from keras import layers, ops

from a2u_tf.layers.base import GuidedUpSampling2D, ResamplingLayer
from a2u_tf.layers.checks import check_features, check_guidance, one_of
from a2u_tf.ops.composite.kernels import softmax_taps
from a2u_tf.ops.layout import depth_to_space
from a2u_tf.ops.validation import positive_integers
from a2u_tf.types import Shape, Tensor

KINDS = ("hin", "o2o", "m2o")
SETTINGS = ("kind", "nonlinear", "context", "expansion")


@keras.saving.register_keras_serializable(package="a2u_tf")
class IndexNetIndices(ResamplingLayer):
    """Makes IndexNet's index maps from a guidance feature, as kernels for `Reassembly2D` at scale 2.

    Each 2 x 2 block gets four scores `t`, one for each of its pixels: `up = sigmoid(t)`, by which an unpooled value is
    multiplied, and `down = softmax(sigmoid(t))` over the block, by which the block is summed. As the softmax acts on
    values in (0, 1), its weights lie in (0.109, 0.475).

    | kind | scores | linear | nonlinear |
    |---|---|---|---|
    | `"hin"` (holistic) | one for all channels | conv C -> 4 | conv C -> 2C, norm, ReLU6, 1x1 conv -> 4 |
    | `"o2o"` (depthwise, one to one) | one a channel | 4 depthwise convs | 4 of: the same, norm, ReLU6, scale |
    | `"m2o"` (depthwise, many to one) | one a channel | 4 convs C -> C | 4 of: as for hin, 1x1 conv -> C |

    Args:
        kind: `"hin"`, `"o2o"` or `"m2o"`.
        nonlinear: Whether there is a hidden layer.
        context: Whether the convolutions, of stride 2 and without bias, see 4 x 4 pixels or the 2 x 2 block alone.
        expansion: Hidden channels of `"hin"` and `"m2o"`, as a factor on C: 2, which the published parameter count of
            the matting network needs.

    Input shape: `(N, H, W, C)`, H and W even.
    Output shape: Dict of `"up"`: `(N, H, W, G)`, for a window of one tap, and `"down"`: `(N, H / 2, W / 2, 4 G)`, for a
    window of 2 x 2; G is 1 for `"hin"` and C for the others.
    Reference: Lu, Dai, Shen, Xu, "Indices Matter: Learning to Index for Deep Image Matting", ICCV 2019.
    """

    fixed_scale = 2
    settings = SETTINGS

    def __init__(
        self, kind: str = "m2o", nonlinear: bool = True, context: bool = True, expansion: int = 2, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.kind = one_of("kind", kind, KINDS)
        self.nonlinear = nonlinear
        self.context = context
        (self.expansion,) = positive_integers(expansion=expansion)

    def build(self, guidance_shape: Shape) -> None:
        channels = check_guidance(guidance_shape)
        _check_even(guidance_shape)
        self.branches = []
        for number in range(1 if self.kind == "hin" else 4):
            branch, shape = [], guidance_shape
            for name, layer_class, settings in self._branch(channels):
                branch.append(self._sublayer(layer_class, f"{name}_{number}", shape, **settings))
                shape = branch[-1].compute_output_shape(shape)
            self.branches.append(branch)

    def _branch(self, channels: int) -> list[tuple[str, type[layers.Layer], dict[str, Any]]]:
        """Names, classes and settings of the layers that make the scores of one sub-position, or of all four."""
        values = 4 if self.kind == "hin" else channels
        hidden = self.expansion * channels if self.nonlinear else values
        first = ("conv", *self._scoring(hidden, 4 if self.context else 2, strides=2))
        if not self.nonlinear:
            return [first]
        norm = ("norm", layers.BatchNormalization, {"momentum": 0.9, "epsilon": 1e-5})
        last = ("scale" if self.kind == "o2o" else "scores", *self._scoring(values, 1, strides=1))
        return [first, norm, ("relu", layers.ReLU, {"max_value": 6}), last]

    def _scoring(self, filters: int, size: int, strides: int) -> tuple[type[layers.Layer], dict[str, Any]]:
        settings: dict[str, Any] = {"kernel_size": size, "strides": strides, "padding": "same", "use_bias": False}
        settings["data_format"] = self.data_format
        # The released code's sqrt(2 / (k k C)); of a depthwise kernel Keras takes the C for inputs.
        fan = "fan_in" if self.kind == "o2o" else "fan_out"
        initializer = keras.initializers.VarianceScaling(2, fan, "untruncated_normal")
        if self.kind == "o2o":
            return layers.DepthwiseConv2D, {**settings, "depthwise_initializer": initializer}
        return layers.Conv2D, {**settings, "filters": filters, "kernel_initializer": initializer}

    def call(self, guidance: Tensor) -> dict[str, Tensor]:
        _check_even(guidance.shape)
        scores = [functools.reduce(lambda x, layer: layer(x), branch, guidance) for branch in self.branches]
        if self.kind == "hin":
            scores = ops.split(scores[0], 4, axis=-1)
        indices = [ops.sigmoid(score) for score in scores]
        shape = ops.shape(indices[0])
        by_group = ops.reshape(ops.stack(indices, axis=-1), (*shape[:3], 4 * shape[3]))
        return {"up": depth_to_space(ops.concatenate(indices, axis=-1), 2), "down": softmax_taps(by_group, 4)}

    def compute_output_shape(self, guidance_shape: Shape) -> dict[str, Shape]:
        batch, height, width, _ = guidance_shape
        groups = 1 if self.kind == "hin" else check_guidance(guidance_shape)
        half = (size and size // 2 for size in (height, width))
        return {"up": (batch, height, width, groups), "down": (batch, *half, 4 * groups)}


@keras.saving.register_keras_serializable(package="a2u_tf")
class IndexNetUpSampling2D(GuidedUpSampling2D):
    """Upsamples features by IndexNet's learned indices: nearest neighbours, times the index of each pixel.

    Args:
        kind, nonlinear, context, expansion: See `IndexNetIndices`.
        implementation: `"auto"`, `"composite"` or `"compiled"`, see `a2u_tf.ops.reassemble_up`.

    Call arguments:
        inputs: Float tensor of shape `(N, h, w, C)`; any channels for `kind="hin"`, the guidance's for the others.
        guidance: Float tensor of shape `(N, 2 h, 2 w, C)`, the encoder's feature before its downsampling.

    Output shape: `(N, 2 h, 2 w, C)`.
    """

    fixed_scale = 2
    settings = SETTINGS

    def __init__(
        self, kind: str = "m2o", nonlinear: bool = True, context: bool = True, expansion: int = 2, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        checked = IndexNetIndices(kind, nonlinear, context, expansion, data_format=self.data_format)
        for name in SETTINGS:
            setattr(self, name, getattr(checked, name))

    def build(self, inputs_shape: Shape, guidance_shape: Shape | None = None) -> None:
        guidance_shape = self.check_shapes(inputs_shape, guidance_shape)
        channels = check_features(self, inputs_shape)
        if self.kind != "hin" and channels != guidance_shape[-1]:
            raise ValueError(
                f"{type(self).__name__} makes one index for each channel of the guidance: inputs must have as many. "
                f"Received: inputs.shape={tuple(inputs_shape)}, guidance.shape={tuple(guidance_shape)}. Use kind='hin'."
            )
        settings = {**self._settings(), "data_format": self.data_format}
        self.indices = self._sublayer(IndexNetIndices, "indices", guidance_shape, **settings)
        self._reassembles("up", 1, 1 if self.kind == "hin" else channels)

    def upsample(self, inputs: Tensor, guidance: Tensor) -> Tensor:
        return self._reassemble(inputs, self.indices(guidance)["up"])


def _check_even(shape: Shape) -> None:
    if any(size is not None and size % 2 for size in shape[1:3]):
        raise ValueError(
            f"IndexNet needs guidance of even height and width. Received: guidance.shape={tuple(shape)}. Pad it, or "
            "use A2UUpSampling2D, which takes odd sizes."
        )
