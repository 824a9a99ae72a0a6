"""From raw kernel values to kernel maps: the paper's normalisation, and the shuffle to full resolution."""

from keras import ops

from a2u_tf.ops.layout import depth_to_space
from a2u_tf.types import Tensor


def normalize_up(raw: Tensor, kernel_size: int, scale: int) -> Tensor:
    """`(N, h, w, scale**2 * groups * taps)`, ordered sub-position, group, tap, to upsampling kernels, shuffled.

    `softmax_taps(sigmoid(raw))`, or `sigmoid(raw)` where the kernel has one tap. The sigmoid bounds the softmax's
    input, so with 3 x 3 taps every weight lies in [0.0440, 0.2536]: a low-pass average by construction.
    Reference: Dai, Lu, Shen, CVPR 2021, Figure 2.
    """
    kernels = ops.sigmoid(raw)
    if kernel_size > 1:
        kernels = softmax_taps(kernels, kernel_size)
    return depth_to_space(kernels, scale)


def softmax_taps(x: Tensor, kernel_size: int) -> Tensor:
    """Normalise kernel maps `(N, H, W, groups * kernel_size**2)` so that the taps of each kernel sum to 1."""
    batch, height, width, depth = ops.shape(x)
    taps = kernel_size**2
    # Rank four: TensorFlow on CPUs knows a softmax up to five, of which `tf.vectorized_map` needs one.
    kernels = ops.reshape(x, (batch, height, width * (depth // taps), taps))
    return ops.reshape(ops.softmax(kernels, axis=-1), (batch, height, width, depth))
