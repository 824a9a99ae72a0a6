"""Colours of cutouts, on compositions whose foreground is known: what of the old background is left in them.

    A2U_DATA_DIR=... python -m benchmarks.cutout_colours --output benchmarks/cutout_colours.json

Foregrounds of `fg_rgba` over backgrounds of `backgrounds_cc0`, with their true mattes and with those that the small
model finds in a band of --band pixels. Over the half-transparent pixels (alpha in 0.05 to 0.95) of each picture, then
over the pictures: `error`, the mean of alpha * |colour - true colour|; `seen`, the share of pixels where that is above
0.1 in a channel; `rim`, the share of those whose colour is nearer to the old background's than to the foreground's, of
which it differs by more than 0.2. `seconds` is relative to the first method, measured in turns. pymatting's
multi-level method (Germer et al., ICPR 2020) needs a2u_tf[pymatting].
"""

import os
from pathlib import Path

import cv2
import numpy as np
from absl import app, flags

from a2u_tf.files import write_json
from a2u_tf.matting.cutout import cover, estimate_foreground
from a2u_tf.matting.pictures.composition import composite
from a2u_tf.matting.pictures.folders import Problems, list_pictures
from a2u_tf.matting.pictures.pictures import read_rgb, read_rgba
from a2u_tf.matting.pictures.trimap import trimap_from_mask
from a2u_tf.matting.prediction import predict_alpha
from a2u_tf.matting.weights.loading import load_matting
from benchmarks.record import describe_run
from benchmarks.rounds import compare_steps

_OUTPUT = flags.DEFINE_string("output", "benchmarks/cutout_colours.json", "JSON file to write.")
_SIDE = flags.DEFINE_integer("side", 512, "Longest side of the pictures in pixels.", lower_bound=64)
_BAND = flags.DEFINE_integer("band", 20, "Width of the unknown band in pixels.", lower_bound=1)
_ROUNDS = flags.DEFINE_integer("rounds", 5, "Timed rounds over the methods.", lower_bound=1)


MATTES, ERRORS = ("true", "predicted"), ("error", "seen", "rim")


def methods():
    """Return a dict from names to functions of colours, float32 RGB, and alpha."""
    found = {"ours": estimate_foreground, "photograph": lambda colours, alpha: colours}
    try:
        from pymatting import estimate_foreground_ml
    except ImportError:
        return found

    def multi_level(colours, alpha):
        return np.where(alpha[..., None] == 1, colours, estimate_foreground_ml(colours, alpha)).astype(np.float32)

    return {**found, "multi-level": multi_level}


def compositions(folder, side):
    """Yield photograph, alpha, and the colours of foreground and background, continued where all is transparent."""
    backgrounds = list_pictures(folder / "backgrounds_cc0", Problems(folder))
    for number, path in enumerate(list_pictures(folder / "fg_rgba", Problems(folder))):
        rgb, alpha = read_rgba(path)
        zoom = min(1, side / max(alpha.shape))
        rgb, alpha = (cv2.resize(x, None, fx=zoom, fy=zoom, interpolation=cv2.INTER_AREA) for x in (rgb, alpha))
        opaque = np.uint8(alpha >= 0.9)
        _, labels = cv2.distanceTransformWithLabels(1 - opaque, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)
        nearest = np.zeros((labels.max() + 1, 3), np.uint8)
        nearest[labels[opaque > 0]] = rgb[opaque > 0]
        foreground = np.where(alpha[..., None] > 0.05, rgb, nearest[labels])
        background = cover(read_rgb(backgrounds[3 * number % len(backgrounds)]), alpha.shape)
        photograph = np.rint(composite(foreground, background, alpha)).astype(np.uint8)
        yield photograph, alpha, foreground / np.float32(255), background / np.float32(255)


def errors(received, alpha, foreground, background):
    """Return error, seen and rim of one picture."""
    half = (alpha > 0.05) & (alpha < 0.95)
    difference = alpha[..., None] * np.abs(received - foreground)
    seen = difference.max(axis=-1) > 0.1
    to_foreground, to_background = (np.linalg.norm(received - x, axis=-1) for x in (foreground, background))
    apart = np.abs(foreground - background).max(axis=-1) > 0.2
    rim = seen & apart & (to_background < to_foreground)
    return [float(x[half].mean()) for x in (difference.mean(axis=-1), seen, rim)]


def main(_):
    record, model, compared = describe_run(), load_matting("small"), methods()
    found: dict[tuple[str, str], list] = {(name, matte): [] for name in compared for matte in MATTES}
    for photograph, alpha, *truth in compositions(Path(os.environ["A2U_DATA_DIR"]), _SIDE.value):
        colours = photograph / np.float32(255)
        predicted = predict_alpha(model, photograph, trimap_from_mask(alpha, _BAND.value))
        for name, estimate in compared.items():
            for matte, values in zip(MATTES, (alpha, predicted), strict=True):
                found[name, matte].append(errors(estimate(colours, values), values, *truth))
    steps = {name: lambda x, estimate=estimate: estimate(*x) for name, estimate in compared.items()}
    rows = compare_steps(steps, (colours, alpha), _ROUNDS.value, "ours")
    for row in rows:
        for matte in MATTES:
            row[matte] = dict(
                zip(ERRORS, np.round(np.mean(found[row["side"], matte], axis=0), 4).tolist(), strict=True)
            )
        print(f"{row['side']:14}", *(f"{matte} matte: {row[matte]}" for matte in MATTES))
    settings = {"side": _SIDE.value, "band": _BAND.value, "pictures": len(found["ours", "true"])}
    write_json(_OUTPUT.value, {**record, **settings, "results": rows})


if __name__ == "__main__":
    app.run(main)
