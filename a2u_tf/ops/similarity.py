"""Scores of each output pixel against the window of its cell: the sibling of reassembly that SAPA needs."""

from types import ModuleType

from keras import ops

from a2u_tf.ops.bilinear import bilinear
from a2u_tf.ops.composite import choose_form
from a2u_tf.ops.layout import Window
from a2u_tf.types import Tensor


def similarity(query: Tensor, key: Tensor, window: Window) -> Tensor:
    """Compare each query `(N, r h, r w, C)` with the keys `(N, h, w, C)` of the window around its pixel there.

    `S[n,y,x,i s + j] = sum_c Q[n,y,x,c] * K[n, y//r + i - p, x//r + j - p, c]` with `s = kernel_size`,
    `p = (s - 1) / 2` and `r = scale`, in the order in which `a2u_tf.ops.reassemble_up` reads taps. Keys outside the map
    are zero, and so are their scores. No tensor of windows is kept for the backward pass. Under XLA none is made.

    Reference: Lu et al., "SAPA: Similarity-Aware Point Affiliation for Feature Upsampling", NeurIPS 2022.
    """
    return similarity_as(choose_form(window), query, key, window)


def similarity_as(form: ModuleType, query: Tensor, key: Tensor, window: Window) -> Tensor:
    """Score by one form, whatever is being traced: what reassembly of the keys sends back to its kernels."""

    def scores(query: Tensor, key: Tensor) -> Tensor:
        return form.to_kernels(key, query, window, ops.shape(query)[1:3])

    def gradients(query: Tensor, key: Tensor, upstream: Tensor) -> tuple[Tensor, Tensor]:
        return form.forward(key, upstream, window), form.to_features(key, upstream, query, window)

    return bilinear(scores, gradients, query, key)
