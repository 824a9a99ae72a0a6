"""Reassembly as a sum over taps of whole maps, no tensor above rank four: the form for LiteRT, which slices no other.

Upsampling repeats each feature pixel `up` times along both axes, once; then tap `(i, j)` is the map shifted by
`(i, j) * up`. The backend derives its gradients.
"""

from keras import ops

from a2u_tf.ops.layout import Window
from a2u_tf.types import Tensor


def forward(features: Tensor, kernels: Tensor, window: Window) -> Tensor:
    up, down = window.up, window.down
    rows, columns = window.grid(features)
    channels = ops.shape(features)[-1]
    around = [window.before, window.kernel_size - 1 - window.before + down - 1]
    padded = ops.pad(features, [[0, 0], around, around, [0, 0]])
    if up > 1:
        _, rows, columns, _ = ops.shape(kernels)
        _, height, width, _ = ops.shape(padded)
        padded = ops.image.resize(padded, (height * up, width * up), "nearest", data_format="channels_last")
    outputs = 0
    for tap, (i, j) in enumerate(window.taps()):
        top, left = i * up, j * up
        read = padded[:, top : top + (rows - 1) * down + 1 : down, left : left + (columns - 1) * down + 1 : down]
        weights = kernels[..., tap :: window.kernel_size**2]
        if window.groups > 1:
            weights = ops.repeat(weights, channels // window.groups, axis=-1)
        outputs += weights * read
    return outputs
