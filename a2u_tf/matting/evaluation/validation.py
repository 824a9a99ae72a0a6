"""Validation by the field's protocol while a matting network trains."""

import dataclasses
from collections.abc import Callable, Iterable, Iterator
from typing import TypeAlias

import keras
import numpy as np

from a2u_tf.matting.conventions import MEAN, STANDARD_DEVIATION
from a2u_tf.matting.data import Source, training_sample
from a2u_tf.matting.data.pipeline import MakeSample
from a2u_tf.matting.evaluation.files import true_levels
from a2u_tf.matting.evaluation.protocol import evaluate, mean
from a2u_tf.matting.network.model import MattingModel
from a2u_tf.matting.pictures import EvaluationImage, read_rgb, read_trimap
from a2u_tf.matting.prediction import predict_alpha
from a2u_tf.types import Array

HELD_OUT = 2**40  # beyond any seed of a training


@dataclasses.dataclass(frozen=True)
class ValidationPicture:
    """A picture whose matte is known: RGB `(H, W, 3)`, trimap and true matte `(H, W)`, all uint8."""

    name: str
    image: Array
    trimap: Array
    target: Array


# Pictures and their predicted mattes, uint8 of shape (H, W).
Shown: TypeAlias = list[tuple[ValidationPicture, Array]]


def held_out_pictures(
    source: Source, count: int, size: int, make_sample: MakeSample = training_sample
) -> list[ValidationPicture]:
    """Compose validation pictures of a side in pixels by the chain of the training, with other random numbers.

    The source, an `a2u_tf.matting.data.Source`, is endless, as `SyntheticSource`, or else of pictures that no training
    sees. The chain is `training_sample` or `photographic_sample`.
    """
    pictures: list[ValidationPicture] = []
    number = -1
    while len(pictures) < count:
        number += 1
        network_input, target = make_sample(source, np.random.default_rng([HELD_OUT, number]), size)
        colours = network_input[..., :3] * np.array(STANDARD_DEVIATION) + np.array(MEAN)
        image, alpha, trimap = (
            np.rint(255 * x).astype(np.uint8) for x in (colours, target[..., 0], network_input[..., 3])
        )
        if trimap.any():  # in one of background alone there is nothing to predict
            pictures.append(ValidationPicture(f"held_out_{number:03}", image, trimap, alpha))
    return pictures


class FilePictures:
    """Validation pictures that are read each time they are asked for, from a list of `EvaluationImage`."""

    def __init__(self, images: Iterable[EvaluationImage]) -> None:
        self.images = list(images)

    def __len__(self) -> int:
        return len(self.images)

    def __iter__(self) -> Iterator[ValidationPicture]:
        for image in self.images:
            if image.image is None:
                raise ValueError(f"Validation needs the picture of an image. Received: {image}")
            trimap = read_trimap(image.trimap).levels
            yield ValidationPicture(image.name, read_rgb(image.image), trimap, true_levels(image))


def validate(
    model: MattingModel, pictures: Iterable[ValidationPicture], shown: int = 0
) -> tuple[dict[str, float], Shown]:
    """Predict and evaluate: the means of `evaluate` over the pictures, and the first `shown` predictions.

    The latter are a list of pairs of a `ValidationPicture` and its predicted matte, uint8 of shape `(H, W)`.
    """
    rows: list[dict[str, float]] = []
    predictions: Shown = []
    for picture in pictures:
        prediction = np.rint(255 * predict_alpha(model, picture.image, picture.trimap)).astype(np.uint8)
        rows.append(evaluate(prediction, picture.target, picture.trimap))
        if len(predictions) < shown:
            predictions.append((picture, prediction))
    return {name: mean(row[name] for row in rows) for name in rows[0]}, predictions


class ProtocolValidation(keras.callbacks.Callback):
    """Adds `val_sad`, `val_mse`, `val_grad` and `val_conn` to the logs of an epoch, and shows some mattes.

    Put it before the callbacks that read the logs.

    Args:
        model: `a2u_tf.matting.MattingModel` around the network that is trained.
        pictures: `ValidationPicture`s, a list or a `FilePictures`.
        show: Function of the epoch, counted from 1, and the predictions of `validate`.
        shown: How many predictions it gets.
    """

    def __init__(
        self,
        model: MattingModel,
        pictures: Iterable[ValidationPicture],
        show: Callable[[int, Shown], None] | None = None,
        shown: int = 6,
    ) -> None:
        super().__init__()
        self.matting = model
        self.pictures = pictures
        self.show = show
        self.shown = shown if show else 0

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        errors, predictions = validate(self.matting, self.pictures, self.shown)
        if logs is not None:
            logs.update({f"val_{name}": value for name, value in errors.items()})
        if self.show:
            self.show(epoch + 1, predictions)
