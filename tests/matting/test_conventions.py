"""Which levels of trimaps and masks are known."""

import numpy as np

from a2u_tf.matting.conventions import BACKGROUND, FOREGROUND, UNKNOWN, is_background, is_foreground


def test_every_level_is_one_of_three():
    levels = np.arange(256)
    np.testing.assert_array_equal(levels[is_background(levels)], np.arange(25))
    np.testing.assert_array_equal(levels[is_foreground(levels)], np.arange(231, 256))
    assert is_background(BACKGROUND)
    assert is_foreground(FOREGROUND)
    assert not is_background(UNKNOWN)
    assert not is_foreground(UNKNOWN)
