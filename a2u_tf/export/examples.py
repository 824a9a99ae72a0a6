"""Inputs on which a model and what was exported of it are compared."""

import cv2
import numpy as np

from a2u_tf.matting import MattingModel

SIZES = ((1, 33, 50), (2, 48, 31))  # N, H, W
STRIDED_SIZES = ((1, 32, 48), (2, 48, 64))  # for networks that take multiples of their stride


def endpoint_examples(model, endpoint):
    """Return dicts of random arrays for a model's endpoint: several sizes and batches, where these are open.

    Floats lie in [0, 1] and integers in 0 to 255; trimaps are unknown for the most part.
    """
    rng = np.random.default_rng(0)
    examples: list[dict] = []
    open_axes = {axis for spec in endpoint.inputs for axis, length in enumerate(spec.shape) if length is None}
    for size in SIZES if isinstance(model, MattingModel) else STRIDED_SIZES:
        example = {}
        for spec in endpoint.inputs:
            lengths = (*size, *[1] * len(spec.shape))
            shape = [lengths[axis] if n is None else n for axis, n in enumerate(spec.shape)]
            if spec.name == "trimap":
                array = rng.choice(np.array([0, 128, 255]), shape, p=(0.1, 0.8, 0.1))
            else:
                array = rng.random(shape) if spec.dtype.is_floating else rng.integers(0, 256, shape)
            example[spec.name] = array.astype(spec.dtype.as_numpy_dtype)
        examples.append(example)
    return examples if open_axes else examples[:1]


def encoded(example):
    """Return dicts of `image_bytes` and `trimap_bytes`, PNG files of the pictures in a matting example."""
    files = {}
    for name, code in (("image", cv2.COLOR_RGB2BGR), ("trimap", None)):
        pictures = example[name] if code is None else [cv2.cvtColor(picture, code) for picture in example[name]]
        files[f"{name}_bytes"] = np.array([cv2.imencode(".png", picture)[1].tobytes() for picture in pictures])
    return files


def largest_difference(expected, received):
    """Return the largest absolute difference between the arrays of two lists of dicts.

    Infinite for other names and shapes, and for too few or too many of them.
    """
    differences = [0.0]
    for one, other in zip(expected, received, strict=True):
        if set(one) != set(other):
            return np.inf
        for name, array in one.items():
            a, b = np.asarray(array, np.float64), np.asarray(other[name], np.float64)
            differences.append(np.max(np.abs(a - b), initial=0) if a.shape == b.shape else np.inf)
    return float(np.max(differences))  # which, unlike Python's `max`, keeps a NaN


def largest_value(outputs):
    """Return the largest absolute value in a list of dicts of arrays, and at least 1."""
    return max(1.0, *(float(np.max(np.abs(array), initial=0)) for one in outputs for array in one.values()))
