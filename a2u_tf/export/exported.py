"""What an export tells of itself."""

import contextlib
import dataclasses
from collections.abc import Iterator
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

    def __str__(self) -> str:
        return (
            f"{self.path}: {self.size / 1e6:.1f} MB, {len(self.operations)} kinds of operations, largest difference "
            f"from the Keras model {self.difference:.1e}"
        )


def check_difference(difference: float, tolerance: float, name: str) -> None:
    """Raise `ValueError` for a difference above the tolerance, and for one that is not a number."""
    if not difference <= tolerance:
        raise ValueError(
            f"The {name} does not compute what the Keras model does: the largest difference is {difference:.1e}, "
            f"expected at most {tolerance:.1e}. Nothing was kept. Pass a larger `tolerance` if that is good enough, as "
            "for models that compute in half precision."
        )


@contextlib.contextmanager
def refused_in_one_line(name: str) -> Iterator[None]:
    """Raise `ValueError` of one line for whatever a converter or a runtime of another project raises within.

    But for what the machine lacks, which no other model would mend: space on the disk, memory.
    """
    try:
        yield
    except (OSError, MemoryError):
        raise
    except Exception as error:
        lines = [line for line in str(error).splitlines() if line.strip()] or [""]
        raise ValueError(
            f"The model does not go into {name} ({type(error).__name__}: {lines[0][:300]}). Nothing was kept. Export "
            "it as a SavedModel, or with another layer in that place."
        ) from error
