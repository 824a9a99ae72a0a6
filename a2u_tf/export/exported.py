"""What an export tells of itself, and how it is compared with its model."""

import dataclasses
from pathlib import Path

import numpy as np

from a2u_tf.export.endpoints import Arrays


@dataclasses.dataclass(frozen=True)
class Exported:
    """A model that was written for other programs, read back and compared.

    Attributes:
        path: Folder or file.
        size: Bytes on disk.
        operations: Names of the kinds of operations in the graph, sorted.
        difference: Largest absolute difference between the outputs of what was written and of the Keras model.
    """

    path: Path
    size: int
    operations: tuple[str, ...]
    difference: float

    def __str__(self) -> str:
        return (
            f"{self.path}: {self.size / 1e6:.1f} MB, {len(self.operations)} kinds of operations, largest difference "
            f"from the Keras model {self.difference:.1e}"
        )


def checked_difference(expected: list[Arrays], received: list[Arrays], tolerance: float, name: str) -> float:
    """Return the largest difference; raise `ValueError` where it is above the tolerance or not a number."""
    difference = largest_difference(expected, received)
    if not difference <= tolerance:
        raise ValueError(
            f"The {name} does not compute what the Keras model does: the largest difference is {difference:.1e}, "
            f"expected at most {tolerance:.1e}. Nothing was kept. Pass a larger `tolerance` if that is good enough, as "
            "for models that compute in half precision."
        )
    return difference


def largest_difference(expected: list[Arrays], received: list[Arrays]) -> float:
    """Return the largest absolute difference of two lists of dicts of arrays; infinite for other names and shapes."""
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
