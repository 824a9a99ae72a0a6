"""Files to be read."""

from tests.matting.conftest import saved

__all__ = ["saved"]
