"""The four errors of one alpha matte, as the field reports them."""

import math

import numpy as np
from numpy.typing import ArrayLike

from a2u_tf.matting.conventions import UNKNOWN
from a2u_tf.matting.evaluation.connectivity_error import connectivity_error
from a2u_tf.matting.evaluation.gradient_error import gradient_error
from a2u_tf.matting.pictures import exact_trimap
from a2u_tf.matting.pictures.trimap import check_levels
from a2u_tf.types import Array

ERRORS = ("sad", "mse", "grad", "conn")


def evaluate(prediction: ArrayLike, target: ArrayLike, trimap: ArrayLike) -> dict[str, float]:
    """Return the errors of a predicted alpha matte on the unknown region of its trimap.

    The protocol of the MATLAB code that papers on matting report with, on the scale of their tables. Unknown is what a
    prediction treats so: all levels of the trimap that are not within 24 of 0 or 255. Gradient and connectivity errors
    look at the whole picture before they sum over the unknown region, so a prediction must be whole too, with the known
    regions filled in.

    Published figures are of 8-bit pictures: round a prediction to uint8 before you compare with them.

    Args:
        prediction: Array `(H, W)` or `(H, W, 1)` of integers or floats from 0 (transparent) to 255 (opaque).
        target: The true alpha matte, likewise.
        trimap: Array of the same size and scale, or uint16: 0 background, 255 foreground, 128 unknown.

    Returns:
        A dict of floats, lower is better: `"sad"`, the sum of absolute differences of alpha in [0, 1] over 1000;
        `"mse"`, the mean squared difference, NaN where no pixel is unknown; `"grad"`, the gradient error over 1000;
        `"conn"`, the connectivity error over 1000.

    Raises:
        ValueError: For arrays of other sizes, channels, types or ranges. A float matte that is not black and nowhere
            above 1 counts as one of the range [0, 1]. For a trimap of background alone, as where its levels are 0, 1
            and 2.

    Example:

    >>> target = np.uint8([[0, 0, 255, 255]])
    >>> evaluate(np.uint8([[0, 51, 204, 255]]), target, np.uint8([[0, 128, 128, 255]]))["sad"]
    0.0004

    Reference: Rhemann et al., "A Perceptually Motivated Online Benchmark for Image Matting", CVPR 2009.
    """
    arrays = {"prediction": prediction, "target": target, "trimap": trimap}
    prediction, target, trimap = (_single_channel(name, array) for name, array in arrays.items())
    prediction, target = _levels("prediction", prediction), _levels("target", target)
    if not prediction.shape == target.shape == trimap.shape:
        raise ValueError(
            "`prediction`, `target` and `trimap` must be of one size. Received (height, width): "
            f"prediction {prediction.shape}, target {target.shape}, trimap {trimap.shape}"
        )
    _check_scale("prediction", prediction)
    _check_scale("target", target)
    unknown = exact_trimap(trimap) == UNKNOWN
    if prediction.dtype != target.dtype:
        prediction, target = prediction.astype(np.float64), target.astype(np.float64)
    signed = np.int32 if prediction.dtype == np.uint8 else np.float64  # whole numbers are summed exactly
    differences = prediction[unknown].astype(signed) - target[unknown]
    count = differences.size
    return {
        "sad": float(np.abs(differences).sum() / 255 / 1000),
        "mse": float(np.square(differences).sum() / 255**2 / count) if count else math.nan,
        "grad": gradient_error(prediction, target, unknown),
        "conn": connectivity_error(prediction, target, unknown),
    }


def _single_channel(name: str, array: ArrayLike) -> Array:
    """Return `array` as `(H, W)`."""
    array = np.asarray(array)
    if array.ndim == 3 and array.shape[-1] == 1:
        array = array[..., 0]
    if array.ndim != 2 or array.size == 0:
        way_out = ""
        if array.ndim == 3:
            way_out = f". If its channels are all the same, pass one: `{name}[..., 0]`; alpha of RGBA is `[..., 3]`"
        raise ValueError(
            f"`{name}` must be one picture of shape (height, width) or (height, width, 1). "
            f"Received shape: {array.shape}{way_out}"
        )
    return array


def _levels(name: str, array: Array) -> Array:
    """Return `array` as uint8 or float64, with values in [0, 255]."""
    if array.dtype == np.uint8:
        return array
    check_levels(array, f"`{name}`")
    return array.astype(np.float64 if array.dtype.kind == "f" else np.uint8)


def _check_scale(name: str, array: Array) -> None:
    """Refuse a matte in [0, 1]: its errors would come out small, not absurd, and nobody would notice."""
    if array.dtype == np.float64 and 0 < array.max() <= 1:
        raise ValueError(
            f"`{name}` must be on the scale of 0 to 255, but looks like a matte in [0, 1]. Received floats from "
            f"{array.min()} to {array.max()}. Multiply it by 255. If it is indeed this dark, pass it as uint8."
        )
