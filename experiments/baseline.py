"""Predict alpha mattes by methods that learn nothing, to set trained ones beside.

    python -m experiments.baseline --method=closed_form --image=IMAGES --trimap=TRIMAPS --output=ALPHAS

`half` is 0.5 wherever the trimap is unknown. `closed_form` is that of Levin, Lischinski and Weiss (CVPR 2006) in the
package pymatting: pip install 'a2u_tf[pymatting]'. Files are named as for `a2u matte`; the first that is wrong ends it.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from absl import app, flags

from a2u_program.streams import forgiving_streams
from a2u_tf.matting.closed_form import closed_form_alpha
from a2u_tf.matting.conventions import BACKGROUND, FOREGROUND
from a2u_tf.matting.folder import find_jobs
from a2u_tf.matting.pictures import exact_trimap, read_rgb, read_trimap, write_alpha
from a2u_tf.matting.pictures.folders import Problems, check_trimap_size
from a2u_tf.types import Array

Method = Callable[[Array, Array], Array]


def half(image: Array, trimap: Array) -> Array:
    """0.5 where the trimap is unknown."""
    trimap = exact_trimap(trimap)
    return np.select([trimap == BACKGROUND, trimap == FOREGROUND], [0.0, 1.0], 0.5)


METHODS: dict[str, Method] = {"half": half, "closed_form": closed_form_alpha}


def predict_files(method: Method, image: Path | str, trimap: Path | str, output: Path | str) -> None:
    """Write the mattes of a picture, or of those in a folder.

    Raises:
        PictureError: For files that cannot be read or have no partner.
        ValueError, OSError: As `find_jobs`.
    """
    problems = Problems(image)
    jobs = find_jobs(image, trimap, {"alpha": Path(output)}, problems)
    problems.stop_if_any()
    for job in jobs:
        picture, known = read_rgb(job.image), read_trimap(job.trimap).levels
        check_trimap_size(job.image, picture.shape[:2], job.trimap, known.shape)
        write_alpha(job.outputs["alpha"], method(picture, known))
        print(job.outputs["alpha"], flush=True)


@forgiving_streams()
def main(argv: list[str]) -> None:
    if len(argv) > 1:
        raise app.UsageError(f"Unknown arguments: {argv[1:]}")
    values = flags.FLAGS
    try:
        predict_files(METHODS[values.method], values.image, values.trimap, values.output)
    except (ValueError, OSError, ImportError) as error:
        raise SystemExit(f"error: {error}") from error


if __name__ == "__main__":
    flags.DEFINE_enum("method", None, METHODS, "What predicts.", required=True)
    flags.DEFINE_string("image", None, "Picture, or folder of pictures.", required=True)
    flags.DEFINE_string("trimap", None, "Its trimap, or folder of trimaps of the same names.", required=True)
    flags.DEFINE_string("output", None, "Matte to write (.png), or folder of mattes.", required=True)
    app.run(main)
