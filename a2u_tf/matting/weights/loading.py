"""Trained models from files."""

import os
import zipfile
from pathlib import Path

import keras

from a2u_tf.matting.network import MattingModel, matting_net
from a2u_tf.matting.network.network import SHIPPED

# Keras stores what it writes without compression. An archive that grows more than this when it is read was made to.
MAX_GROWTH = 10


def read_model(path: Path | str) -> keras.Model:
    """Load a Keras model from a `.keras` archive, without what it was trained by.

    Keras' safe mode holds: code in the file, such as that of a `Lambda` layer, is refused and not run.

    Args:
        path: `.keras` file; or `"small"`, the `MattingModel` that comes with this package.

    Raises:
        ValueError: Where the file is missing or holds something else.
    """
    if path in SHIPPED:
        return MattingModel(matting_net(width=0.25, weights=path))
    try:
        _check_archive(path)
        return keras.saving.load_model(path, compile=False, safe_mode=True)
    except MemoryError:
        raise
    except Exception as error:  # Keras and HDF5 raise whatever a damaged file leads them to
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise ValueError(f"{path} cannot be read as a Keras model: {reason}") from error


def _check_archive(path: Path | str) -> None:
    """Raise at other files, and at weights that were damaged: Keras reads them without a look at their sums."""
    if not zipfile.is_zipfile(path):
        raise ValueError("it is missing, or no .keras archive. Models in other formats: load and save them by Keras")
    with zipfile.ZipFile(path) as archive:
        if sum(member.file_size for member in archive.infolist()) > MAX_GROWTH * os.path.getsize(path):
            raise ValueError(f"it grows more than {MAX_GROWTH} times when it is read. Keras writes no such files")
        if name := archive.testzip():
            raise zipfile.BadZipFile(f"{name} in it is damaged. Copy or download it again.")


def load_matting(path: Path | str) -> MattingModel:
    """Load a `MattingModel`: `"small"`, or a `.keras` file, such as best.keras in a run folder of train.matting.

    Errors are those of `read_model`, and a `ValueError` where the file holds another model.
    """
    model = read_model(path)
    if not isinstance(model, MattingModel):
        raise ValueError(
            f"Expected a saved a2u_tf.matting.MattingModel, such as best.keras in a run folder of train.matting. "
            f"Received: {type(model).__name__} in {path}"
        )
    return model
