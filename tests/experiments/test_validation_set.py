"""The validation set: as many pictures as asked for, which `train.matting` reads."""

import numpy as np
import pytest

from a2u_tf.matting.data import training_sample
from experiments.validation_set import compose
from tests.matting.data.test_augmentation import Discs
from train.matting_sources import make_validation


def test_composed_pictures_are_read_for_validation(tmp_path):
    compose(Discs(), 3, 64, tmp_path / "set")
    pictures = list(make_validation(f"alphamatting={tmp_path / 'set'}", 64, training_sample))
    assert len(pictures) == 3
    for picture in pictures:
        assert picture.image.shape == (64, 64, 3)
        assert (picture.trimap == 128).any()
        assert 0 < picture.target.mean() < 255
    assert len({picture.image.tobytes() for picture in pictures}) == 3
    assert np.ptp(pictures[0].target) == 255
    with pytest.raises(FileExistsError, match="another --output"):
        compose(Discs(), 3, 64, tmp_path / "set")
