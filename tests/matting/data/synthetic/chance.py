"""A generator some of whose draws are known."""

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
