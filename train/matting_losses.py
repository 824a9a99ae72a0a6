"""The losses that `train.matting` knows by name."""

from collections.abc import Callable, Iterable

import keras

from a2u_tf.matting import losses

LOSSES: dict[str, Callable[[], keras.losses.Loss]] = {
    "alpha": losses.AlphaLoss,
    "composition": losses.CompositionLoss,
    "laplacian": losses.LaplacianLoss,
    "gradient": losses.GradientLoss,
}


def make_loss(words: Iterable[str]) -> keras.losses.Loss:
    """Return the loss of a list of `NAME:WEIGHT`.

    Raises:
        ValueError: For other words.
    """
    parts: list[keras.losses.Loss] = []
    weights = []
    for word in words:
        name, _, weight = word.partition(":")
        try:
            number = float(weight)
        except ValueError:
            number = None
        if name not in LOSSES or number is None:
            raise ValueError(f"--loss takes NAME:WEIGHT, with names of {tuple(LOSSES)}. Received: {word!r}")
        parts.append(LOSSES[name]())
        weights.append(number)
    return losses.WeightedSum(parts, weights)
