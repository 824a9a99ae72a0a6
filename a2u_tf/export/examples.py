"""Inputs on which a model and what was exported of it are compared."""

import cv2
import numpy as np

SIZES = ((1, 33, 50), (2, 48, 31))  # N, H, W
STRIDED_SIZES = ((1, 32, 48), (2, 48, 64))  # for networks that take multiples of their stride


def matting_examples():
    """Return dicts of `image` and `trimap`, uint8 `(N, H, W, 3)` and `(N, H, W, 1)`, of odd sizes."""
    rng = np.random.default_rng(0)
    return [
        {
            "image": rng.integers(0, 256, (*size, 3), dtype="uint8"),
            "trimap": rng.choice(np.array([0, 128, 255], "uint8"), (*size, 1), p=(0.1, 0.8, 0.1)),
        }
        for size in SIZES
    ]


def random_examples(inputs):
    """Return dicts of random arrays, floats in [0, 1] and integers in 0 to 255, for a list of `tf.TensorSpec`."""
    rng = np.random.default_rng(0)
    examples = []
    for size in STRIDED_SIZES:
        example = {}
        for spec in inputs:
            lengths = (*size, *[1] * len(spec.shape))
            shape = [lengths[axis] if n is None else n for axis, n in enumerate(spec.shape)]
            array = rng.random(shape) if spec.dtype.is_floating else rng.integers(0, 256, shape)
            example[spec.name] = array.astype(spec.dtype.as_numpy_dtype)
        examples.append(example)
    return examples


def encoded(example):
    """Return dicts of `image_bytes` and `trimap_bytes`, PNG files of the pictures in a matting example."""
    files = {}
    for name, code in (("image", cv2.COLOR_RGB2BGR), ("trimap", None)):
        pictures = example[name] if code is None else [cv2.cvtColor(picture, code) for picture in example[name]]
        files[f"{name}_bytes"] = np.array([cv2.imencode(".png", picture)[1].tobytes() for picture in pictures])
    return files


def largest_difference(expected, received):
    """Return the largest absolute difference between the arrays of two lists of dicts, infinite for other shapes."""
    differences = [0.0]
    for one, other in zip(expected, received, strict=True):
        for name, array in one.items():
            a, b = np.asarray(array, np.float64), np.asarray(other[name], np.float64)
            differences.append(np.max(np.abs(a - b), initial=0) if a.shape == b.shape else np.inf)
    return float(np.max(differences))  # which, unlike Python's `max`, keeps a NaN
