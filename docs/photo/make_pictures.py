"""Make the pictures of docs/photo.md by its own snippets and command.

python docs/photo/make_pictures.py      # needs a2u_tf[pymatting]

lemur.jpg is a photograph of Mathias Appel, CC0 1.0, https://www.flickr.com/photos/mathiasappel/25419442300
"""

import argparse
import contextlib
import re
import shutil
import tempfile
from pathlib import Path

import cv2
import numpy as np

from a2u_program.main import a2u_matte

FOLDER = Path(__file__).parent
COLOUR = "#204060"
WIDTHS = 10, 20, 40
EDGE = np.s_[70:230, 160:320]


def make(snippets):
    """Run the page's snippets and its command in the present folder; returns the pictures by name, RGB in BGR order."""
    names: dict = {}
    exec(snippets[0], names)
    composites = []
    for width in WIDTHS:
        arguments = f"photo.jpg mask.png --from-mask {width} --composite {width}.png --background {COLOUR}".split()
        if a2u_matte(arguments):
            raise SystemExit(f"failed: {arguments}")
        composites.append(cv2.imread(f"{width}.png"))
    exec(snippets[1], names)
    alpha = names["cutout"][..., 3:]
    background = [int(COLOUR[i : i + 2], 16) / 255 for i in (5, 3, 1)]
    closed_form = 255 * (alpha * names["cutout"][..., 2::-1] + (1 - alpha) * background)
    edges = [enlarged(picture[EDGE]) for picture in (*composites, closed_form.round().astype("uint8"))]
    photo, mask = cv2.imread("photo.jpg"), cv2.imread("mask.png")
    return {
        "cutout": np.hstack(
            [cv2.resize(x, None, fx=0.6, fy=0.6, interpolation=cv2.INTER_AREA) for x in (photo, mask, composites[1])]
        ),
        "rim": np.hstack(edges[:3]),
        "closed_form": np.hstack([edges[1], edges[3]]),
    }


def enlarged(picture):
    return cv2.resize(picture, None, fx=2.5, fy=2.5, interpolation=cv2.INTER_CUBIC)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, default=FOLDER)
    output = parser.parse_args().output.resolve()
    page = FOLDER.with_suffix(".md").read_text()
    snippets = re.findall(r"```python\n(.*?)```", page, flags=re.DOTALL)
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        shutil.copy(FOLDER / "lemur.jpg", "photo.jpg")
        pictures = make(snippets)
    for name, picture in pictures.items():
        cv2.imwrite(str(output / f"{name}.jpg"), picture, [cv2.IMWRITE_JPEG_QUALITY, 90])


if __name__ == "__main__":
    main()
