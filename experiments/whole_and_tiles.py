"""How a model's errors depend on what it sees at once: whole pictures, or overlapping tiles of them.

    python -m experiments.whole_and_tiles --model=small --pictures=alphamatting=FOLDER --output=results/whole_and_tiles

A network that learned from small crops may answer otherwise in whole pictures: A2U's kernels and the pooled branch read
averages of all that it sees. Tiles overlap by half and are blended by weights that fall to their rims. Written are the
mean SAD over 1000 of the whole pictures and of tiles of each side, with the ratio.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from absl import app, flags

from a2u_tf.files import markdown_table, versions, write_json, write_text
from a2u_tf.matting import MattingModel
from a2u_tf.matting.evaluation import ValidationPicture
from a2u_tf.matting.evaluation.protocol import evaluate
from a2u_tf.matting.prediction import predict_alpha
from a2u_tf.matting.weights import load_matting
from a2u_tf.types import Array
from train.matting_settings import SAMPLES
from train.matting_sources import make_validation

Predict = Callable[[Array, Array], Array]


def in_tiles(predict: Predict, image: Array, trimap: Array, side: int) -> Array:
    """Return the matte of a picture from those of overlapping tiles."""
    height, width = trimap.shape
    total, weights = np.zeros((2, height, width), np.float32)
    ramp = np.minimum(np.arange(side) + 1, side - np.arange(side)) / side
    for top in corners(height, side):
        for left in corners(width, side):
            tile = np.s_[top : top + side, left : left + side]
            weight = np.outer(ramp, ramp)[: height - top, : width - left].astype(np.float32)
            # A tile of background alone has nothing to predict, and is refused.
            matte = predict(image[tile], trimap[tile]) if trimap[tile].any() else np.zeros_like(weight)
            total[tile] += weight * matte
            weights[tile] += weight
    return np.asarray(total / weights)


def corners(length: int, side: int) -> list[int]:
    """Where tiles begin, so that they overlap by half at least and end with the picture."""
    last = max(0, length - side)
    return [*range(0, last, side // 2), last]


def sad(picture: ValidationPicture, matte: Array) -> float:
    return evaluate(np.rint(255 * matte).astype(np.uint8), picture.target, picture.trimap)["sad"]


def compare(model: MattingModel, pictures: list[ValidationPicture], sides: list[int]) -> dict[str, float]:
    """Return the mean SAD of whole pictures and of tiles, by their names."""

    def predict(image: Array, trimap: Array) -> Array:
        return np.asarray(predict_alpha(model, image, trimap))

    means = {"whole": float(np.mean([sad(p, predict(p.image, p.trimap)) for p in pictures]))}
    for side in sides:
        errors = [sad(p, in_tiles(predict, p.image, p.trimap, side)) for p in pictures]
        means[f"tiles of {side}"] = float(np.mean(errors))
    return means


def main(_: list[str]) -> None:
    values = flags.FLAGS
    try:
        model = load_matting(values.model)
        pictures = list(make_validation(values.pictures, 512, SAMPLES["photographic"]))
    except (ValueError, OSError) as error:
        raise SystemExit(f"error: {error}") from error
    means = compare(model, pictures, [int(side) for side in values.sides])
    rows = [[name, f"{value:.3f}", f"{value / means['whole']:.3f}"] for name, value in means.items()]
    table = markdown_table([["seen at once", "SAD", "of whole"], *rows], [False, True, True])
    print(table)
    output = Path(values.output)
    about = {"versions": versions(), "model": values.model, "pictures": len(pictures)}
    write_json(output.with_suffix(".json"), about | {"sad": means})
    title = f"# Whole pictures and tiles\n\n`{values.model}` on {len(pictures)} pictures, by `python -m experiments"
    write_text(output.with_suffix(".md"), f"{title}.whole_and_tiles`.\n\n{table}")


if __name__ == "__main__":
    flags.DEFINE_string("model", "small", "The model: small, or a .keras file.")
    flags.DEFINE_string("pictures", "synthetic", "As --validation of train.matting.")
    flags.DEFINE_list("sides", ["192", "384"], "Sides of the tiles, by commas.")
    flags.DEFINE_string("output", "results/whole_and_tiles", "Where to write, without ending.")
    app.run(main)
