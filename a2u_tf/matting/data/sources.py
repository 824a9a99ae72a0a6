"""Where the foregrounds and backgrounds of training samples come from."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import cv2
import numpy as np
from numpy.random import Generator

from a2u_tf.matting.pictures import TrainingForeground, read_alpha, read_rgb, read_rgba
from a2u_tf.types import Array


@runtime_checkable
class Source(Protocol):
    """Any object with these two methods, whose results depend on nothing but the state of the random generator."""

    def foreground(self, rng: Generator) -> tuple[Array, Array]:
        """Return RGB, uint8 of shape `(H, W, 3)`, and alpha, float32 of shape `(H, W)` in `[0, 1]`."""

    def background(self, rng: Generator) -> Array:
        """Return RGB, uint8 of shape `(H, W, 3)`."""


class PictureSource:
    """Foregrounds and backgrounds from files, each drawn with the same probability.

    From lists of `TrainingForeground`, see `a2u_tf.matting.pictures`, and of paths of pictures; in place of the latter
    may stand a `Source`, whose backgrounds are taken. `weights`, positive numbers, one for each path, tell how often
    it is drawn in relation to the others.
    """

    def __init__(
        self,
        foregrounds: Sequence[TrainingForeground],
        backgrounds: Sequence[Path | str] | Source,
        weights: Sequence[float] | None = None,
    ) -> None:
        for name, values in (("foregrounds", foregrounds), ("backgrounds", backgrounds)):
            if not isinstance(values, Source) and not len(values):
                raise ValueError(f"`{name}` must not be empty. Received: {name}={values!r}")
        self.foregrounds = list(foregrounds)
        self.backgrounds = backgrounds if isinstance(backgrounds, Source) else list(backgrounds)
        self.shares = None if weights is None else _shares(weights, "backgrounds", self.backgrounds)

    def foreground(self, rng: Generator) -> tuple[Array, Array]:
        files = self.foregrounds[rng.integers(len(self.foregrounds))]
        if files.alpha is None:
            return read_rgba(files.colours)
        return read_rgb(files.colours, ignore_alpha=True), read_alpha(files.alpha)

    def background(self, rng: Generator) -> Array:
        if isinstance(self.backgrounds, Source):
            return self.backgrounds.background(rng)
        count = len(self.backgrounds)
        index = rng.integers(count) if self.shares is None else rng.choice(count, p=self.shares)
        return read_rgb(self.backgrounds[index])


class RecolouredSource(PictureSource):
    """Foregrounds of which only the mattes are taken: in one colour, or with a random part of a background inside.

    For mattes without colours of their own, such as smoke and sparks for games. Arguments are those of `PictureSource`.
    """

    def foreground(self, rng: Generator) -> tuple[Array, Array]:
        _, alpha = super().foreground(rng)
        if rng.random() < 0.5:
            return np.full((*alpha.shape, 3), rng.integers(0, 256, 3), np.uint8), alpha
        picture = self.background(rng)
        height, width = (max(1, round(n * rng.uniform(0.3, 1))) for n in picture.shape[:2])
        top, left = rng.integers(picture.shape[0] - height + 1), rng.integers(picture.shape[1] - width + 1)
        part = picture[top : top + height, left : left + width]
        return cv2.resize(part, alpha.shape[::-1], interpolation=cv2.INTER_AREA), alpha


class MixedSource:
    """Foregrounds and backgrounds from several sources, drawn independently of each other.

    `weights`, positive numbers, tell how often each is drawn in relation to the others.
    """

    def __init__(self, sources: Sequence[Source], weights: Sequence[float]) -> None:
        self.sources = list(sources)
        self.shares = _shares(weights, "sources", self.sources)

    def foreground(self, rng: Generator) -> tuple[Array, Array]:
        return self._draw(rng).foreground(rng)

    def background(self, rng: Generator) -> Array:
        return self._draw(rng).background(rng)

    def _draw(self, rng: Generator) -> Source:
        return self.sources[rng.choice(len(self.sources), p=self.shares)]


def _shares(weights: Sequence[float], name: str, values: Any) -> Array:
    """Return weights as numbers that sum to 1, or raise `ValueError` where they are not those of `values`."""
    given = np.asarray(weights, np.float64)
    count = len(values) if isinstance(values, list) else 0
    if not count or given.shape != (count,) or not (given > 0).all():
        raise ValueError(
            f"`weights` must hold one positive number for each of `{name}`, a list of some. Received: {count} {name} "
            f"and weights={given.tolist()}"
        )
    shares: Array = given / given.sum()
    return shares
