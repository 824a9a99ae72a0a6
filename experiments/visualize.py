"""Look into the upsampling kernels of a trained network, beside those of the same network with fresh weights.

    python -m experiments.visualize --run_dir=runs/RUN --data_dir=DATA --show=1 --pixels=9,12 --output=kernels
    python -m experiments.visualize --model=runs/RUN/best.keras --image=photo.jpg --trimap=trimap.png --output=kernels

Writes kernels_NUMBER.png, maps of all levels, for each picture of --show; with --pixels also pixels_NUMBER.png, the
kernels of these pixels in numbers; and kernels.json: how far the kernels are from a plain average, and by how much
training changed them, on boundaries and in flat regions of all the pictures. A digit network takes a data set or any
pictures, which are resized to what it was built for; a matting network takes pictures and their trimaps, and shows them
padded to multiples of 16.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import cv2
import keras
import numpy as np
from absl import app, flags

import a2u_tf  # noqa: F401  (Keras finds the classes of a saved model where they are registered)
from a2u_program.streams import forgiving_streams
from a2u_tf.files import check_not_inputs, markdown_table, versions, write_json, write_png
from a2u_tf.matting import MattingModel
from a2u_tf.matting.network.model import colours_of, framed
from a2u_tf.matting.network.network import STRIDE
from a2u_tf.matting.pictures import read_rgb, read_trimap
from a2u_tf.matting.weights.loading import read_model
from a2u_tf.types import Array
from a2u_tf.visualization import KernelMap, kernel_maps, kernel_sheet, pixel_sheet, untrained
from experiments.boundaries import BOUNDARY, FLAT, change, regions, summarize
from train.reconstruction import DATASETS, Settings, load_images, make_model
from train.run_folder import command_line

Batch = tuple[Array, Array]  # pictures to show, and what the network is called with
Maps = Mapping[str, Sequence[KernelMap]]  # of each model
Figures = dict[str, dict[str, dict[str, Any]]]  # of each level, by what they are of


def network_of(model: keras.Model, path: Path | str) -> keras.Model:
    """Return the functional network of a model.

    Raises:
        ValueError: Where it takes neither pictures nor pictures with trimaps.
    """
    network = model.network if isinstance(model, MattingModel) else model
    shape = getattr(network, "input_shape", None)
    if not isinstance(shape, tuple) or len(shape) != 4 or shape[-1] not in (1, 3, 4):
        raise ValueError(
            "Expected a network that takes pictures of 1 or 3 channels, or 4 with the trimap. Received: "
            f"{type(network).__name__} in {path}, input shape {shape}"
        )
    return network


def data_set_batches(network: keras.Model, dataset: str, data_dir: str | None, count: int) -> list[Batch]:
    """Return the first pictures of a test set, as `read_batches` does."""
    _, test = load_images(Settings(dataset=dataset, limit_train=1), data_dir)
    if any(size not in (None, n) for size, n in zip(network.input_shape[1:], test.shape[1:], strict=True)):
        raise ValueError(f"Pictures of {dataset} are {test.shape[1:]}, the network takes {network.input_shape[1:]}")
    return [(test[:count], test[:count])]


def read_batches(network: keras.Model, images: Sequence[str], trimaps: Sequence[str]) -> list[Batch]:
    """Return pictures from files as batches of one.

    Returns:
        List of pairs: floats `(1, H, W, 1 or 3)` in [0, 1] to show, and what the network is called with.

    Raises:
        ValueError: Where trimaps are missing or superfluous, or a picture and its trimap differ in size.
        OSError: Where a file cannot be opened.
    """
    height, width, channels = network.input_shape[1:]
    if len(trimaps) != (len(images) if channels == 4 else 0):
        raise ValueError(
            f"Expected {'one --trimap for each --image' if channels == 4 else 'no --trimap for this network'}. "
            f"Received: {len(images)} pictures and {len(trimaps)} trimaps"
        )
    batches: list[Batch] = []
    for number, path in enumerate(images):
        image = read_rgb(path)
        if channels == 4:
            trimap = read_trimap(trimaps[number]).levels
            if trimap.shape != image.shape[:2]:
                raise ValueError(f"Sizes differ: {path} {image.shape[:2]}, {trimaps[number]} {trimap.shape}")
            inputs = np.asarray(framed(image[None], trimap[None, ..., None], STRIDE))
            batches.append((colours_of(inputs), inputs))
            continue
        image = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)[..., None] if channels == 1 else image
        size = width or image.shape[1], height or image.shape[0]
        picture = cv2.resize(image, size, interpolation=cv2.INTER_AREA).reshape(1, *size[::-1], -1)
        batches.append(((picture / 255).astype(np.float32),) * 2)
    return batches


def figures_of(batches: Sequence[Batch], maps: Sequence[Maps]) -> Figures:
    """Return `summarize` of each level: of the kernels of each model, and of their change by training.

    Args:
        batches: List of pairs as `read_batches` returns it.
        maps: For each batch a dict of lists of `KernelMap`, `untrained` and `trained`.

    Returns:
        Dict from names of levels to dicts of figures: `untrained` and `trained`, of `deviation`, or, where a kernel is
        a single tap, of its weight; and `change`.
    """
    figures: Figures = {}
    for position, level in enumerate(maps[0]["trained"]):
        parts: dict[str, dict[str, list[Array]]] = {name: {} for name in ("untrained", "trained", "change")}
        for (pictures, _), models in zip(batches, maps, strict=True):
            before, after = models["untrained"][position], models["trained"][position]
            values = {"untrained": _height(before), "trained": _height(after), "change": change(before, after)}
            for region, mask in regions(pictures, after).items():
                for name, value in values.items():
                    parts[name].setdefault(region, []).append(value[mask])
        figures[level.name] = {
            name: summarize({region: np.concatenate(part) for region, part in of_region.items()})
            for name, of_region in parts.items()
        }
    return figures


def _height(level: KernelMap) -> Array:
    """By what a kernel stands out: its deviation from a plain average, or the weight of its only tap."""
    return level.deviation() if level.kernel_size > 1 else np.asarray(level.weights.mean(axis=(3, 4, 5)))


def draw(
    batches: Sequence[Batch], maps: Sequence[Maps], shown: Sequence[int], pixels: Sequence[tuple[int, int]]
) -> dict[str, Array]:
    """Return a dict from names of files to sheets, RGB.

    Raises:
        ValueError: Where a shown picture is missing or a pixel lies outside.
    """
    places = [(batch, number) for batch, (pictures, _) in enumerate(batches) for number in range(len(pictures))]
    if outside := [number for number in shown if not 0 <= number < len(places)]:
        raise ValueError(f"Expected --show from 0 to {len(places) - 1}. Received: {outside}")
    sheets = {}
    for name in shown:
        batch, number = places[name]
        pictures = batches[batch][0]
        sheets[f"kernels_{name}.png"] = kernel_sheet(pictures, maps[batch], number)
        if pixels:
            sheets[f"pixels_{name}.png"] = pixel_sheet(pictures, maps[batch], pixels, number)
    return sheets


def parse_pixels(texts: Sequence[str]) -> list[tuple[int, int]]:
    """Turn `["9,12"]` into `[(9, 12)]`."""
    try:
        return [(int(y), int(x)) for y, x in (text.split(",") for text in texts)]
    except ValueError as error:
        raise ValueError(f"Expected --pixels=Y,X with two integers, once for each pixel. Received: {texts}") from error


def run(values: flags.FlagValues, command: str | None = None) -> dict[str, Any]:
    """Do what the flags say; returns the content of kernels.json."""
    if (values.model is None) == (values.run_dir is None):
        raise ValueError("Give either --model or --run_dir.")
    pixels = parse_pixels(values.pixels)
    dataset, path, settings = values.dataset, values.model, None
    if path is None:
        path = Path(values.run_dir) / "model.keras"
        settings = Settings(**json.loads((Path(values.run_dir) / "settings.json").read_text()))
        dataset = dataset or (None if values.image else settings.dataset)
    if bool(values.image) == bool(dataset):
        raise ValueError(f"Give either --image or --dataset. Received: image={values.image}, dataset={dataset}")
    network = network_of(read_model(path), path)
    if dataset is None:
        batches = read_batches(network, values.image, values.trimap)
    else:
        batches = data_set_batches(network, dataset, values.data_dir, values.pictures)
    fresh = make_model(settings, 1) if settings else untrained(network, values.seed)
    maps = [{"untrained": kernel_maps(fresh, x), "trained": kernel_maps(network, x)} for _, x in batches]
    sheets = draw(batches, maps, values.show, pixels)
    outputs = {name: Path(values.output) / name for name in sheets}
    check_not_inputs(outputs.values(), [*values.image, *values.trimap])
    for name, sheet in sheets.items():
        write_png(outputs[name], sheet)
    content = {
        "command": command,
        "pictures": sum(len(pictures) for pictures, _ in batches),
        "gradient": {"boundary": BOUNDARY, "flat": FLAT},
        "levels": figures_of(batches, maps),
        "versions": versions(),
    }
    write_json(Path(values.output) / "kernels.json", content)
    return content


def table(levels: Figures) -> list[list[str]]:
    """Return the header and the rows of the figures of `figures_of`, as texts."""
    names = ("boundary", "flat", "edge")
    rows = [["kernels", "of", *names, "boundary / flat", "boundary above flat"]]
    for level, models in levels.items():
        for name, figures in models.items():
            means = [_rounded(figures[region]["mean"], 4) for region in names]
            shares = [_rounded(figures[key], 2) for key in ("boundary_over_flat", "boundary_above_flat")]
            rows.append([level, name, *means, *shares])
    return rows


def _rounded(value: float | None, digits: int) -> str:
    return "-" if value is None else f"{value:.{digits}f}"


@forgiving_streams()
def main(argv: list[str]) -> None:
    if len(argv) > 1:
        raise app.UsageError(f"Unknown arguments: {argv[1:]}")
    try:
        content = run(flags.FLAGS, command_line("experiments.visualize"))
    except (ValueError, OSError) as error:
        raise SystemExit(f"error: {error}") from error
    print(markdown_table(table(content["levels"]), [False, False, True, True, True, True, True]))


if __name__ == "__main__":
    flags.DEFINE_string("model", None, "Saved A2U network for digits or matting (.keras).")
    flags.DEFINE_string("run_dir", None, "Finished run folder of train.reconstruction, instead of --model.")
    flags.DEFINE_enum("dataset", None, DATASETS, "Test set to show and measure. Default: that of --run_dir.")
    flags.DEFINE_string("data_dir", None, "Folder with mnist/ and fashion_mnist/. Default: $A2U_DATA_DIR.")
    flags.DEFINE_integer("pictures", 200, "Measure the first N pictures of the data set.", lower_bound=1)
    flags.DEFINE_multi_string("image", [], "Picture file, instead of --dataset; once for each.")
    flags.DEFINE_multi_string("trimap", [], "Its trimap, for a matting network; once for each picture.")
    flags.DEFINE_multi_integer("show", [0], "Number of a picture to draw, from 0; once for each.")
    flags.DEFINE_multi_string("pixels", [], "Y,X of a pixel whose kernels are shown in numbers; once for each.")
    flags.DEFINE_integer(
        "seed", 0, "Of the fresh weights beside --model; a run is shown beside its own start.", 0, 2**32 - 1
    )
    flags.DEFINE_string("output", None, "Folder to write to.", required=True)
    app.run(main)
