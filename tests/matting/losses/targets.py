"""Random targets and predictions."""

import numpy as np


def make_target(rng, shape):
    """Return a float32 target `(*shape, 11)` whose picture is not quite what its parts compose."""
    target = rng.uniform(size=(*shape, 11)).astype("float32")
    target[..., 1] = rng.uniform(size=shape) < 0.6
    return target


def make_prediction(rng, shape):
    """Return a raw matte `(*shape, 1)`, some of it outside [0, 1]."""
    return rng.uniform(-0.2, 1.2, size=(*shape, 1)).astype("float32")


def composed(target):
    """Return the target with the picture that alpha, foreground and background compose."""
    target = np.array(target)
    alpha = target[..., :1]
    target[..., 8:11] = alpha * target[..., 2:5] + (1 - alpha) * target[..., 5:8]
    return target
