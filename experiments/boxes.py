"""How far a box around the foreground goes: mattes by it on photographs whose mattes are known.

    python -m experiments.boxes --data_dir=$A2U_DATA_DIR/matting_alphamatting_lowres/train_with_gt

The box is that of the true matte and 5 % of its size on every side. Overlap is that of what is more than half opaque:
intersection over union with the true matte; `edge kept` is the share of its half-transparent pixels that the trimap
leaves unknown. The closed form needs a2u_tf[pymatting]. Half a minute.
"""

from pathlib import Path
from typing import Any

import numpy as np
from absl import app, flags

from a2u_tf.files import markdown_table, versions, write_json, write_text
from a2u_tf.matting.closed_form import closed_form_alpha
from a2u_tf.matting.pictures import alphamatting, read_alpha, read_rgb, trimap_from_box
from a2u_tf.matting.prediction import predict_alpha
from a2u_tf.matting.weights import load_matting
from a2u_tf.types import Array

MARGIN = 0.05
SOFT = 0.05  # alpha within this distance of 0 and 1 is neither half transparent nor, at 0, part of the thing


def box_around(alpha: Array) -> tuple[int, int, int, int]:
    """Return x, y, width and height of a matte's bounding box and the margin, within the picture."""
    ends = []
    for axis in (0, 1):
        inside = np.flatnonzero((alpha > SOFT).any(axis=axis))
        first, last = int(inside[0]), int(inside[-1]) + 1
        margin = round(MARGIN * (last - first))
        ends.append((max(0, first - margin), min(alpha.shape[1 - axis], last + margin)))
    (left, right), (top, bottom) = ends
    return left, top, right - left, bottom - top


def overlap(alpha: Array, truth: Array) -> float:
    """Return the intersection over union of what is more than half opaque."""
    a, b = alpha > 0.5, truth > 0.5
    return float((a & b).sum() / (a | b).sum())


def main(_: list[str]) -> None:
    model, rows = load_matting("small"), []
    for picture in alphamatting(flags.FLAGS.data_dir, 1):
        image, truth = read_rgb(str(picture.image)), read_alpha(str(picture.alpha))
        trimap = trimap_from_box(image, box := box_around(truth))
        soft = (truth > SOFT) & (truth < 1 - SOFT)
        row: dict[str, Any] = {"picture": picture.name, "box": box}
        row["network"] = overlap(predict_alpha(model, image, trimap), truth)
        row["closed form"] = overlap(closed_form_alpha(image, trimap), truth)
        row["edge kept"] = float((trimap[soft] == 128).mean())
        rows.append(row)
        print(*row.values(), flush=True)
    columns = ["network", "closed form", "edge kept"]
    median = {"picture": "median"} | {name: float(np.median([row[name] for row in rows])) for name in columns}
    cells = [[row["picture"], *(f"{row[name]:.3f}" for name in columns)] for row in [*rows, median]]
    output = Path(flags.FLAGS.output)
    write_json(output.with_suffix(".json"), {"versions": versions(), "median": median, "pictures": rows})
    text = "# Mattes by a box\n\nBy `python -m experiments.boxes`, which says what the columns are.\n\n"
    write_text(output.with_suffix(".md"), text + markdown_table([["", *columns], *cells], [False, True, True, True]))


if __name__ == "__main__":
    flags.DEFINE_string("data_dir", None, "Folder with input, trimap1 and gt.", required=True)
    flags.DEFINE_string("output", "results/boxes", "Where to write, without ending: a table and a JSON file.")
    app.run(main)
