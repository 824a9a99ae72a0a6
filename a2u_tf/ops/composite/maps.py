"""Reassembly as a sum over taps of whole maps, no tensor above rank four: the form for LiteRT, which slices no other.

Upsampling repeats each feature pixel `up` times along both axes, once; then tap `(i, j)` is the map shifted by
`(i, j) * up`.
"""

from keras import ops

from a2u_tf.ops.dtypes import common_dtype, wide_dtype
from a2u_tf.ops.layout import taps
from a2u_tf.types import Tensor


def reassemble(
    features: Tensor, kernels: Tensor, kernel_size: int, up: int = 1, down: int = 1, groups: int = 1
) -> Tensor:
    """Reassemble as `composite.reassemble` does, with the gradients that the backend derives."""
    dtype = common_dtype(features.dtype, kernels.dtype)
    compute_dtype = wide_dtype(dtype)
    features, kernels = ops.cast(features, compute_dtype), ops.cast(kernels, compute_dtype)
    _, height, width, channels = ops.shape(features)
    rows, columns = ((height + down - 1) // down, (width + down - 1) // down)
    if up > 1:
        _, rows, columns, _ = ops.shape(kernels)
    before = (kernel_size - 1) // 2
    around = [before, kernel_size - 1 - before + down - 1]
    padded = ops.pad(features, [[0, 0], around, around, [0, 0]])
    if up > 1:
        _, height, width, _ = ops.shape(padded)
        padded = ops.image.resize(padded, (height * up, width * up), "nearest", data_format="channels_last")
    outputs = 0
    for tap, i, j in taps(kernel_size):
        top, left = i * up, j * up
        window = padded[:, top : top + (rows - 1) * down + 1 : down, left : left + (columns - 1) * down + 1 : down]
        weights = kernels[..., tap :: kernel_size**2]
        if groups > 1:
            weights = ops.repeat(weights, channels // groups, axis=-1)
        outputs += weights * window
    return ops.cast(outputs, dtype)
