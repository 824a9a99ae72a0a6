"""From two encodings to kernel maps, by `keras.ops` or by the compiled operations."""

from typing import Any

from a2u_tf.ops import alternatives, compiled, composite
from a2u_tf.ops.implementation import implementation_here
from a2u_tf.types import Tensor


def affinity(
    encoded: Tensor,
    norms: Tensor,
    rank: int = 1,
    norm_groups: int = 0,
    epsilon: float = 1e-5,
    implementation: str = "auto",
) -> Tensor:
    """Scaled inner products over the channels of two encodings u and v, normalised and through LeakyReLU(0.01) each.

    `a[n,y,x,q] = 1 / sqrt(C) * sum_c lrelu(GN(u))[n,y,x, q C + c] * lrelu(GN(v))[n,y,x, q C + c]`

    Args:
        encoded: Float tensor `(2 * N, h, w, rank * C)` of float32 or float64: u of all samples, then v.
        norms: `(4, rank * C)`: scales of both group norms, then their offsets; `(0, rank * C)` with `norm_groups=0`.
        rank: Number of products.
        norm_groups: Of the norms, over all `rank * C` channels; 0 for none.
        epsilon: Of the norms.
        implementation: As of `reassemble_up`.

    Returns:
        `(N, h, w, rank)`. Reference: Dai, Lu, Shen, CVPR 2021, Figure 2.
    """
    settings: dict[str, Any] = {"rank": rank, "norm_groups": norm_groups, "epsilon": epsilon}
    tensors = encoded, norms
    if implementation_here(implementation) == "composite":
        return composite.affinity(*tensors, **settings)
    result = alternatives.call(composite.affinity, compiled.affinity, *tensors, **settings)
    batch, *size, _ = encoded.shape
    result.set_shape((batch and batch // 2, *size, rank))
    return result


def kernel_maps(
    affinity: Tensor,
    projection: Tensor,
    scale: int,
    groups: int,
    kernel_size: int,
    normalization: str,
    implementation: str = "auto",
) -> Tensor:
    """Kernel maps of an affinity: its projection, normalised over the taps, sub-positions laid out as pixels.

    Args:
        affinity: `(N, h, w, rank)`.
        projection: `(N or 1, rank, scale**2 * groups * kernel_size**2)`, ordered sub-position, group, tap.
        scale: Of the maps to the affinity.
        groups: Kernels per pixel.
        kernel_size: Side of a kernel.
        normalization: `"softmax"`, `"sigmoid"`, or `"softmax_of_sigmoid"`, which bounds the softmax's input, so that
            with 3 x 3 taps every weight lies in [0.0440, 0.2536]: a low-pass average by construction.
        implementation: As of `reassemble_up`.

    Returns:
        `(N, scale * h, scale * w, groups * kernel_size**2)`. Reference: Dai, Lu, Shen, CVPR 2021, Figure 2, and the
        released code.
    """
    settings: dict[str, Any] = {"scale": scale, "groups": groups, "taps": kernel_size**2}
    settings["normalization"] = normalization
    if implementation_here(implementation) == "composite":
        return composite.kernel_maps(affinity, projection, **settings)
    result = alternatives.call(composite.kernel_maps, compiled.kernel_maps, affinity, projection, **settings)
    batch, *size, _ = affinity.shape
    result.set_shape((batch, *(n and scale * n for n in size), groups * kernel_size**2))
    return result
