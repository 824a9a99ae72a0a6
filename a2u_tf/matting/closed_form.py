"""Closed-form matting, which needs no training: Levin, Lischinski and Weiss, CVPR 2006, by the package pymatting."""

import importlib
import importlib.util
import sys
from types import ModuleType

import numpy as np
from numpy.typing import ArrayLike

from a2u_tf.matting.conventions import BACKGROUND, FOREGROUND
from a2u_tf.matting.pictures.picture import unit
from a2u_tf.matting.prediction import at_working_size
from a2u_tf.types import Array


def closed_form_alpha(image: ArrayLike, trimap: ArrayLike, max_side: int | None = None) -> Array:
    """Compute the matte of one picture from its colours alone.

    Time and memory grow faster than the pixels: seconds for a megapixel, minutes for ten.

    Args:
        image, trimap, max_side: As of `a2u_tf.matting.prediction.predict_alpha`.

    Returns:
        float32 array of shape `(H, W)` in [0, 1], 1 and 0 where the trimap is known. Where it holds no foreground, or
        no background, colours say nothing: what is unknown is 0.5 then.

    Raises:
        ValueError: As `predict_alpha`.
        ImportError: Where pymatting is missing (`ModuleNotFoundError`, with the install command) or broken.
    """
    return at_working_size(_solve, image, trimap, max_side)


def _solve(image: Array, trimap: Array) -> Array:
    known = np.select([trimap == BACKGROUND, trimap == FOREGROUND], [0.0, 1.0], 0.5)
    if (known == 0).any() and (known == 1).any() and (known == 0.5).any():
        colours = (unit(image) if image.dtype == np.uint8 else image).astype(np.float64)
        known = import_pymatting().estimate_alpha_cf(colours, known).clip(0, 1)
    return known.astype(np.float32)


def import_pymatting() -> ModuleType:
    """Return the module, and say on stderr where it is imported first that it may take its time.

    Raises:
        ImportError: Where it is missing (`ModuleNotFoundError`, with the install command) or broken, for any reason.
    """
    if importlib.util.find_spec("pymatting") is None:
        raise ModuleNotFoundError("This needs pymatting, which is not installed: pip install 'a2u_tf[pymatting]'")
    if "pymatting" in sys.modules:
        return sys.modules["pymatting"]
    print("pymatting is imported; when it is new, it compiles itself for about a minute", file=sys.stderr, flush=True)
    try:
        return importlib.import_module("pymatting")
    except (Exception, SystemExit) as error:  # Numba, which it stands on, raises whatever it meets on this machine
        reason = " ".join(str(error).split())
        raise ImportError(f"pymatting cannot be imported: {type(error).__name__}: {reason}") from error
