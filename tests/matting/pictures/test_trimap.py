"""What the levels of a trimap count as, and what a trimap tells of itself."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from a2u_tf.matting.pictures import Trimap, read_trimap
from tests.matting.pictures.files import png


def test_numpy_takes_it_for_its_levels(saved):
    path = saved(png(np.uint8([[3, 25, 128, 230, 231]]), 0))
    trimap = read_trimap(str(path))
    assert trimap.path == Path(path)
    np.testing.assert_array_equal(trimap, [[0, 128, 128, 128, 255]])
    np.testing.assert_array_equal(trimap.unknown, [[False, True, True, True, False]])
    assert np.asarray(trimap) is trimap.levels
    assert np.asarray(trimap, np.float32).dtype == np.float32


@pytest.mark.parametrize(
    ("levels", "lacks"),
    [
        ([0, 128, 255], ""),
        ([128, 255], "has no sure background."),
        ([0, 128], "has no sure foreground."),
        ([0, 255], "has no unknown region."),
        ([128], "has no sure foreground and no sure background."),
    ],
)
def test_what_it_lacks(levels, lacks):
    assert Trimap(np.uint8([levels])).lacks == lacks


@pytest.mark.parametrize("channels", [1, 3])
def test_jpeg_keeps_what_real_trimaps_know(data_dir, tmp_path, channels):
    """The figures of `a2u_tf.matting.conventions.KNOWN_WITHIN`, on some of the trimaps."""
    folder = data_dir / "matting_alphamatting_lowres" / "train_with_gt" / "trimap2"
    paths = [*sorted(folder.glob("*.png"))[::5], data_dir / "matting_lemur" / "lemur_trimap.png"]
    if len(paths) < 2 or not paths[-1].exists():
        pytest.skip("needs matting_alphamatting_lowres and matting_lemur in $A2U_DATA_DIR")
    known = holes = 0
    for path in paths:
        trimap = read_trimap(path).levels
        jpeg = np.repeat(trimap[..., None], channels, axis=-1)
        cv2.imwrite(str(tmp_path / "trimap.jpg"), jpeg, [cv2.IMWRITE_JPEG_QUALITY, 75])
        received = read_trimap(tmp_path / "trimap.jpg").levels
        hole = (received == 128) & (trimap != 128)
        block = cv2.dilate((trimap == 128).astype(np.uint8), np.ones((17, 17)))
        assert not hole[block == 0].any()
        np.testing.assert_array_equal((received == 128)[trimap == 128], True)
        known, holes = known + (trimap != 128).sum(), holes + hole.sum()
    assert 0 < holes < 1e-3 * known
