"""Predict alpha mattes by methods that learn nothing, to set trained ones beside.

    python -m experiments.baseline --method=closed_form --image=IMAGES --trimap=TRIMAPS --output=ALPHAS

`half` is 0.5 wherever the trimap is unknown. `closed_form` is that of Levin, Lischinski and Weiss (CVPR 2006) in the
package pymatting: pip install 'a2u_tf[pymatting]'. Files are those of `experiments.predict`.
"""

import importlib
import importlib.util
import sys

import numpy as np
from absl import app, flags

from a2u_tf.matting.conventions import BACKGROUND, FOREGROUND
from a2u_tf.matting.pictures.trimap import exact_trimap
from experiments.predict import define_file_flags, predict_files


def half(image, trimap):
    """0.5 where the trimap is unknown."""
    trimap = exact_trimap(trimap)
    return np.select([trimap == BACKGROUND, trimap == FOREGROUND], [0.0, 1.0], 0.5)


def closed_form(image, trimap):
    """The closed-form matte; a trimap that holds no foreground or no background is answered as it is by `half`."""
    known = half(image, trimap)
    if not (known == 0).any() or not (known == 1).any():
        return known
    return np.clip(import_pymatting().estimate_alpha_cf(image / 255, known), 0, 1)


def import_pymatting():
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


METHODS = {"half": half, "closed_form": closed_form}


def main(argv):
    if len(argv) > 1:
        raise app.UsageError(f"Unknown arguments: {argv[1:]}")
    values = flags.FLAGS
    return predict_files(values, lambda: METHODS[values.method])


if __name__ == "__main__":
    flags.DEFINE_enum("method", None, METHODS, "What predicts.", required=True)
    define_file_flags()
    app.run(main)
