"""The losses that `train.matting` knows by name."""

import keras

from a2u_tf.matting import losses

LOSSES = {
    "alpha": losses.AlphaLoss,
    "composition": losses.CompositionLoss,
    "laplacian": losses.LaplacianLoss,
    "gradient": losses.GradientLoss,
}


def make_loss(words):
    """Return the loss of a list of `NAME:WEIGHT`.

    Raises:
        ValueError: For other words.
    """
    parts: list[keras.losses.Loss] = []
    weights: list[float | None] = []
    for word in words:
        name, _, weight = word.partition(":")
        try:
            weights.append(float(weight))
        except ValueError:
            weights.append(None)
        if name not in LOSSES or weights[-1] is None:
            raise ValueError(f"--loss takes NAME:WEIGHT, with names of {tuple(LOSSES)}. Received: {word!r}")
        parts.append(LOSSES[name]())
    return losses.WeightedSum(parts, weights)
