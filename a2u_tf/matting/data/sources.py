"""Where the foregrounds and backgrounds of training samples come from.

A source is any object with two methods, whose results depend on nothing but the state of the random generator:

    foreground(rng) -> (rgb, alpha)     uint8 of shape (H, W, 3); float32 of shape (H, W) in [0, 1]
    background(rng) -> rgb              uint8 of shape (H, W, 3)
"""

import cv2
import numpy as np

from a2u_tf.matting.pictures.pictures import read_alpha, read_rgb, read_rgba


class PictureSource:
    """Foregrounds and backgrounds from files, each drawn with the same probability.

    Args:
        foregrounds: List of `TrainingForeground`, from `a2u_tf.matting.pictures.layouts`.
        backgrounds: List of paths of pictures.
    """

    def __init__(self, foregrounds, backgrounds):
        for name, values in (("foregrounds", foregrounds), ("backgrounds", backgrounds)):
            if not len(values):
                raise ValueError(f"`{name}` must not be empty. Received: {name}={values!r}")
        self.foregrounds = list(foregrounds)
        self.backgrounds = list(backgrounds)

    def foreground(self, rng):
        """Read a random foreground."""
        files = self.foregrounds[rng.integers(len(self.foregrounds))]
        if files.alpha is None:
            return read_rgba(files.colours)
        return read_rgb(files.colours, ignore_alpha=True), read_alpha(files.alpha)

    def background(self, rng):
        """Read a random background."""
        return read_rgb(self.backgrounds[rng.integers(len(self.backgrounds))])


class RecolouredSource(PictureSource):
    """Foregrounds of which only the mattes are taken: in one colour, or with a random part of a background inside.

    For mattes without colours of their own, such as smoke and sparks for games. Arguments are those of `PictureSource`.
    """

    def foreground(self, rng):
        """Read a random matte and give it colours."""
        _, alpha = super().foreground(rng)
        if rng.random() < 0.5:
            colours = np.empty((*alpha.shape, 3), np.uint8)
            colours[:] = rng.integers(0, 256, 3)
            return colours, alpha
        picture = self.background(rng)
        height, width = (max(1, round(n * rng.uniform(0.3, 1))) for n in picture.shape[:2])
        top, left = rng.integers(picture.shape[0] - height + 1), rng.integers(picture.shape[1] - width + 1)
        part = picture[top : top + height, left : left + width]
        return cv2.resize(part, alpha.shape[::-1], interpolation=cv2.INTER_AREA), alpha


class MixedSource:
    """Foregrounds and backgrounds from several sources, drawn independently of each other.

    Args:
        sources: List of sources.
        weights: Positive numbers, how often each is drawn in relation to the others.
    """

    def __init__(self, sources, weights):
        self.sources = list(sources)
        weights = np.asarray(weights, np.float64)
        if not self.sources or weights.shape != (len(self.sources),) or not (weights > 0).all():
            raise ValueError(
                "`weights` must hold one positive number for each of `sources`, of which there must be some. Received: "
                f"{len(self.sources)} sources and weights={weights.tolist()}"
            )
        self.weights = weights / weights.sum()

    def foreground(self, rng):
        """Draw a source, and a foreground from it."""
        return self._draw(rng).foreground(rng)

    def background(self, rng):
        """Draw a source, and a background from it."""
        return self._draw(rng).background(rng)

    def _draw(self, rng):
        return self.sources[rng.choice(len(self.sources), p=self.weights)]
