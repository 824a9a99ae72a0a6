"""What an export tells of itself."""

import dataclasses
from pathlib import Path


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

    def __str__(self):
        return (
            f"{self.path}: {self.size / 1e6:.1f} MB, {len(self.operations)} kinds of operations, largest difference "
            f"from the Keras model {self.difference:.1e}"
        )


def check_difference(difference, tolerance, name):
    """Raise `ValueError` for a difference above the tolerance, and for one that is not a number."""
    if not difference <= tolerance:
        raise ValueError(
            f"The {name} does not compute what the Keras model does: the largest difference is {difference:.1e}, "
            f"expected at most {tolerance:.1e}. Nothing was kept. Pass a larger `tolerance` if that is good enough, as "
            "for models that compute in half precision."
        )
