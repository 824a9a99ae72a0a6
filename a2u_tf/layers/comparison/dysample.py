"""DySample: upsampling by sampling at learned points."""

from typing import Any

import keras
from keras import ops

from a2u_tf.layers.base import ResamplingLayer
from a2u_tf.layers.checks import check_features, one_of
from a2u_tf.ops.dtypes import wide_dtype
from a2u_tf.ops.layout import Size, depth_to_space
from a2u_tf.ops.validation import positive_integers
from a2u_tf.types import Shape, Tensor

STYLES = ("lp", "pl")


@keras.saving.register_keras_serializable(package="a2u_tf")
class DySampleUpSampling2D(ResamplingLayer):
    """Upsamples features by sampling them bilinearly at points that each output pixel shifts for itself.

    Output pixel `(y, x)` of group `m` reads the input `Z` at

    `py = clip((y + 1/2) / r - 1/2 + dy[y,x,m], 0, H - 1),   px = clip((x + 1/2) / r - 1/2 + dx[y,x,m], 0, W - 1)`

    in units of input pixels, whole numbers being pixel centres. The offsets come from the feature:
    `(dx, dy) = 0.25 * o`, or `0.5 * o * sigmoid(s)` with a dynamic scope, where `o` (with bias) and `s` (without) are
    1x1 convolutions. Zero offsets are bilinear upsampling, which is about where training starts: `o` starts at
    N(0, 0.001), `s` at zero. Bilinear weights sum to one, so that constant features stay constant up to the border.
    The convolutions have `c * m` weights each and `o` has `m` biases: `c = C`, `m = 2 * groups * scale**2` in style
    `"lp"`; `c = C / scale**2`, `m = 2 * groups` in style `"pl"`. Published counts leave the biases out.

    Args:
        scale: Integer r >= 1, the resampling ratio. Default: 2. `size` is Keras' name for it.
        style: `"lp"` makes the offsets of a cell's `r * r` outputs at low resolution and then shuffles them to their
            pixels; `"pl"` shuffles the features first (channel `q * r * r + a * r + b` to channel `q` of sub-position
            `(a, b)`) and makes the offsets at high resolution.
        groups: Number of points per pixel, each for `C / groups` consecutive channels.
        dynamic_scope: Whether the feature also sets how far the points may go; DySample+ in the paper.

    Input shape: `(N, H, W, C)`, where `groups` divides `C` and, in style `"pl"`, `scale**2` too.
    Output shape: `(N, scale * H, scale * W, C)`. Points and weights are float32 also under half-precision policies.
    Reference: Liu, Lu, Fu, Cao, "Learning to Upsample by Learning to Sample", ICCV 2023.
    """

    settings = ("style", "groups", "dynamic_scope")

    def __init__(
        self, scale: int | None = None, style: str = "lp", groups: int = 4, dynamic_scope: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(scale, **kwargs)
        (self.groups,) = positive_integers(groups=groups)
        self.style = one_of("style", style, STYLES)
        self.dynamic_scope = dynamic_scope

    def build(self, inputs_shape: Shape) -> None:
        channels, cells = self._checked_channels(inputs_shape), self.scale**2
        read, made = (channels, cells) if self.style == "lp" else (channels // cells, 1)
        shape, values = (None, read), 2 * self.groups * made
        small = keras.initializers.RandomNormal(stddev=0.001)
        self.offset = self._dense("offset", shape, values, kernel_initializer=small)
        self.scope = None
        if self.dynamic_scope:
            self.scope = self._dense("scope", shape, values, kernel_initializer="zeros", use_bias=False)

    def call(self, inputs: Tensor) -> Tensor:
        offsets = self._offsets(inputs)
        _, height, width, _ = ops.shape(inputs)
        rows = _pixel_centres(height, self.scale, offsets.dtype)[:, None, None] + offsets[..., self.groups :]
        columns = _pixel_centres(width, self.scale, offsets.dtype)[:, None] + offsets[..., : self.groups]
        return ops.cast(_sample(inputs, rows, columns), self.compute_dtype)

    def _offsets(self, inputs: Tensor) -> Tensor:
        """`(N, scale * H, scale * W, 2 * groups)`: first the columns' offsets of all groups, then the rows'."""
        batch, height, width, channels = ops.shape(inputs)
        cells = self.scale**2
        x = ops.cast(inputs, wide_dtype(self.compute_dtype))
        if self.style == "pl":
            x = ops.swapaxes(ops.reshape(x, (batch, height, width, channels // cells, cells)), 3, 4)
        offsets = self.offset(x) * (0.25 if self.scope is None else 0.5 * ops.sigmoid(self.scope(x)))
        offsets = ops.reshape(offsets, (batch, height, width, cells * 2 * self.groups))
        return depth_to_space(offsets, self.scale)

    def _checked_channels(self, shape: Shape) -> int:
        channels = check_features(self, shape)
        for name, divisor in (("groups", self.groups), ("scale**2", self.scale**2 if self.style == "pl" else 1)):
            if channels % divisor:
                raise ValueError(
                    f"The channels of the inputs must be a multiple of `{name}`={divisor} (style={self.style!r}). "
                    f"Received: inputs.shape={tuple(shape)}. Choose other groups, "
                    'or style="lp" for a channel count that scale**2 does not divide.'
                )
        return channels

    def compute_output_shape(self, inputs_shape: Shape) -> Any:
        self._checked_channels(inputs_shape)
        return super().compute_output_shape(inputs_shape)


def _pixel_centres(length: Size, scale: int, dtype: str) -> Tensor:
    """Where the output pixels of one axis lie on the input, in input pixels."""
    return (ops.cast(ops.arange(length * scale, dtype="int32"), dtype) + 0.5) / scale - 0.5


def _sample(features: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
    """Interpolate `(N, H, W, C)` at points `(N, rH, rW, groups)`, each for its share of the channels."""
    batch, height, width, channels = ops.shape(features)
    groups = rows.shape[-1]
    vectors = ops.reshape(features, (batch * height * width * groups, channels // groups))
    image = ops.reshape(ops.arange(batch, dtype="int32"), (batch, 1, 1, 1))
    group = ops.arange(groups, dtype="int32")
    _, out_height, out_width, _ = ops.shape(rows)
    shape = (batch, out_height, out_width, groups, channels // groups)
    outputs = 0
    for row, row_weight in _neighbours(rows, height):
        for column, column_weight in _neighbours(columns, width):
            index = (((image * height) + row) * width + column) * groups + group
            weight = (row_weight * column_weight)[..., None]
            values = ops.reshape(ops.take(vectors, index, axis=0), shape)  # JAX loses the shape of empty batches
            outputs += weight * ops.cast(values, weight.dtype)
    return ops.reshape(outputs, (batch, out_height, out_width, channels))


def _neighbours(positions: Tensor, length: Size) -> tuple[tuple[Tensor, Tensor], tuple[Tensor, Tensor]]:
    """The two pixels around each position along one axis, with their weights."""
    positions = ops.clip(positions, 0, ops.cast(length - 1, positions.dtype))
    first = ops.cast(positions, "int32")  # as the floor, which is float32 also of float64 on JAX and torch
    fraction = positions - ops.cast(first, positions.dtype)
    # Clipped once more, so that an offset that is not a number gives such an output rather than an index error.
    first = ops.clip(first, 0, length - 1)
    second = ops.clip(first + 1, 0, length - 1)
    return (first, 1 - fraction), (second, fraction)
