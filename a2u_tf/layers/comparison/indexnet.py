"""IndexNet: learned pooling indices, made from the encoder's feature and used by pooling and by unpooling."""

import keras
from keras import layers, ops

from a2u_tf.layers.checks import check_channels_last, check_exact_guidance, check_guidance
from a2u_tf.layers.comparison.guidance import checked_guidance
from a2u_tf.ops.implementation import resolve_implementation
from a2u_tf.ops.normalization import softmax_taps
from a2u_tf.ops.reassembly import Reassemble

KINDS = ("hin", "o2o", "m2o")


@keras.saving.register_keras_serializable(package="a2u_tf")
class IndexNetIndices(layers.Layer):
    """Makes IndexNet's index maps from a guidance feature, as kernels for `Reassembly2D` at scale 2.

    Each 2 x 2 block gets four scores `t`, one for each of its pixels: `up = sigmoid(t)`, by which an unpooled value is
    multiplied, and `down = softmax(sigmoid(t))` over the block, by which the block is summed. As the softmax acts on
    values in (0, 1), its weights lie in (0.109, 0.475).

    | kind | scores | linear | nonlinear |
    |---|---|---|---|
    | `"hin"` (holistic) | one for all channels | conv C -> 4 | conv C -> 2C, norm, ReLU6, 1x1 conv -> 4 |
    | `"o2o"` (depthwise, one to one) | one a channel | 4 depthwise convs | 4 of: the same, norm, ReLU6, scale |
    | `"m2o"` (depthwise, many to one) | one a channel | 4 convs C -> C | 4 of: as for hin, 1x1 conv -> C |

    The convolutions have stride 2 and no bias.

    Args:
        kind: `"hin"`, `"o2o"` or `"m2o"`.
        nonlinear: Whether there is a hidden layer.
        context: Whether the convolutions see 4 x 4 pixels around a block, or the 2 x 2 block alone.
        expansion: Hidden channels of `"hin"` and `"m2o"`, as a factor on C: 2, which the published parameter count of
            the matting network needs.

    Input shape:
        `(N, H, W, C)`, H and W even.

    Output shape:
        Dict of `"up"`: `(N, H, W, G)`, for a window of one tap, and `"down"`: `(N, H / 2, W / 2, 4 G)`, for a window of
        2 x 2; G is 1 for `"hin"` and C for the others.

    Raises:
        ValueError: For an unknown kind, and guidance of odd height or width.

    Reference: Lu, Dai, Shen, Xu, "Indices Matter: Learning to Index for Deep Image Matting", ICCV 2019.
    """

    def __init__(self, kind="m2o", nonlinear=True, context=True, expansion=2, **kwargs):
        super().__init__(**kwargs)
        if kind not in KINDS:
            raise ValueError(f"`kind` must be one of {KINDS}. Received: kind={kind!r}")
        if not isinstance(expansion, int) or expansion < 1:
            raise ValueError(f"`expansion` must be an integer of at least 1. Received: expansion={expansion!r}")
        self.kind = kind
        self.nonlinear = nonlinear
        self.context = context
        self.expansion = expansion

    def build(self, guidance_shape):
        check_channels_last(self)
        check_guidance(guidance_shape)
        _check_even(guidance_shape)
        channels = guidance_shape[-1]
        self.branches = [self._branch(channels, number) for number in range(1 if self.kind == "hin" else 4)]
        for branch in self.branches:
            shape = guidance_shape
            for layer in branch:
                layer.build(shape)
                shape = layer.compute_output_shape(shape)
        super().build(guidance_shape)

    def _branch(self, channels, number):
        """The layers that make the scores of one sub-position, or of all four."""
        size = 4 if self.context else 2
        if self.kind == "o2o":
            first, last = self._depthwise(size, 2, number, "conv"), self._depthwise(1, 1, number, "scale")
        else:
            values = 4 if self.kind == "hin" else channels
            hidden = self.expansion * channels if self.nonlinear else values
            first, last = self._conv(hidden, size, 2, number, "conv"), self._conv(values, 1, 1, number, "scores")
        if not self.nonlinear:
            return [first]
        norm = layers.BatchNormalization(
            momentum=0.9, epsilon=1e-5, dtype=self.dtype_policy, trainable=self.trainable, name=f"norm_{number}"
        )
        return [first, norm, layers.ReLU(6, dtype=self.dtype_policy, name=f"relu_{number}"), last]

    def _conv(self, filters, size, strides, number, name):
        return layers.Conv2D(
            filters,
            size,
            strides,
            padding="same",
            use_bias=False,
            kernel_initializer=keras.initializers.VarianceScaling(2, "fan_out", "untruncated_normal"),
            dtype=self.dtype_policy,
            trainable=self.trainable,
            name=f"{name}_{number}",
        )

    def _depthwise(self, size, strides, number, name):
        return layers.DepthwiseConv2D(
            size,
            strides,
            padding="same",
            use_bias=False,
            # The released code's sqrt(2 / (k k C)): Keras takes a depthwise kernel's C for inputs.
            depthwise_initializer=keras.initializers.VarianceScaling(2, "fan_in", "untruncated_normal"),
            dtype=self.dtype_policy,
            trainable=self.trainable,
            name=f"{name}_{number}",
        )

    def call(self, guidance):
        _check_even(guidance.shape)
        scores = []
        for branch in self.branches:
            x = guidance
            for layer in branch:
                x = layer(x)
            scores.append(x)
        if self.kind == "hin":
            scores = ops.split(scores[0], 4, axis=-1)
        indices = [ops.sigmoid(score) for score in scores]
        shape = ops.shape(indices[0])
        by_group = ops.reshape(ops.stack(indices, axis=-1), (*shape[:3], 4 * shape[3]))
        return {
            "up": ops.depth_to_space(ops.concatenate(indices, axis=-1), 2),
            "down": softmax_taps(by_group, 2),
        }

    def compute_output_shape(self, guidance_shape):
        batch, height, width, channels = guidance_shape
        groups = 1 if self.kind == "hin" else channels
        half = (size and size // 2 for size in (height, width))
        return {"up": (batch, height, width, groups), "down": (batch, *half, 4 * groups)}

    def get_config(self):
        config = {
            "kind": self.kind,
            "nonlinear": self.nonlinear,
            "context": self.context,
            "expansion": self.expansion,
        }
        return {**super().get_config(), **config}


@keras.saving.register_keras_serializable(package="a2u_tf")
class IndexNetUpSampling2D(layers.Layer):
    """Upsamples features by IndexNet's learned indices: nearest neighbours, times the index of each pixel.

    Args:
        kind, nonlinear, context, expansion: See `IndexNetIndices`.
        implementation: `"auto"`, `"composite"` or `"compiled"`, see `a2u_tf.ops.reassemble_up`.

    Call arguments:
        inputs: Float tensor of shape `(N, h, w, C)`; any channels for `kind="hin"`, the guidance's for the others.
        guidance: Float tensor of shape `(N, 2 h, 2 w, C)`, the encoder's feature before its downsampling.

    Output shape:
        `(N, 2 h, 2 w, C)`.

    Reference: Lu, Dai, Shen, Xu, "Indices Matter: Learning to Index for Deep Image Matting", ICCV 2019.
    """

    scale = 2

    def __init__(self, kind="m2o", nonlinear=True, context=True, expansion=2, implementation="auto", **kwargs):
        super().__init__(**kwargs)
        self.supports_jit = resolve_implementation(implementation)[0] != "compiled"
        self.implementation = implementation
        self.indices = IndexNetIndices(
            kind, nonlinear, context, expansion, dtype=self.dtype_policy, trainable=self.trainable, name="indices"
        )

    def build(self, inputs_shape, guidance_shape=None):
        check_exact_guidance(self, inputs_shape, guidance_shape)
        channels = inputs_shape[-1]
        if self.indices.kind != "hin" and channels != guidance_shape[-1]:
            raise ValueError(
                f"{type(self).__name__} makes one index for each channel of the guidance: inputs must have as many. "
                f"Received: inputs.shape={tuple(inputs_shape)}, guidance.shape={tuple(guidance_shape)}. Use kind='hin'."
            )
        self.indices.build(guidance_shape)
        groups = 1 if self.indices.kind == "hin" else channels
        self._reassemble = Reassemble("up", 1, 2, groups, self.implementation)
        super().build(inputs_shape)

    def call(self, inputs, guidance=None):
        inputs, guidance = checked_guidance(self, inputs, guidance)
        return self._reassemble(inputs, self.indices(guidance)["up"])

    def compute_output_shape(self, inputs_shape, guidance_shape=None):
        check_exact_guidance(self, inputs_shape, guidance_shape)
        return (*guidance_shape[:3], inputs_shape[-1])

    def get_config(self):
        indices = self.indices
        config = {
            "kind": indices.kind,
            "nonlinear": indices.nonlinear,
            "context": indices.context,
            "expansion": indices.expansion,
            "implementation": self.implementation,
        }
        return {**super().get_config(), **config}


def _check_even(shape):
    if any(size is not None and size % 2 for size in shape[1:3]):
        raise ValueError(
            f"IndexNet needs guidance of even height and width. Received: guidance.shape={tuple(shape)}. Pad it, or "
            "use A2UUpSampling2D, which takes odd sizes."
        )
