"""What drawn pictures and photographs with known mattes are like: the one is learned from, the other is matted.

    python -m experiments.picture_statistics --data_dir=$A2U_DATA_DIR/matting_alphamatting_lowres/train_with_gt

Medians over the pictures of a row, with the quartiles in the JSON file; all but the first column are of a trimap's
unknown pixels. `soft` are those whose alpha lies between 0.05 and 0.95, `below` and `above` the rest; `gradient` is the
mean length of alpha's gradient, by central differences; `colours` the mean distance of the nearest known foreground's
and background's colours, where that of black and white is 1; `closed form` the mean error of its matte, by which it is
told how hard pictures are. It needs a2u_tf[pymatting]. Twenty minutes.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
from absl import app, flags

from a2u_tf.files import markdown_table, versions, write_json, write_text
from a2u_tf.matting.closed_form import closed_form_alpha, import_pymatting
from a2u_tf.matting.conventions import BACKGROUND, FOREGROUND, UNKNOWN
from a2u_tf.matting.data import photographic_sample, training_sample
from a2u_tf.matting.data.pipeline import MakeSample
from a2u_tf.matting.data.synthetic import SyntheticSource
from a2u_tf.matting.evaluation import held_out_pictures
from a2u_tf.matting.pictures import alphamatting, read_alpha, read_rgb, read_trimap
from a2u_tf.types import Array

SOFT = 0.05
COLUMNS = ("unknown", "soft", "below", "above", "gradient", "colours", "closed form")
DRAWN = {192: 60, 512: 40}  # crops by their side
CHAINS = {"as for the released model": training_sample, "like photographs": photographic_sample}

Picture = tuple[Array, Array, Array]  # image, trimap, alpha in [0, 1]


def statistics(image: Array, trimap: Array, alpha: Array) -> dict[str, float] | None:
    """Return the value of each column; None where the trimap has not all three levels."""
    unknown = trimap == UNKNOWN
    if not all((trimap == level).any() for level in (BACKGROUND, UNKNOWN, FOREGROUND)):
        return None
    inside = alpha[unknown]
    below, above = (inside <= SOFT).mean(), (inside >= 1 - SOFT).mean()
    near = [image[tuple(_nearest(trimap == level)[:, unknown])] / 255 for level in (BACKGROUND, FOREGROUND)]
    values = (
        unknown.mean(),
        1 - below - above,
        below,
        above,
        np.hypot(*np.gradient(alpha))[unknown].mean(),
        np.linalg.norm(near[0] - near[1], axis=-1).mean() / 3**0.5,
        np.abs(closed_form_alpha(image, trimap) - alpha)[unknown].mean(),
    )
    return dict(zip(COLUMNS, map(float, values), strict=True))


def _nearest(mask: Array) -> Array:
    """Row and column, for each pixel, of the nearest one in the mask."""
    from scipy import ndimage  # which pymatting brings along

    nearest: Array = ndimage.distance_transform_edt(~mask, return_distances=False, return_indices=True)
    return nearest


def photographs(folder: Path | str, trimap: int) -> Iterator[Picture]:
    for files in alphamatting(folder, trimap):
        yield read_rgb(str(files.image)), read_trimap(str(files.trimap)).levels, read_alpha(str(files.alpha))


def drawn(size: int, make_sample: MakeSample) -> Iterator[Picture]:
    for picture in held_out_pictures(SyntheticSource(640), DRAWN[size], size, make_sample):
        yield picture.image, picture.trimap, picture.target / np.float32(255)


def summary(pictures: Iterable[Picture]) -> dict[str, list[float]]:
    """Return the quartiles of each column, and how many pictures they are of."""
    rows = [row for picture in pictures if (row := statistics(*picture))]
    quartiles = {
        name: np.quantile([row[name] for row in rows], (0.25, 0.5, 0.75)).round(4).tolist() for name in COLUMNS
    }
    return {"pictures": [len(rows)], **quartiles}


def main(_: list[str]) -> None:
    import_pymatting()  # or say at once how to install it
    groups = {f"photographs, trimap {number}": photographs(flags.FLAGS.data_dir, number) for number in (1, 2)}
    groups |= {
        f"drawn, composed {name}, {size} x {size}": drawn(size, chain)
        for name, chain in CHAINS.items()
        for size in DRAWN
    }
    rows = {}
    for name, pictures in groups.items():
        rows[name] = summary(pictures)
        print(name, rows[name], flush=True)
    table = [["", "pictures", *COLUMNS]]
    table += [
        [name, str(row["pictures"][0]), *(f"{row[column][1]:.3f}" for column in COLUMNS)] for name, row in rows.items()
    ]
    output = Path(flags.FLAGS.output)
    write_json(output.with_suffix(".json"), {"versions": versions(), "quartiles": rows})
    about = "By `python -m experiments.picture_statistics`, which says what the columns are."
    text = f"# Drawn pictures beside photographs\n\n{about}\n\n"
    write_text(output.with_suffix(".md"), text + markdown_table(table, [False] + [True] * (len(COLUMNS) + 1)))


if __name__ == "__main__":
    flags.DEFINE_string("data_dir", None, "Folder with input, trimap1, trimap2 and gt.", required=True)
    flags.DEFINE_string(
        "output", "results/picture_statistics", "Where to write, without ending: a table and a JSON file."
    )
    app.run(main)
