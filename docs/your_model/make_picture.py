"""Draw the picture of docs/your_model.md from the answers that lie in results/thin_structures.

python -m docs.your_model.make_picture
"""

from pathlib import Path

import cv2
import numpy as np

from a2u_tf.files import write_png
from a2u_tf.visualization import tiles
from examples.thin_structures import COLOURS, SHOWN, draw_pictures

ROOT = Path(__file__).parents[2]
COLUMNS, SIDE = 8, 120
ROWS = {
    "bilinear, no skips": "bilinear-skips-0-seed-0",
    "A2U of one tap and rank 4, no skips": "a2u-1-2-4-skips-0-seed-0",
    "bilinear, skips": "bilinear-skips-4-seed-0",
    "A2U of one tap and rank 4, skips": "a2u-1-2-4-skips-4-seed-0",
}


def main():
    pictures, labels = draw_pictures("test", SHOWN)
    rows = {"picture": pictures, "strands (red), leaves (green), nets (blue)": COLOURS[labels]}
    for title, run in ROWS.items():
        sheet = cv2.cvtColor(cv2.imread(str(ROOT / "results" / "thin_structures" / f"{run}.png")), cv2.COLOR_BGR2RGB)
        rows[title] = np.split(sheet, SHOWN, axis=1)
    lines = []
    for title, row in rows.items():
        line = np.concatenate([tiles.fitted(tile, SIDE) for tile in row[:COLUMNS]], axis=1)
        lines += [tiles.title(title, line.shape[1]), line]
    sheet = np.pad(np.concatenate(lines), [(0, 0), (tiles.MARGIN, 0), (0, 0)], constant_values=tiles.GREY)
    write_png(ROOT / "docs" / "your_model" / "answers.png", sheet)


if __name__ == "__main__":
    main()
