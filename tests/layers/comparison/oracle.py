"""The operators' parts in NumPy, index by index, and golden vectors in this package's layouts."""

import numpy as np


def golden(golden_dir, name):
    """Vectors of another framework: maps channels-last, convolution weights `(rows, columns, in, out)`."""
    arrays = dict(np.load(golden_dir / "operators" / f"{name}.npz"))
    for key, array in arrays.items():
        if array.ndim == 4:
            arrays[key] = array.transpose(2, 3, 1, 0) if key.startswith("param.") else array.transpose(0, 2, 3, 1)
    return arrays


def shuffled(weights, scale):
    """Reorder output channels `q, a, b` of a convolution (the last axis) into the order `a, b, q` of Keras."""
    split = weights.reshape(*weights.shape[:-1], -1, scale**2)
    return split.swapaxes(-1, -2).reshape(weights.shape)


def conv(x, weights, stride=1, bias=0.0):
    """Zero-padded convolution whose window of side k begins `(k - 1) // 2` before its pixel."""
    size = weights.shape[0]
    before = (size - 1) // 2
    batch, height, width, _ = x.shape
    padded = np.pad(x, [(0, 0), (before, size), (before, size), (0, 0)])
    outputs = np.zeros((batch, -(-height // stride), -(-width // stride), weights.shape[3]))
    for n, i, j in np.ndindex(outputs.shape[:3]):
        window = padded[n, i * stride : i * stride + size, j * stride : j * stride + size]
        outputs[n, i, j] = np.einsum("uvc,uvco->o", window, weights)
    return outputs + bias


def softmax(x):
    """Over the last axis."""
    exponentials = np.exp(x - x.max(axis=-1, keepdims=True))
    return exponentials / exponentials.sum(axis=-1, keepdims=True)


def shuffle(x, scale):
    """Lay sub-positions out: channel `(a * scale + b) * Q + q` goes to pixel `(scale * i + a, scale * j + b)`."""
    batch, rows, columns, channels = x.shape
    depth = channels // scale**2
    outputs = np.zeros((batch, rows * scale, columns * scale, depth))
    for a, b in np.ndindex(scale, scale):
        first = (a * scale + b) * depth
        outputs[:, a::scale, b::scale] = x[..., first : first + depth]
    return outputs
