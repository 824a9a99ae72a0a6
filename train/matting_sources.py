"""What a matting training is fed with and validated on, by the words of its flags.

Environment variables in folders are filled in here, so that the settings of a run hold on another machine, too.
"""

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from a2u_tf.matting.data import MixedSource, PictureSource, RecolouredSource, Source
from a2u_tf.matting.data.pipeline import MakeSample
from a2u_tf.matting.data.synthetic import SyntheticSource
from a2u_tf.matting.evaluation import LAYOUTS, FilePictures, ValidationPicture, held_out_pictures, images_of_layout
from a2u_tf.matting.pictures import layouts

FOREGROUNDS = {
    "composition_1k": layouts.composition_1k_training,
    "distinctions_646": layouts.distinctions_646_training,
    "rgba": layouts.rgba_foregrounds,
    "mattes": layouts.rgba_foregrounds,
}
HELD_OUT_PICTURES = 16
MIN_SYNTHETIC = 512  # side in pixels; the chain enlarges smaller pictures until pixels show


def make_source(words: Iterable[str], backgrounds: Sequence[str], crop_size: int) -> Source:
    """Build the source of a training.

    Args:
        words: List of `KIND[=FOLDER][*WEIGHT]`: `synthetic`, or `composition_1k`, `distinctions_646`, `rgba` (pictures
            with an alpha channel) or `mattes` (the same, but only alpha is taken), each with its folder. The weight, 1
            by default, tells how often foregrounds come from it.
        backgrounds: List of `FOLDER[*WEIGHT]`, of background pictures, or of `synthetic` alone, for procedural ones.
            Empty where all foregrounds are `synthetic`, which bring them along.
        crop_size: Side in pixels of the samples; synthetic pictures are at least as large.

    Raises:
        ValueError: For words that are not understood, and for damaged pictures.
        FileNotFoundError: For folders that are missing.
    """
    behind, shares = _backgrounds(backgrounds, crop_size)
    sources: list[Source] = []
    weights = []
    for word in words:
        kind, folder, weight = _parse(word)
        if kind == "synthetic" and folder is None:
            sources.append(_synthetic(crop_size))
        elif kind not in FOREGROUNDS or folder is None:
            known = ", ".join(["synthetic", *(f"{name}=FOLDER" for name in FOREGROUNDS)])
            raise ValueError(f"A source is one of: {known}; *WEIGHT may follow. Received: {word!r}")
        elif not backgrounds:
            raise ValueError(
                f"The source {word!r} needs pictures to stand before: give their folder, --backgrounds, or "
                "--backgrounds=synthetic"
            )
        else:
            make = RecolouredSource if kind == "mattes" else PictureSource
            sources.append(make(FOREGROUNDS[kind](os.path.expandvars(folder)), behind, shares))
        weights.append(weight)
    return sources[0] if len(sources) == 1 else MixedSource(sources, weights)


def make_validation(word: str, crop_size: int, make_sample: MakeSample) -> list[ValidationPicture] | FilePictures:
    """Return the validation pictures: `synthetic` ones, composed as the samples, or those of `LAYOUT=FOLDER`.

    Raises:
        ValueError: For a word that is not understood, and for damaged pictures.
        FileNotFoundError: For folders that are missing.
    """
    kind, _, folder = word.partition("=")
    if kind == "synthetic" and not folder:
        return held_out_pictures(_synthetic(crop_size), HELD_OUT_PICTURES, crop_size, make_sample)
    if kind not in LAYOUTS or not folder:
        known = ", ".join(["synthetic", *(f"{name}=FOLDER" for name in LAYOUTS)])
        raise ValueError(f"--validation is one of: {known}. Received: {word!r}")
    images = images_of_layout(kind, os.path.expandvars(folder))
    hidden = [image.name for image in images if image.alpha is None]
    if hidden:
        raise FileNotFoundError(f"{folder} has no true mattes to validate with, of {hidden[0]} for one.")
    return FilePictures(images)


def _backgrounds(words: Sequence[str], crop_size: int) -> tuple[Source | list[Path], list[float] | None]:
    """Return what backgrounds are drawn from, and their weights where that are files."""
    if list(words) == ["synthetic"]:
        return _synthetic(crop_size), None
    paths: list[Path] = []
    weights: list[float] = []
    for word in words:
        folder, weight = _weighed(word)
        if folder == "synthetic":
            raise ValueError(
                "--backgrounds=synthetic goes with no other. Draw a folder of them: python -m train.draw_pictures "
                f"--kind=backgrounds. Received: {list(words)}"
            )
        found = layouts.background_pictures(os.path.expandvars(folder))
        paths += found
        weights += [weight / len(found)] * len(found)
    return paths, weights


def _synthetic(crop_size: int) -> SyntheticSource:
    return SyntheticSource(max(crop_size, MIN_SYNTHETIC))


def _parse(word: str) -> tuple[str, str | None, float]:
    """`KIND[=FOLDER][*WEIGHT]` in its parts."""
    rest, weight = _weighed(word)
    kind, equals, folder = rest.partition("=")
    return kind, folder if equals else None, weight


def _weighed(word: str) -> tuple[str, float]:
    """`WORD[*WEIGHT]` in its parts."""
    rest, star, number = word.rpartition("*")
    try:
        weight = float(number) if star else 1.0
    except ValueError:
        weight = 0
    if not weight > 0:
        raise ValueError(f"A weight, behind a *, is a number above 0. Received: {word!r}")
    return (rest if star else word), weight
