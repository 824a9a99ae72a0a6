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


def affinity(encoded: Array, norms: Array, rank: int, norm_groups: int, epsilon: float) -> Array:
    """Return the affinity `(N, h, w, rank)` of two encodings, see `a2u_tf.ops.affinity.affinity`."""
    embedded = []
    for which, x in enumerate(np.split(np.array(encoded), 2)):
        for channels in np.split(np.arange(x.shape[-1]), norm_groups or [x.shape[-1]]):
            for sample in x if norm_groups else ():
                part = sample[..., channels]
                part = (part - part.mean()) / np.sqrt(part.var() + epsilon)
                sample[..., channels] = part * norms[which, channels] + norms[2 + which, channels]
        embedded.append(np.where(x > 0, x, 0.01 * x))
    products = (embedded[0] * embedded[1]).reshape(*x.shape[:3], rank, x.shape[3] // rank)
    return np.asarray(products.sum(axis=-1) / np.sqrt(products.shape[-1]))


def kernel_maps(affinity: Array, projection: Array, scale: int, groups: int, taps: int, normalization: str) -> Array:
    """Return kernel maps of an affinity, one kernel at a time, see `a2u_tf.ops.affinity.kernel_maps`."""
    batch, rows, columns, _ = affinity.shape
    maps = np.zeros((batch, rows * scale, columns * scale, groups * taps))
    for n, y, x, group in np.ndindex(batch, rows * scale, columns * scale, groups):
        first = ((y % scale * scale + x % scale) * groups + group) * taps
        matrix = projection[n if len(projection) > 1 else 0][:, first : first + taps]
        values = affinity[n, y // scale, x // scale] @ matrix
        if normalization != "softmax":
            values = 1 / (1 + np.exp(-values))
        if normalization != "sigmoid":
            values = np.exp(values - values.max())
            values /= values.sum()
        maps[n, y, x, group * taps : (group + 1) * taps] = values
    return maps
