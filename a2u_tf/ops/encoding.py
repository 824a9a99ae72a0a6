"""From guidance to encodings: filters from an average pooling, and encodings by each sample's own filters.

Encoding correlates guidance `(N, H, W, C)` with filters `(M, N or 1, k, k, C or 1)`, each sample with M of its own:
encodings `(M * N, h, w, C)`, of all samples by the first filter, then by the next. Zero padding puts `(k - 1) // 2` in
front, and behind it what makes the output `ceil(size / stride)`: for even sizes the released model's padding, and it
takes any size. Reference: Dai, Lu, Shen, CVPR 2021, Figure 2.
"""

from collections.abc import Callable
from typing import Any

import keras
from keras import ops

from a2u_tf.ops import alternatives, compiled, composite
from a2u_tf.ops.composite.parts import compiles_parts
from a2u_tf.ops.dtypes import wide_dtype
from a2u_tf.ops.layout import Size, Window, same
from a2u_tf.ops.trace import in_xla_trace
from a2u_tf.types import Tensor


def encode_by_op(guidance: Tensor, filters: Tensor, stride: int) -> Tensor:
    """Encode by the compiled op, which no graph that is written down may hold."""
    encoded = _encode_by_windows(compiled.call_op, guidance, filters, stride)
    batch, *size, channels = guidance.shape
    encoded.set_shape((batch and filters.shape[0] * batch, *(n and -(-n // stride) for n in size), channels))
    return encoded


def encode_by_composite(guidance: Tensor, filters: Tensor, stride: int) -> Tensor:
    """Encode by `keras.ops`, in the form that is best where this is traced."""
    # XLA compiles a sum over taps well, and a grouped convolution's gradients badly.
    if in_xla_trace() or compiles_parts(guidance, filters):
        return _encode_by_windows(composite.reassemble, guidance, filters, stride)
    if isinstance(ops.shape(guidance)[0], int) or same(filters.shape[1], 1):
        return encode_by_convolution(guidance, filters, stride)
    # In a trace of open batch: ONNX and LiteRT have no convolution of a number of channels that is not known.
    if keras.backend.backend() != "tensorflow":
        return _encode_plainly(guidance, filters, stride)
    ways = (_encode_plainly, encode_by_convolution)
    return alternatives.call(*ways, guidance, filters, in_files=True, stride=stride)


def _encode_plainly(guidance: Tensor, filters: Tensor, stride: int) -> Tensor:
    return _encode_by_windows(composite.reassemble_plainly, guidance, filters, stride)


def _encode_by_windows(reassemble: Callable[..., Tensor], guidance: Tensor, filters: Tensor, stride: int) -> Tensor:
    """Reassembly with M windows for all pixels of a sample."""
    batch = ops.shape(guidance)[0]
    maps, _, size, _, depth = filters.shape
    windows = ops.reshape(ops.transpose(filters, (1, 0, 4, 2, 3)), (-1, 1, 1, maps * depth * size**2))
    windows = ops.broadcast_to(windows, (batch, 1, 1, maps * depth * size**2))
    return reassemble(guidance, windows, Window("down", size, stride, depth))


def encode_by_convolution(guidance: Tensor, filters: Tensor, stride: int) -> Tensor:
    """A depthwise convolution for each filter; samples with filters of their own lie side by side as its channels."""
    batch, height, width, channels = ops.shape(guidance)
    maps, own, size, _, _ = filters.shape
    padded = ops.pad(guidance, [[0, 0], _padding(height, size, stride), _padding(width, size, stride), [0, 0]])
    if same(batch, 0):  # torch has no convolution without channels
        return ops.zeros((0, -(-height // stride), -(-width // stride), channels), padded.dtype)
    if same(own, 1):
        filters = ops.broadcast_to(ops.transpose(filters, (0, 2, 3, 4, 1)), (maps, size, size, channels, 1))
        return ops.concatenate([_depthwise_conv(padded, filters[m], stride) for m in range(maps)], axis=0)
    _, rows, columns, _ = ops.shape(padded)
    padded = ops.reshape(ops.transpose(padded, (1, 2, 0, 3)), (1, rows, columns, batch * channels))
    filters = ops.transpose(ops.broadcast_to(filters, (maps, batch, size, size, channels)), (0, 2, 3, 1, 4))
    filters = ops.reshape(filters, (maps, size, size, batch * channels, 1))
    encoded = ops.concatenate([_depthwise_conv(padded, filters[m], stride) for m in range(maps)], axis=0)
    _, rows, columns, _ = ops.shape(encoded)
    encoded = ops.transpose(ops.reshape(encoded, (maps, rows, columns, batch, channels)), (0, 3, 1, 2, 4))
    return ops.reshape(encoded, (maps * batch, rows, columns, channels))


def _depthwise_conv(x: Tensor, filters: Tensor, stride: int) -> Tensor:
    if keras.backend.backend() != "torch":
        return ops.depthwise_conv(x, filters, stride, "valid", data_format="channels_last")
    # There Keras asks channels-last tensors for their layout in memory, which `torch.func.vmap` cannot tell.
    x = ops.depthwise_conv(ops.transpose(x, (0, 3, 1, 2)), filters, stride, "valid", data_format="channels_first")
    return ops.transpose(x, (0, 2, 3, 1))


def _padding(length: Size, size: int, stride: int) -> list[Size]:
    before = (size - 1) // 2
    after = (length + stride - 1) // stride * stride - stride + size - length - before
    return [before, max(after, 0) if isinstance(after, int) else ops.maximum(after, 0)]


def adaptive_averages(x: Tensor, size: int) -> tuple[Tensor, Tensor, Tensor]:
    """Average a map `(N, H, W, C)` over `size x size` bins, and over the whole: `(N, size, size, C)` and `(N, C)`.

    Bin `i` covers `floor(i L / size)` to `ceil((i + 1) L / size)`. `keras.ops.adaptive_average_pool` needs static sizes
    on TensorFlow; two small matrix products do not, and the whole is one bin more. Bins of one size are pooled faster.
    Half precisions are averaged in float32.

    Returns:
        The map, for what else is made of it: on TensorFlow the averages' gradient is added to what comes back there,
        without a map of its own. Then the averages over bins, and over the whole.
    """
    batch, height, width, channels = ops.shape(x)
    dtype = x.dtype
    wide = ops.cast(x, wide_dtype(dtype))
    if keras.backend.backend() == "tensorflow" and _divides(size, height) and _divides(size, width):
        x, pooled = _with_averages(wide, height // size, width // size)  # in float32 on the other backends
        return ops.cast(x, dtype), ops.cast(pooled, dtype), ops.cast(ops.mean(pooled, axis=(1, 2)), dtype)
    # Not by `einsum`, which LiteRT's converter spoils where the batch is open.
    rows = _bins(height, size, wide.dtype) @ ops.reshape(wide, (batch, height, width * channels))
    rows = ops.reshape(rows, (batch * (size + 1), width, channels))
    averages = ops.reshape(_bins(width, size, wide.dtype) @ rows, (batch, size + 1, size + 1, channels))
    averages = ops.cast(averages, dtype)
    return x, averages[:, :size, :size], averages[:, size, size]


def _with_averages(x: Tensor, rows: int, columns: int) -> Any:
    @ops.custom_gradient
    def run(x: Tensor) -> Any:
        def gradient(*upstream: Tensor, **_: Any) -> Tensor:
            to_x, to_averages = upstream
            batch, height, width, channels = ops.shape(to_x)
            count, length = batch * (height // rows), width * channels  # of rows of bins; of a row of pixels
            each = ops.repeat(to_averages / (rows * columns), columns, axis=2)
            added = ops.reshape(to_x, (count, rows, length)) + ops.reshape(each, (count, 1, length))
            return ops.reshape(added, (batch, height, width, channels))

        return (x, ops.average_pool(x, (rows, columns), (rows, columns), data_format="channels_last")), gradient

    return run(x)


def _divides(size: int, length: Size) -> bool:
    return isinstance(length, int) and length > 0 and length % size == 0


def _bins(length: Size, size: int, dtype: str) -> Tensor:
    """Averaging matrix of shape `(size + 1, length)`; the last row is the average of all."""
    bins = ops.arange(size + 1, dtype="int32")[:, None]
    start = bins % size * length // size
    end = ops.minimum(((bins + 1) * length + size - 1) // size, length)
    positions = ops.arange(length, dtype="int32")[None]
    inside = ops.logical_and(positions >= start, positions < end)
    return ops.cast(inside, dtype) / ops.cast(end - start, dtype)
