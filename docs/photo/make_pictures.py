"""Make the pictures of docs/photo.md by its own commands.

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
from a2u_tf.matting.pictures import read_rgb, trimap_from_box

FOLDER = Path(__file__).parent
COLOUR = "#204060"
WIDTHS = 10, 20, 40
EDGE = np.s_[70:230, 160:320]


def laid_over_colour(box, *options):
    """The cutout of the photo in the present folder over the page's colour, BGR."""
    behind = ["--composite", "new.png", "--background", COLOUR]
    if a2u_matte(["photo.jpg", "--box", box, *options, *behind]):
        raise SystemExit(f"failed: {options}")
    return cv2.imread("new.png")


def make(box):
    """Return the pictures by name, BGR."""
    edges = [enlarged(laid_over_colour(box, "--from-mask", str(width))[EDGE]) for width in WIDTHS]
    closed_form = enlarged(laid_over_colour(box, "--from-mask", "20", "--method", "closed-form")[EDGE])
    x, y, width, height = numbers = [int(n) for n in box.split(",")]
    trimap = cv2.cvtColor(trimap_from_box(read_rgb("photo.jpg"), numbers), cv2.COLOR_GRAY2BGR)
    over_colour, matte = laid_over_colour(box, "-o", "alpha.png"), cv2.imread("alpha.png")
    photo = cv2.rectangle(cv2.imread("photo.jpg"), (x, y), (x + width, y + height), (0, 200, 255), 3)
    four = [
        cv2.resize(x, None, fx=0.6, fy=0.6, interpolation=cv2.INTER_AREA) for x in (photo, trimap, matte, over_colour)
    ]
    return {"cutout": np.hstack(four), "rim": np.hstack(edges), "closed_form": np.hstack([edges[1], closed_form])}


def enlarged(picture):
    return cv2.resize(picture, None, fx=2.5, fy=2.5, interpolation=cv2.INTER_CUBIC)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, default=FOLDER)
    output = parser.parse_args().output.resolve()
    (box,) = set(re.findall(r"--box (\S+)", FOLDER.with_suffix(".md").read_text()))
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        shutil.copy(FOLDER / "lemur.jpg", "photo.jpg")
        pictures = make(box)
    for name, picture in pictures.items():
        cv2.imwrite(str(output / f"{name}.jpg"), picture, [cv2.IMWRITE_JPEG_QUALITY, 90])


if __name__ == "__main__":
    main()
