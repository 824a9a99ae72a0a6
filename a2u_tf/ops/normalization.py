"""From raw kernel values to kernel maps: the paper's normalisation, and the shuffle to full resolution."""

from keras import ops

from a2u_tf.ops.layout import depth_to_space
from a2u_tf.types import Tensor


def normalize_up(raw: Tensor, kernel_size: int, scale: int, groups: int) -> Tensor:
    """Turn raw values into upsampling kernels of `scale` times the resolution.

    `softmax_taps(sigmoid(raw))`, or `sigmoid(raw)` where the kernel has one tap. The sigmoid bounds the softmax's
    input, so with 3 x 3 taps every weight lies in [0.0440, 0.2536]: a low-pass average by construction.

    Args:
        raw: Float tensor of shape `(N, h, w, scale**2 * groups * kernel_size**2)`, ordered sub-position, group, tap.
        kernel_size: Side of the upsampling kernel.
        scale: Resampling ratio.
        groups: Kernels per pixel.

    Returns:
        Tensor of shape `(N, scale * h, scale * w, groups * kernel_size**2)`; the taps of one kernel sum to 1, or lie
        in (0, 1) where there is one.

    Reference: Dai, Lu, Shen, CVPR 2021, Figure 2.
    """
    kernels = ops.sigmoid(raw)
    if kernel_size > 1:
        kernels = softmax_taps(kernels, kernel_size)
    return depth_to_space(kernels, scale)


def normalize_down(raw: Tensor, kernel_size: int) -> Tensor:
    """Turn raw values `(N, h, w, groups * kernel_size**2)` into downsampling kernels: `softmax_taps(raw)`."""
    return softmax_taps(raw, kernel_size)


def softmax_taps(x: Tensor, kernel_size: int) -> Tensor:
    """Normalise kernel maps `(N, H, W, groups * kernel_size**2)` so that the taps of each kernel sum to 1."""
    batch, height, width, depth = ops.shape(x)
    taps = kernel_size**2
    # Rank four: TensorFlow on CPUs knows a softmax up to five, of which `tf.vectorized_map` needs one.
    kernels = ops.reshape(x, (batch, height, width * (depth // taps), taps))
    return ops.reshape(ops.softmax(kernels, axis=-1), (batch, height, width, depth))
