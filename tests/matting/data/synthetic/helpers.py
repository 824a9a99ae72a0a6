"""A generator some of whose draws are known, and what outlines and curves measure."""

import numpy as np


class Choosing:
    """A `numpy.random.Generator` whose first result of some methods is given, as `Choosing(0, integers=3)`."""

    def __init__(self, seed, **first):
        self._rng, self._first = np.random.default_rng(seed), first

    def __getattr__(self, name):
        if name in self._first:
            value = self._first.pop(name)
            return lambda *args, **settings: value
        return getattr(self._rng, name)


def area(polygons):
    """Return the areas inside polygons `(..., K, 2)`, by the shoelace formula."""
    x, y = np.moveaxis(polygons, -1, 0)
    return np.abs((x * np.roll(y, -1, axis=-1) - y * np.roll(x, -1, axis=-1)).sum(axis=-1)) / 2


def lengths(curves):
    return np.linalg.norm(np.diff(curves, axis=-2), axis=-1).sum(axis=-1)


def curves_and_widths(outlines):
    """Return the curves of ribbons, whose outlines run there along one side and back along the other, and widths."""
    there, back = np.split(outlines, 2, axis=1)
    back = back[:, ::-1]
    return (there + back) / 2, np.linalg.norm(there - back, axis=2)
