"""From guidance over affinities to kernel maps, by `keras.ops` or by the compiled operations."""

from collections.abc import Sequence
from typing import Any

from keras import ops

from a2u_tf.ops import alternatives, compiled, composite
from a2u_tf.ops.alternatives import Way
from a2u_tf.ops.encoding import encode_by_composite, encode_by_convolution, encode_by_op
from a2u_tf.ops.implementation import implementation_here
from a2u_tf.types import Tensor


def affinity(
    guidance: Tensor,
    filters: Sequence[Tensor],
    norms: Tensor,
    stride: int = 1,
    norm_groups: int = 0,
    epsilon: float = 1e-5,
    implementation: str = "auto",
) -> Tensor:
    """Scaled inner products over the channels of two encodings u and v, normalised and through LeakyReLU(0.01) each.

    `a[n,y,x,q] = 1 / sqrt(C) * sum_c lrelu(GN(u))[n,y,x, q C + c] * lrelu(GN(v))[n,y,x, q C + c]`

    In graphs the compiled operations keep the guidance for the backward pass, and encode it there again: the encodings
    take `2 * rank / stride**2` times its memory, and little time.

    Args:
        guidance: Float tensor `(N, H, W, C)` of float32 or float64.
        filters: For each q those of u and of v, `(2, N or 1, k, k, C or 1)`, see `a2u_tf.ops.encoding`.
        norms: `(4, rank * C)`: scales of both group norms, then their offsets; `(0, rank * C)` with `norm_groups=0`.
        stride: Of the encodings.
        norm_groups: Of the norms, over all `rank * C` channels; 0 for none.
        epsilon: Of the norms.
        implementation: As of `reassemble_up`.

    Returns:
        `(N, ceil(H / stride), ceil(W / stride), rank)`. Reference: Dai, Lu, Shen, CVPR 2021, Figure 2.
    """
    settings: dict[str, Any] = {"stride": stride, "norm_groups": norm_groups, "epsilon": epsilon}
    tensors = guidance, norms, *filters
    if implementation_here(implementation) == "composite":
        return _by_composite(*tensors, **settings)
    result = alternatives.call(_by_composite, _by_op, *tensors, differentiable=_by_convolution, **settings)
    batch, *size, _ = guidance.shape
    result.set_shape((batch, *(n and -(-n // stride) for n in size), len(filters)))
    return result


def _by_composite(*tensors: Tensor, **settings: Any) -> Tensor:
    return _affinity_by(encode_by_composite, composite.affinity, *tensors, **settings)


def _by_convolution(*tensors: Tensor, **settings: Any) -> Tensor:
    return _affinity_by(encode_by_convolution, composite.affinity, *tensors, **settings)


def _by_op(*tensors: Tensor, **settings: Any) -> Tensor:
    return _affinity_by(encode_by_op, compiled.affinity, *tensors, **settings)


def _affinity_by(
    encode: Way, measure: Way, guidance: Tensor, norms: Tensor, *filters: Tensor, stride: int, **settings: Any
) -> Tensor:
    encoded = [encode(guidance, each, stride) for each in filters]
    both = ops.concatenate(encoded, axis=-1) if len(encoded) > 1 else encoded[0]
    return measure(both, norms, rank=len(filters), **settings)


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
