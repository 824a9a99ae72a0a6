"""Pictures that the page offers."""

import numpy as np

from a2u_tf.matting.pictures import read_rgb, read_trimap
from demo.examples import SEEDS, draw, write_examples


def test_files_are_what_is_drawn(tmp_path):
    pairs = write_examples(tmp_path)
    assert len(pairs) == len(SEEDS)
    for (picture, trimap), example in zip(pairs, SEEDS.items(), strict=True):
        image, levels = draw(*example)
        np.testing.assert_array_equal(read_rgb(picture), image)
        np.testing.assert_array_equal(read_trimap(trimap), levels)
        assert 0.02 < (levels == 128).mean() < 0.6
        assert (levels == 0).mean() > 0.2
