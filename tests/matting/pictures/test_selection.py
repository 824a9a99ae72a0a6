"""Trimaps of boxes and strokes."""

import cv2
import numpy as np
import pytest

from a2u_tf.matting.pictures import PictureError, read_strokes, trimap_from_box, trimap_from_strokes
from a2u_tf.matting.pictures.selection import LONGEST

BOX = (40, 30, 60, 60)


@pytest.fixture
def scene(rng):
    """A red disc with a green eye, and a red crumb, before blue, with noise; and where the disc is."""
    rows, columns = np.indices((120, 160))
    disc = np.hypot(rows - 60, columns - 70) < 24
    image = np.where((disc | (np.hypot(rows - 38, columns - 46) < 2))[..., None], [200, 40, 30], [30, 60, 180])
    image[60:63, 70:73] = (60, 200, 90)
    return np.clip(image + rng.normal(0, 12, image.shape), 0, 255).astype(np.uint8), disc


def agreement(trimap, truth):
    """Of what is more foreground than not, over what either holds."""
    found = trimap >= 128
    return (found & truth).sum() / (found | truth).sum()


def strokes_of(shape, thick=1):
    strokes = np.full(shape, 128, np.uint8)
    strokes[shape[0] // 2 :][:thick, int(0.4 * shape[1]) : int(0.48 * shape[1])] = 255
    strokes[2 : 2 + thick, 3 : shape[1] // 2] = 0
    return strokes


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_box(scene, dtype):
    image, disc = scene
    trimap = trimap_from_box(image.astype(dtype) * (257 if dtype is np.uint16 else 1), BOX, 2)
    assert set(np.unique(trimap)) == {0, 128, 255}
    assert agreement(trimap, disc) > 0.9  # the band reaches a pixel beyond the disc
    assert (trimap[disc] > 0).mean() > 0.99
    assert not trimap[36:41, 44:49].any()  # the crumb
    assert (trimap[55:68, 65:78] == 255).all()  # the eye
    cv2.setRNGSeed(7)
    np.testing.assert_array_equal(trimap_from_box(image, BOX, 2), trimap)


def test_band(scene):
    image, disc = scene
    edge = (trimap_from_box(image, BOX) == 128).sum()
    assert 0.7 * 5 < edge / (2 * np.pi * 24) < 1.5 * 5  # 3 % of 160
    assert (trimap_from_box(image, BOX, 30) == 128).sum() > 3 * edge
    trimap = trimap_from_box(image, (46, 36, 47, 47), 30)
    outside = np.ones(disc.shape, bool)
    outside[36:83, 46:93] = False
    assert not trimap[outside].any()  # a band ends at the box


def test_a_box_may_reach_beyond_the_picture(scene):
    image, disc = scene
    np.testing.assert_array_equal(trimap_from_box(image, (40, 30, 999, 60)), trimap_from_box(image, (40, 30, 120, 60)))
    cut = image[30:90, 40:80], disc[30:90, 40:80]
    assert agreement(trimap_from_box(cut[0], (0, 0, 40, 60), 2), cut[1]) > 0.9


@pytest.mark.parametrize(("scale", "thick"), [(1, 1), (4, 4), (16, 1)])
def test_strokes(scene, scale, thick):
    image, disc = (np.kron(x, np.ones((scale, scale, 1)[: x.ndim], x.dtype)) for x in scene)
    assert (max(disc.shape) > LONGEST) == (scale > 1)
    strokes = strokes_of(disc.shape, thick)
    trimap = trimap_from_strokes(image, strokes, 2 * scale)
    assert agreement(trimap, disc) > 0.9
    np.testing.assert_array_equal(trimap[strokes != 128], strokes[strokes != 128])


def test_what_is_painted_stays(scene):
    image, disc = scene
    strokes = strokes_of(disc.shape)
    strokes[60, 45:50] = 255  # at the disc's edge
    strokes[60, 90:94] = 0
    trimap = trimap_from_strokes(image, strokes, 20)
    np.testing.assert_array_equal(trimap[strokes != 128], strokes[strokes != 128])


@pytest.mark.parametrize(
    ("box", "message"),
    [
        ((160, 0, 5, 5), r"\(160, 0, 5, 5\) lies outside of the picture, which is 160 x 120 pixels"),
        ((1, 2, 3), "A box is x, y, width and height, in whole pixels"),
        ((1, 2, 3, 0), r"Received: \(1, 2, 3, 0\)"),
        ((1.5, 2, 3, 3), "in whole pixels"),
        ((3, 3, 1, 1), "GrabCut needs some pixels of foreground"),
    ],
)
def test_bad_boxes(scene, box, message):
    with pytest.raises(ValueError, match=message):
        trimap_from_box(scene[0], box)


@pytest.mark.parametrize("image", [np.zeros((9, 9), np.uint8), np.zeros((9, 9, 3)), np.zeros((9, 9, 4), np.uint8)])
def test_no_photographs(image):
    for make, marks in ((trimap_from_box, (1, 1, 4, 4)), (trimap_from_strokes, strokes_of((9, 9)))):
        with pytest.raises(
            ValueError, match=r"must be RGB of shape \(H, W, 3\), uint8 or uint16. Received: \w+ of shape"
        ):
            make(image, marks)


def test_nothing_to_tell_apart():
    with pytest.raises(ValueError, match="No foreground was found"):
        trimap_from_box(np.full((40, 50, 3), 90, np.uint8), (10, 10, 20, 20))


@pytest.mark.parametrize(
    ("levels", "message"),
    [
        (128, "Paint black over some background and white over some foreground, and leave the rest grey"),
        (0, "Paint white over some foreground,"),
        (255, "Paint black over some background,"),
    ],
)
def test_strokes_of_one_kind(scene, levels, message):
    with pytest.raises(ValueError, match=message):
        trimap_from_strokes(scene[0], np.full((120, 160), levels, np.uint8))
    with pytest.raises(ValueError, match="must be of shapes"):
        trimap_from_strokes(scene[0], np.zeros((4, 5), np.uint8))


def test_strokes_on_a_layer_of_their_own(tmp_path):
    cv2.imwrite(str(tmp_path / "grey.png"), np.array([[0, 3, 128, 250, 255]], np.uint8))
    np.testing.assert_array_equal(read_strokes(tmp_path / "grey.png"), [[0, 0, 128, 255, 255]])
    layer = np.zeros((1, 5, 4), np.uint8)  # transparent black
    layer[0, 3:] = 255
    layer[0, 0, 3] = 200
    cv2.imwrite(str(tmp_path / "layer.png"), layer)
    np.testing.assert_array_equal(read_strokes(tmp_path / "layer.png"), [[0, 128, 128, 255, 255]])
    cv2.imwrite(str(tmp_path / "red.png"), np.array([[[0, 0, 255]]], np.uint8))
    with pytest.raises(PictureError, match="has colours, expected strokes: a grey picture"):
        read_strokes(tmp_path / "red.png")
