"""Trained models from files."""

import zipfile
import zlib

import keras

from a2u_tf.models.matting import Matting

# What Keras, zip and HDF5 raise at files of other kinds, or damaged ones.
_DAMAGED = (OSError, ValueError, KeyError, TypeError, AttributeError, zipfile.BadZipFile, zlib.error)


def read_model(path):
    """Load a Keras model, without what it was trained by.

    Raises:
        ValueError: Where the file is missing or holds something else.
    """
    try:
        _check_sums(path)
        return keras.saving.load_model(path, compile=False)
    except _DAMAGED as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise ValueError(f"{path} cannot be read as a Keras model: {reason}") from error


def _check_sums(path):
    """Raise at weights that were damaged: Keras reads them without a look at the sums that are stored with them."""
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            if name := archive.testzip():
                raise zipfile.BadZipFile(f"{name} in it is damaged. Copy or download it again.")


def load_matting(path):
    """Load a `Matting` model, as training saves it.

    Args:
        path: `.keras` file, such as best.keras in a run folder of train.matting.

    Returns:
        `a2u_tf.models.Matting`.

    Raises:
        ValueError: Where the file is missing or holds something else.
    """
    model = read_model(path)
    if not isinstance(model, Matting):
        raise ValueError(
            f"Expected a saved a2u_tf.models.Matting, such as best.keras in a run folder of train.matting. Received: "
            f"{type(model).__name__} in {path}"
        )
    return model
