"""Inputs on which a model and what was exported of it are compared."""

import numpy as np

from a2u_tf.export.endpoints import Arrays, Endpoint


def endpoint_examples(endpoint: Endpoint) -> list[Arrays]:
    """Return dicts of random arrays for a model's endpoint: several sizes and batches, where these are open.

    Floats lie in [0, 1], integers in 0 to 255 or among the endpoint's `levels`.
    """
    rng = np.random.default_rng(0)
    examples: list[Arrays] = []
    for size in endpoint.sizes:
        example = {}
        for spec in endpoint.inputs:
            lengths = (*size, *[1] * len(spec.shape))
            shape = [lengths[axis] if n is None else n for axis, n in enumerate(spec.shape)]
            if levels := endpoint.levels.get(spec.name):
                array = rng.choice(np.array(list(levels)), shape, p=list(levels.values()))
            else:
                array = rng.random(shape) if spec.dtype.is_floating else rng.integers(0, 256, shape)
            example[spec.name] = array.astype(spec.dtype.as_numpy_dtype)
        examples.append(example)
    return examples if any(None in tuple(spec.shape) for spec in endpoint.inputs) else examples[:1]


def largest_difference(expected: list[Arrays], received: list[Arrays]) -> float:
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


def largest_value(outputs: list[Arrays]) -> float:
    """Return the largest absolute value in a list of dicts of arrays, and at least 1."""
    return max(1.0, *(float(np.max(np.abs(array), initial=0)) for one in outputs for array in one.values()))
