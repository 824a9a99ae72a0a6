"""A small U-Net finds strands, leaves and nets in drawn pictures, with any upsampling of a2u_tf in its decoder.

    python -m examples.thin_structures --upsampling=a2u --seed=0              # trains one network, prints its figures
    python -m examples.thin_structures --upsampling=bilinear --output=results/thin_structures

What a thing is shows in its structure, never in its colour, so deep layers have to say it; where its edge runs, only
the finest ones know. Settings are chosen by the validation pictures, methods compared on the test pictures.
docs/your_model.md reads the results.
"""

import shlex
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import keras
import numpy as np
from absl import app, flags

from a2u_tf.complexity import network_cost
from a2u_tf.files import versions, write_json, write_png
from a2u_tf.layers import GUIDED, UPSAMPLERS, make_upsampler
from a2u_tf.layers.a2u_kernels import NORMALIZATIONS

CLASSES = ("strands", "leaves", "nets")  # 1, 2 and 3 in the labels; 0 is the ground
SIDE, FINE = 64, 4  # pixels of a picture, and how many times as fine it is drawn
WIDTHS = (8, 16, 32, 64, 64)  # of the levels, the finest first
BATCH = 4
EVALUATED = 300  # pictures for validation, and as many for the test
SHOWN = 12  # test pictures whose answers are drawn
COLOURS = np.array([(24, 24, 24), (230, 80, 60), (80, 200, 80), (70, 120, 240)], np.uint8)  # RGB, by label
SEEDS = {"training": 1, "validation": 2, "test": 3}
OPTIONS = ("kernel_size", "encoding_size", "rank", "normalization", "projection_initializer")  # of A2U, if set


# The pictures


def strands(rng: np.random.Generator, canvas: np.ndarray) -> None:
    """Bent lines that spread from one place."""
    root, towards = rng.uniform(0, canvas.shape[0], 2), rng.uniform(0, 2 * np.pi)
    t = np.linspace(0, 1, 16)
    for _ in range(rng.integers(5, 10)):
        angles = towards + rng.normal(0, 0.4) + rng.normal(0, 1.2) * t
        steps = np.stack([np.cos(angles), np.sin(angles)], 1) * rng.uniform(0.5, 1) * canvas.shape[0] / len(t)
        points = root + rng.normal(0, 12, 2) + np.cumsum(steps, 0)
        cv2.polylines(canvas, [np.rint(points).astype(np.int32)], False, 255, int(rng.integers(4, 9)))


def leaves(rng: np.random.Generator, canvas: np.ndarray) -> None:
    """Narrow blades, pointed at both ends."""
    t = np.linspace(0, 1, 12)
    for _ in range(rng.integers(4, 9)):
        angle, length = rng.uniform(0, 2 * np.pi), rng.uniform(50, 110)
        half = rng.uniform(0.06, 0.14) * np.sin(np.pi * t)
        blade = np.concatenate([np.stack([t, half], 1), np.stack([t, -half], 1)[::-1]]) * length
        turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
        points = blade @ turn + rng.uniform(0, canvas.shape[0], 2)
        cv2.fillPoly(canvas, [np.rint(points).astype(np.int32)], 255)


def nets(rng: np.random.Generator, canvas: np.ndarray) -> None:
    """A round piece of a mesh."""
    x, y = rng.uniform(0, canvas.shape[0], 2).astype(int).tolist()
    radius, angle, mesh = int(rng.integers(50, 90)), rng.uniform(0, np.pi), rng.uniform(26, 44)
    thickness = int(rng.integers(4, 8))
    for direction in (angle, angle + np.pi / 2):
        along, across = (
            np.array([np.cos(direction), np.sin(direction)]),
            np.array([-np.sin(direction), np.cos(direction)]),
        )
        for offset in np.arange(-radius, radius, mesh):
            ends = (x, y) + across * offset + np.outer((-1, 1), along) * np.sqrt(radius**2 - offset**2)
            cv2.polylines(canvas, [np.rint(ends).astype(np.int32)], False, 255, thickness)


def draw_picture(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Draw a picture, uint8 RGB, and the label of each pixel: the class that covers most of it, or 0."""
    ground = sum(
        cv2.resize(rng.normal(0, gain, (cells, cells, 3)), (SIDE, SIDE), interpolation=cv2.INTER_CUBIC)
        for cells, gain in ((3, 30), (8, 15), (24, 8))
    )
    picture, label = 128 + ground, np.zeros((SIDE, SIDE), np.uint8)
    for number in rng.permutation(len(CLASSES))[: rng.integers(1, 4)]:
        canvas = np.zeros((SIDE * FINE, SIDE * FINE), np.uint8)
        (strands, leaves, nets)[number](rng, canvas)
        alpha = cv2.resize(canvas, (SIDE, SIDE), interpolation=cv2.INTER_AREA)[..., None] / 255
        picture = alpha * rng.uniform(0, 255, 3) + (1 - alpha) * picture
        label[alpha[..., 0] > 0.5] = 1 + number
    noisy = picture + rng.normal(0, 4, picture.shape)
    return np.rint(noisy.clip(0, 255)).astype(np.uint8), label


def draw_pictures(part: str, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Return `count` pictures `(N, H, W, 3)` of a part and their labels `(N, H, W)`, always the same ones."""
    drawn = [draw_picture(np.random.default_rng([SEEDS[part], index])) for index in range(count)]
    pictures, labels = zip(*drawn, strict=True)
    return np.stack(pictures), np.stack(labels)


# The network


def convolve(x: Any, filters: int) -> Any:
    x = keras.layers.Conv2D(filters, 3, padding="same", use_bias=False)(x)
    return keras.layers.ReLU()(keras.layers.BatchNormalization(momentum=0.9)(x))


def unet(upsample: Callable[[Any, Any], Any], skips: int = len(WIDTHS) - 1) -> keras.Model:
    """Return a U-Net from pictures to a logit for each class and the ground.

    The decoder reads the encoder's features on the `skips` coarsest levels. On the finer ones, what the encoder knows
    of places reaches it by `upsample(x, feature)` alone.
    """
    image = keras.Input((SIDE, SIDE, 3))
    x = keras.layers.Rescaling(1 / 127.5, -1)(image)
    features = []
    for filters in WIDTHS[:-1]:
        features.append(convolve(x, filters))
        x = keras.layers.MaxPooling2D(2)(features[-1])
    x = convolve(x, WIDTHS[-1])
    for level, feature in enumerate(reversed(features)):
        x = upsample(x, feature)
        if level < skips:
            x = keras.layers.Concatenate()([x, feature])
        x = convolve(x, feature.shape[-1])
    return keras.Model(image, keras.layers.Conv2D(1 + len(CLASSES), 1)(x))


def upsampling(name: str, **options: Any) -> Callable[[Any, Any], Any]:
    """Return what a decoder calls with the map to enlarge and the encoder's feature of twice its size."""

    def upsample(x: Any, feature: Any) -> Any:
        layer = make_upsampler(name, **options)
        return layer(x, feature) if name in GUIDED else layer(x)

    return upsample


# The measures


def boundary(mask: np.ndarray) -> np.ndarray:
    """Return the pixels of a mask that have one of their four neighbours outside of it; the rim has none there."""
    cross = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))
    return mask & (cv2.erode(mask.astype(np.uint8), cross, borderType=cv2.BORDER_REPLICATE) == 0)


def measure(predicted: np.ndarray, labels: np.ndarray) -> dict[str, float]:
    """Return the means over the classes of IoU and of boundary IoU, over all pixels of all pictures `(N, H, W)`.

    Boundary IoU (Cheng et al., CVPR 2021) compares only the pixels along the edge inside of each mask, here one wide.
    """
    figures: dict[str, list[float]] = {"iou": [], "boundary_iou": []}
    for number in range(1, 1 + len(CLASSES)):
        pairs = [(p == number, t == number) for p, t in zip(predicted, labels, strict=True)]
        figures["iou"].append(_iou(pairs))
        figures["boundary_iou"].append(_iou([(boundary(p), boundary(t)) for p, t in pairs]))
    return {name: float(np.mean(values)) for name, values in figures.items()}


def evaluate(model: keras.Model, part: str) -> dict[str, float]:
    """Return `measure` of what a network predicts for the pictures of a part."""
    pictures, labels = draw_pictures(part, EVALUATED)
    return measure(model.predict(pictures, verbose=0).argmax(-1), labels)


def _iou(pairs: list[tuple[np.ndarray, np.ndarray]]) -> float:
    return sum(int((p & t).sum()) for p, t in pairs) / max(1, sum(int((p | t).sum()) for p, t in pairs))


# The training


def compiled(model: keras.Model, learning_rate: Any) -> keras.Model:
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(learning_rate), loss, jit_compile=False)
    model.optimizer.build(model.trainable_variables)  # in the first step it would have all of it traced twice
    return model


def train(
    upsample: Callable[[Any, Any], Any], skips: int, seed: int, epochs: int, pictures: int, learning_rate: float
) -> keras.Model:
    """Return the trained network."""
    keras.utils.set_random_seed(seed)
    schedule = keras.optimizers.schedules.CosineDecay(learning_rate, epochs * pictures // BATCH)
    model = compiled(unet(upsample, skips), schedule)
    model.fit(*draw_pictures("training", pictures), batch_size=BATCH, epochs=epochs, verbose=2)
    return model


def run(name: str, options: dict[str, Any], settings: dict[str, Any]) -> tuple[keras.Model, dict[str, Any]]:
    """Train by the settings, arguments of `train`; return the network, and what is measured of it and what it costs."""
    model = train(upsampling(name, **options), **settings)
    backbone, operators = network_cost(model)
    return model, {
        "settings": {"upsampling": name, **options, **settings},
        "metrics": {part: evaluate(model, part) for part in ("validation", "test")},
        "parameters": model.count_params(),
        "macs": backbone + operators.macs,
        "versions": versions(),
    }


def main(argv: list[str]) -> None:
    if len(argv) > 1:
        raise app.UsageError(f"Unknown arguments: {argv[1:]}")
    values = flags.FLAGS.flag_values_dict()
    options = {name: values[name] for name in OPTIONS if values[name] is not None}
    settings = {name: values[name] for name in ("skips", "seed", "epochs", "pictures", "learning_rate")}
    start = time.perf_counter()
    model, record = run(values["upsampling"], options, settings)
    print(f"{record['parameters']:,} parameters, {time.perf_counter() - start:.0f} s")
    for part, figures in record["metrics"].items():
        print(part, *(f"{name} {value:.4f}" for name, value in figures.items()))
    if values["output"]:
        command = shlex.join(["python", "-m", "examples.thin_structures", *sys.argv[1:]])
        words = [values["upsampling"], *options.values(), "skips", values["skips"], "seed", values["seed"]]
        path = Path(values["output"]) / "-".join(map(str, words))
        write_json(path.with_suffix(".json"), {"command": command, **record})
        answers = model.predict(draw_pictures("test", SHOWN)[0], verbose=0).argmax(-1)
        write_png(path.with_suffix(".png"), np.concatenate(COLOURS[answers], axis=1))


if __name__ == "__main__":
    flags.DEFINE_enum("upsampling", "a2u", UPSAMPLERS, "Method, see docs/methods.md.")
    flags.DEFINE_integer("kernel_size", None, "Side of A2U's upsampling kernels, odd. Default: 3.")
    flags.DEFINE_integer("encoding_size", None, "Side of A2U's encoding filters. Default: 6.")
    flags.DEFINE_integer("rank", None, "Of A2U's affinity. Default: 1.")
    flags.DEFINE_enum("normalization", None, NORMALIZATIONS, "Of A2U's upsampling kernels. Default: auto.")
    flags.DEFINE_string("projection_initializer", None, "Of A2U's projections to kernels. Default: released.")
    flags.DEFINE_integer(
        "skips", len(WIDTHS) - 1, "Levels, coarsest first, on which the decoder reads the encoder.", 0, len(WIDTHS) - 1
    )
    flags.DEFINE_integer("seed", 0, "Seed of the weights and of the order of the pictures.")
    flags.DEFINE_integer("epochs", 3, "Times that all pictures are seen.", lower_bound=1)
    flags.DEFINE_integer("pictures", 2000, "Pictures to train on.", lower_bound=BATCH)
    flags.DEFINE_float("learning_rate", 4e-3, "Of Adam, at the start; it falls to 0 along a cosine.")
    flags.DEFINE_string("output", None, "Folder for a JSON file of the run and a PNG file of answers.")
    app.run(main)
