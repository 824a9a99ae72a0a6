"""Streaming metrics of pictures in [0, 1], as Keras metrics."""

from typing import Any

import keras
from keras import ops

from a2u_tf.types import Tensor


def psnr(y_true: Tensor, y_pred: Tensor) -> Tensor:
    """Peak signal-to-noise ratio in decibels, `(N, H, W, C)` to `(N,)`: `10 log10(1 / MSE)`, at most 100."""
    squared = ops.square(ops.cast(y_true, "float32") - ops.cast(y_pred, "float32"))
    return -10.0 * ops.log10(ops.maximum(ops.mean(squared, axis=(1, 2, 3)), 1e-10))


def ssim(y_true: Tensor, y_pred: Tensor) -> Tensor:
    """Structural similarity of each picture, `(N, H, W, C)` to `(N,)`: 11 x 11 Gaussian window, sigma 1.5, peak 1.

    Reference: Wang et al., "Image Quality Assessment: From Error Visibility to Structural Similarity", IEEE TIP 2004.
    """
    return ops.image.ssim(ops.cast(y_true, "float32"), ops.cast(y_pred, "float32"), max_val=1.0)


@keras.saving.register_keras_serializable(package="a2u_tf")
class PSNR(keras.metrics.MeanMetricWrapper):
    """Mean over pictures of `psnr`."""

    def __init__(self, name: str = "psnr", dtype: Any = None) -> None:
        super().__init__(psnr, name=name, dtype=dtype)

    def get_config(self) -> dict[str, Any]:
        return {"name": self.name, "dtype": self.dtype}


@keras.saving.register_keras_serializable(package="a2u_tf")
class SSIM(keras.metrics.MeanMetricWrapper):
    """Mean over pictures of `ssim`."""

    def __init__(self, name: str = "ssim", dtype: Any = None) -> None:
        super().__init__(ssim, name=name, dtype=dtype)

    def get_config(self) -> dict[str, Any]:
        return {"name": self.name, "dtype": self.dtype}
