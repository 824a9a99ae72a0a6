"""Cutouts of compositions whose foreground is known, over new backgrounds: what of the old one is left in them.

    A2U_DATA_DIR=... python -m benchmarks.cutout_colours --output benchmarks/cutout_colours.json

Foregrounds of `fg_rgba` over backgrounds of `backgrounds_cc0`, with their true mattes and with those that the small
model finds in bands of --band pixels. Each cutout is laid over white, grey, black and another picture, and compared
with the true foreground and alpha over the same. Over the pixels that are half transparent (alpha in 0.05 to 0.95) in
the true matte or in the given one, then over backgrounds and pictures: `alpha`, the mean error of the cutout's alpha;
`error`, that of the colours seen; `seen`, the share of pixels where that is above 0.1 in a channel; `rim`, the share of
those that are off toward the old background (a cosine above 0.7). `undecided` is ours with the matte's own alpha. Times
are those of the last picture, in turns. pymatting's multi-level method (Germer et al., ICPR 2020) needs
a2u_tf[pymatting].
"""

import os
from pathlib import Path

import cv2
import numpy as np
from absl import app, flags

from a2u_tf.files import write_json
from a2u_tf.matting.cutout import cover, decide_alpha, estimate_foreground, lay_over
from a2u_tf.matting.pictures import composite, read_rgb, read_rgba, trimap_from_mask
from a2u_tf.matting.pictures.folders import Problems, list_pictures
from a2u_tf.matting.prediction import predict_alpha
from a2u_tf.matting.weights.loading import load_matting
from benchmarks.record import describe_run
from benchmarks.rounds import compare_steps

_OUTPUT = flags.DEFINE_string("output", "benchmarks/cutout_colours.json", "JSON file to write.")
_SIDE = flags.DEFINE_integer("side", 512, "Longest side of the pictures in pixels.", lower_bound=64)
_BANDS = flags.DEFINE_multi_integer("band", [20, 40], "Widths of the unknown band in pixels.", lower_bound=1)
_ROUNDS = flags.DEFINE_integer("rounds", 5, "Timed rounds over the methods.", lower_bound=1)


ERRORS = "alpha", "error", "seen", "rim"


def methods():
    """Return a dict from names to functions of colours, float32 RGB, and a matte, that return colours and alpha."""

    def ours(colours, matte):
        alpha = decide_alpha(colours, matte)
        return estimate_foreground(colours, alpha), alpha

    found = {
        "ours": ours,
        "undecided": lambda colours, matte: (estimate_foreground(colours, matte), matte),
        "photograph": lambda colours, matte: (colours, matte),
    }
    try:
        from pymatting import estimate_foreground_ml
    except ImportError:
        return found

    def multi_level(colours, matte):
        estimated = estimate_foreground_ml(colours, matte)
        return np.where(matte[..., None] == 1, colours, estimated).astype(np.float32).clip(0, 1), matte

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


def errors(cutout, half, alpha, foreground, background, another):
    """Return the errors of one picture's cutout, over the pixels that are half transparent."""
    (colours, opacity), found = cutout, []
    for behind in (np.ones((1, 1, 3)), np.full((1, 1, 3), 0.5), np.zeros((1, 1, 3)), another):
        right = lay_over(foreground, alpha, behind)[half]
        off, old = lay_over(colours, opacity, behind)[half] - right, background[half] - right
        seen = np.abs(off).max(axis=-1) > 0.1
        along = (off * old).sum(axis=-1) > 0.7 * np.linalg.norm(off, axis=-1) * np.linalg.norm(old, axis=-1)
        found.append([np.abs(off).mean(), seen.mean(), (seen & along).mean()])
    return [np.abs(opacity - alpha)[half].mean(), *np.mean(found, axis=0)]


def main(_):
    record, model, compared = describe_run(), load_matting("small"), methods()
    found: dict[tuple[str, str], list] = {}
    pictures = list(compositions(Path(os.environ["A2U_DATA_DIR"]), _SIDE.value))
    for number, (photograph, alpha, foreground, background) in enumerate(pictures):
        another = pictures[number - 1][-1]
        colours = photograph / np.float32(255)
        mattes = {f"band {x}": predict_alpha(model, photograph, trimap_from_mask(alpha, x)) for x in _BANDS.value}
        for kind, matte in {"true": alpha, **mattes}.items():
            half = ((alpha > 0.05) & (alpha < 0.95)) | ((matte > 0.05) & (matte < 0.95))
            for name, cut in compared.items():
                row = errors(cut(colours, matte), half, alpha, foreground, background, another)
                found.setdefault((name, kind), []).append(row)
    steps = {name: lambda x, cut=cut: cut(*x) for name, cut in compared.items()}
    rows = compare_steps(steps, (colours, matte), _ROUNDS.value, "ours")
    for row in rows:
        for name, kind in found:
            if name == row["side"]:
                row[kind] = dict(zip(ERRORS, np.round(np.mean(found[name, kind], axis=0), 4).tolist(), strict=True))
                print(f"{name:12}{kind:8}", row[kind])
    settings = {"side": _SIDE.value, "bands": _BANDS.value, "pictures": len(pictures)}
    write_json(_OUTPUT.value, {**record, **settings, "results": rows})


if __name__ == "__main__":
    app.run(main)
