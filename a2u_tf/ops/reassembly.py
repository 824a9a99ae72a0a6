"""Reassembly with per-pixel kernels, up and down: checks, and one call of the implementation."""

from types import ModuleType
from typing import Any

import keras
from keras import ops

from a2u_tf.ops import compiled, composite
from a2u_tf.ops.dtypes import common_dtype
from a2u_tf.ops.implementation import implementation_here, resolve_implementation
from a2u_tf.ops.validation import check_tensors, checked_sizes_when_run, checked_window
from a2u_tf.types import Tensor


def reassemble_up(
    features: Tensor, kernels: Tensor, kernel_size: int, scale: int = 2, groups: int = 1, implementation: str = "auto"
) -> Tensor:
    """Upsample features with one kernel per output pixel.

    `out[n,y,x,c] = sum_{i,j<s} K[n,y,x, G(c) s^2 + i s + j] * Z[n, y//r + i - p, x//r + j - p, c]` with
    `s = kernel_size`, `p = (s - 1) / 2`, `r = scale` and `G(c) = c // (C / groups)`. Taps outside the map count as zero
    and the rest is not renormalised. The kernels are used as they come, of any sign and sum.

    Args:
        features: Float tensor `Z` of shape `(N, h, w, C)`.
        kernels: Float tensor `K` of shape `(N, H, W, groups * kernel_size**2)` in the order group, row, column. Its
            size is the output's; `h = ceil(H / scale)` and `w = ceil(W / scale)`, so odd sizes work.
        kernel_size: Odd integer `s`, the side of the window on the features.
        scale: Integer `r >= 1`, the resampling ratio.
        groups: Number of kernels per pixel; a divisor of `C`. Each serves `C / groups` consecutive channels.
        implementation: `"auto"`, `"composite"` (`keras.ops` alone) or `"compiled"` (the TensorFlow op: `RuntimeError`
            where it is missing). Inside XLA, and in whatever is written of a graph, the composite runs in any case.

    Returns:
        Tensor of shape `(N, H, W, C)` in the common dtype of the two; half precisions are accumulated in float32.

    Raises:
        ValueError: Where arguments, ranks, dtypes or known sizes do not fit. Sizes that are unknown while a TensorFlow
            graph is traced are checked when it runs (`tf.errors.InvalidArgumentError`).

    Example:
    >>> features, kernels = keras.ops.ones((1, 4, 4, 8)), keras.ops.ones((1, 8, 8, 9)) / 9
    >>> a2u_tf.ops.reassemble_up(features, kernels, kernel_size=3).shape
    (1, 8, 8, 8)

    Reference: Dai, Lu, Shen, "Learning Affinity-Aware Upsampling for Deep Image Matting", CVPR 2021.
    """
    tensors = ops.convert_to_tensor(features), ops.convert_to_tensor(kernels)
    return Reassemble("up", kernel_size, scale, groups, implementation)(*tensors)


def reassemble_down(
    features: Tensor, kernels: Tensor, kernel_size: int, scale: int = 2, groups: int = 1, implementation: str = "auto"
) -> Tensor:
    """Downsample features with one kernel per output pixel.

    `out[n,y,x,c] = sum_{i,j<t} K[n,y,x, G(c) t^2 + i t + j] * Z[n, r y + i - p, r x + j - p, c]` with
    `t = kernel_size`, `p = (t - 1) // 2`, `r = scale` and `G(c) = c // (C / groups)`: a window of even side starts
    `t / 2 - 1` before its pixel.

    Args:
        features: Float tensor `Z` of shape `(N, H, W, C)`.
        kernels: Float tensor `K` of shape `(N, ceil(H / scale), ceil(W / scale), groups * kernel_size**2)` in the order
            group, row, column; its size is the output's.
        kernel_size: Integer `t >= 1`, the side of the window; `scale` times the upsampling size in the paper.
        scale, groups, implementation: As for `reassemble_up`, like the borders, the result's dtype, the errors and the
            reference.
    """
    tensors = ops.convert_to_tensor(features), ops.convert_to_tensor(kernels)
    return Reassemble("down", kernel_size, scale, groups, implementation)(*tensors)


@keras.saving.register_keras_serializable(package="a2u_tf")
class Reassemble(keras.Operation):
    """Both directions as one Keras operation, which also takes the symbolic tensors of functional models."""

    def __init__(
        self,
        direction: str,
        kernel_size: int,
        scale: int = 2,
        groups: int = 1,
        implementation: str = "auto",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.window = checked_window(direction, kernel_size, scale, groups)
        resolve_implementation(implementation)
        self.implementation = implementation

    def call(self, features: Tensor, kernels: Tensor) -> Tensor:
        check_tensors(self.window, features, kernels)
        features, kernels = checked_sizes_when_run(self.window, features, kernels)
        module: ModuleType = compiled if implementation_here(self.implementation) == "compiled" else composite
        return module.reassemble(features, kernels, self.window)

    def get_config(self) -> dict[str, Any]:
        return {"name": self.name, **self.window._asdict(), "implementation": self.implementation}

    def compute_output_spec(self, features: Tensor, kernels: Tensor) -> keras.KerasTensor:
        check_tensors(self.window, features, kernels)
        dtype = common_dtype(features.dtype, kernels.dtype)
        return keras.KerasTensor((*kernels.shape[:3], features.shape[3]), dtype)
