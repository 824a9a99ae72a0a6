"""Compose a validation set of pictures that no training sees, for `train.matting --validation=alphamatting=FOLDER`.

    python -m experiments.validation_set --source='rgba=$A2U_DATA_DIR/fg_rgba' --backgrounds=HELD_OUT --output=FOLDER

They are composed like photographs, see `a2u_tf.matting.data.photographic_sample`; `--source` and `--backgrounds` are
those of `train.matting`. The folder holds input, trimap1 and gt.
"""

from pathlib import Path

import cv2
from absl import app, flags

from a2u_tf.files import write_png
from a2u_tf.matting.data import Source, photographic_sample
from a2u_tf.matting.evaluation import held_out_pictures
from train.matting_sources import make_source


def compose(source: Source, count: int, size: int, output: Path) -> None:
    """Write so many pictures of a side, their trimaps and their mattes into a new folder."""
    if output.exists():
        raise FileExistsError(f"{output} exists. Give another --output, or move it away.")
    for picture in held_out_pictures(source, count, size, photographic_sample):
        parts = {"input": picture.image, "trimap1": picture.trimap, "gt": picture.target}
        for folder, pixels in parts.items():
            write_png(output / folder / f"{picture.name}.png", pixels)


def main(_: list[str]) -> None:
    values = flags.FLAGS
    try:
        source = make_source(values.source, values.backgrounds, 5 * values.size // 4)
        compose(source, values.count, values.size, Path(values.output))
    except (ValueError, OSError) as error:
        raise SystemExit(f"error: {error}") from error


if __name__ == "__main__":
    cv2.setNumThreads(1)
    flags.DEFINE_multi_string("source", ["synthetic"], "Foregrounds, as of train.matting.")
    flags.DEFINE_multi_string("backgrounds", [], "Folders of background pictures, as of train.matting.")
    flags.DEFINE_integer("count", 48, "How many pictures.", lower_bound=1)
    flags.DEFINE_integer("size", 512, "Their side in pixels.", lower_bound=64)
    flags.DEFINE_string("output", None, "Folder to write.", required=True)
    app.run(main)
