"""Predict alpha mattes by methods that learn nothing, to set trained ones beside.

    python -m train.predict_baseline --method=closed_form --image=IMAGES --trimap=TRIMAPS --output=ALPHAS

`half` is 0.5 wherever the trimap is unknown. `closed_form` is that of Levin, Lischinski and Weiss (CVPR 2006) in the
package pymatting: pip install 'a2u_tf[pymatting]'. Files are those of `train.predict`.
"""

import numpy as np
from absl import app, flags

from a2u_tf.conventions import BACKGROUND, FOREGROUND
from a2u_tf.cutout import import_pymatting
from train.predict import define_file_flags, predict_files


def half(image, trimap):
    """0.5 where the trimap is unknown."""
    return np.select([trimap == BACKGROUND, trimap == FOREGROUND], [0.0, 1.0], 0.5)


def closed_form(image, trimap):
    """The closed-form matte; a trimap that holds no foreground or no background is answered as it is by `half`."""
    known = half(image, trimap)
    if not (known == 0).any() or not (known == 1).any():
        return known
    return np.clip(import_pymatting().estimate_alpha_cf(image / 255, known), 0, 1)


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
