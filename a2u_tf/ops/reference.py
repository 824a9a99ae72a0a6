"""Reassembly as the paper writes it, index by index, in NumPy: the truth the other implementations are held to.

Slow on purpose. The window of output pixel `(y, x)` starts at `(y * down // up - p, x * down // up - p)` with
`p = (kernel_size - 1) // 2`, and taps outside the channels-last map count as zero. Reference: Dai, Lu, Shen, "Learning
Affinity-Aware Upsampling for Deep Image Matting", CVPR 2021.
"""

import numpy as np

from a2u_tf.types import Array


def reassemble_up(features: Array, kernels: Array, kernel_size: int, scale: int = 2, groups: int = 1) -> Array:
    """Reassemble `(N, h, w, C)` features with `(N, H, W, groups * kernel_size**2)` kernels to `(N, H, W, C)`."""
    return _reassemble(features, kernels, kernel_size, up=scale, down=1, groups=groups)


def reassemble_down(features: Array, kernels: Array, kernel_size: int, scale: int = 2, groups: int = 1) -> Array:
    """Reassemble `(N, H, W, C)` features with `(N, h, w, groups * kernel_size**2)` kernels to `(N, h, w, C)`."""
    return _reassemble(features, kernels, kernel_size, up=1, down=scale, groups=groups)


def _reassemble(features: Array, kernels: Array, kernel_size: int, up: int, down: int, groups: int) -> Array:
    features, kernels = np.asarray(features), np.asarray(kernels)
    batch, source_height, source_width, channels = features.shape
    _, height, width, _ = kernels.shape
    padding = (kernel_size - 1) // 2
    group = np.arange(channels) // (channels // groups)
    outputs = np.zeros((batch, height, width, channels), np.result_type(features, kernels))
    for y in range(height):
        for x in range(width):
            for i in range(kernel_size):
                for j in range(kernel_size):
                    v = y * down // up + i - padding
                    u = x * down // up + j - padding
                    if 0 <= v < source_height and 0 <= u < source_width:
                        tap = group * kernel_size**2 + i * kernel_size + j
                        outputs[:, y, x, :] += kernels[:, y, x, tap] * features[:, v, u, :]
    return outputs
