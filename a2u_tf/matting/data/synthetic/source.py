"""The source: an endless series of foregrounds with their mattes, and of backgrounds."""

import math

import cv2
import numpy as np
from numpy.random import Generator

from a2u_tf.matting.data.synthetic import backgrounds, bodies, fabrics, hair, layers, plants, smoke
from a2u_tf.types import Array

MIN_SIZE = 64

# What is drawn, and how often. Hair and fur lead, as in the matting benchmarks.
KINDS = {
    "hair": (hair.hair, 0.24),
    "fur": (hair.fur, 0.20),
    "plant": (plants.plant, 0.13),
    "objects": (bodies.objects, 0.10),
    "wicker": (bodies.wicker, 0.05),
    "lace": (fabrics.lace, 0.05),
    "net": (fabrics.net, 0.05),
    "veil": (fabrics.veil, 0.05),
    "bubbles": (smoke.bubbles, 0.03),
    "glass": (smoke.glass, 0.03),
    "smoke": (smoke.smoke, 0.07),
}
# Kinds that are also drawn in motion or out of focus, and how often that happens.
BLURRED = {"objects": 0.5, "wicker": 0.3, "plant": 0.25, "fur": 0.12, "hair": 0.08}


class SyntheticSource:
    """Matting pictures drawn on the fly: no files, no network, no end.

    Foregrounds are hair, fur, plants, solid objects, wicker, lace, nets, veils, bubbles, glass and smoke, some of them
    in motion or out of focus. Their alpha is the share of a pixel that is covered, not an estimate. Backgrounds are
    walls, textures, landscapes, rooms, foliage, lights out of focus and dead leaves. The same state of the generator
    gives the same bits.

    Args:
        size: Side of a square of about the pictures' area in pixels, at least 64. Pictures are up to a fifth longer
            and as much narrower, upright and lengthwise.

    Raises:
        ValueError: For a size below 64 or not an integer.

    Example:

    >>> source = SyntheticSource(size=256)
    >>> rgb, alpha = source.foreground(np.random.default_rng(0))
    """

    def __init__(self, size: int = 512) -> None:
        if isinstance(size, bool) or not isinstance(size, (int, np.integer)) or size < MIN_SIZE:
            raise ValueError(f"`size` must be an integer of at least {MIN_SIZE}. Received: {size!r}")
        self.size = int(size)

    def foreground(self, rng: Generator) -> tuple[Array, Array]:
        """Draw a foreground. `rng` is a `numpy.random.Generator`, the only source of chance.

        Returns:
            `(rgb, alpha)`: uint8 of shape `(H, W, 3)`, not premultiplied and defined where alpha is 0, too; float32 of
            shape `(H, W)` in `[0, 1]`.
        """
        _check_generator(rng)
        shares = [share for _, share in KINDS.values()]
        return self._draw(rng, list(KINDS)[rng.choice(len(KINDS), p=shares)])

    def background(self, rng: Generator) -> Array:
        """Draw a background: uint8 of shape `(H, W, 3)`, RGB. `rng` is a `numpy.random.Generator`."""
        _check_generator(rng)
        return backgrounds.background(rng, *self._shape(rng))

    def _draw(self, rng: Generator, name: str) -> tuple[Array, Array]:
        draw, _ = KINDS[name]
        layer = draw(rng, *self._shape(rng))
        if rng.random() < 0.5:
            layer = cv2.flip(layer, 1)
        if rng.random() < BLURRED.get(name, 0):
            layer = (layers.blur_motion if rng.random() < 0.5 else layers.blur_focus)(rng, layer)
        elif rng.random() < 0.7:  # a lens and a sensor are never as sharp as a drawing
            layer = cv2.GaussianBlur(layer, (0, 0), rng.uniform(0.3, 0.9))
        return layers.straighten(layer)

    def _shape(self, rng: Generator) -> tuple[int, int]:
        stretch = math.exp(rng.uniform(-0.18, 0.18))
        return round(self.size * stretch), round(self.size / stretch)


def _check_generator(rng: Generator) -> None:
    if not isinstance(rng, np.random.Generator):
        raise TypeError(
            f"`rng` must be a numpy.random.Generator, as numpy.random.default_rng(seed) gives. Received: {rng!r}"
        )
