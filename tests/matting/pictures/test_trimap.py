"""Trimaps: what their levels count as, those of the released model, and erosion pixel by pixel."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from a2u_tf.matting.pictures import Trimap, read_trimap, trimap_from_alpha, trimap_from_mask
from a2u_tf.matting.pictures.trimap import MAX_ELLIPSE
from tests.matting.pictures.files import png


def ellipse(width):
    return cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (width, width))


def erode_by_hand(mask, kernel):
    """A pixel stays where the whole kernel around it, as far as it lies in the picture, is set."""
    anchor = len(kernel) // 2
    padded = np.pad(mask, len(kernel), constant_values=True)
    result = np.zeros_like(mask)
    for row, column in np.ndindex(mask.shape):
        top, left = row + len(kernel) - anchor, column + len(kernel) - anchor
        result[row, column] = padded[top : top + len(kernel), left : left + len(kernel)][kernel == 1].all()
    return result


def test_golden(data_steps):
    arrays, settings = data_steps
    for case in settings["G2_trimap"]:
        result = trimap_from_alpha(arrays[f"G2_{case['id']}_alpha"], case["fg_width"], case["bg_width"])
        assert result.dtype == np.uint8
        np.testing.assert_array_equal(result, arrays[f"G2_{case['id']}_trimap"])
    for width in range(1, 30):
        np.testing.assert_array_equal(ellipse(width), arrays[f"G1_ellipse_{width:02d}"])


@pytest.mark.parametrize(("foreground_width", "background_width"), [(1, 1), (2, 5), (6, 3), (29, 4)])
@pytest.mark.parametrize("shape", [(13, 17), (1, 9), (6, 1), (1, 1)])
def test_by_hand(rng, shape, foreground_width, background_width):
    alpha = np.clip(cv2.GaussianBlur(rng.normal(0.5, 4, shape), (5, 5), 0), 0, 1).astype(np.float32).reshape(shape)
    expected = np.full(shape, 128)
    expected[erode_by_hand(alpha == 1, ellipse(foreground_width))] = 255
    expected[erode_by_hand(alpha == 0, ellipse(background_width))] = 0
    np.testing.assert_array_equal(trimap_from_alpha(alpha, foreground_width, background_width), expected)


def test_levels_next_to_0_and_1_are_known():
    alpha = np.array([[0, 5e-6, 2e-5, 0.5, 1 - 2e-5, 1 - 5e-6, 1]])
    np.testing.assert_array_equal(trimap_from_alpha(alpha, 1, 1), [[0, 0, 128, 128, 128, 255, 255]])
    # The levels of 16-bit pictures are all told apart.
    np.testing.assert_array_equal(trimap_from_alpha(np.array([[1, 65534]]) / 65535, 1, 1), [[128, 128]])


@pytest.mark.parametrize("width", [0, -3, 2.0, "3", None])
def test_bad_width(width):
    for make, widths in (
        (trimap_from_alpha, (1, width)),
        (trimap_from_alpha, (width, 1)),
        (trimap_from_mask, (width,)),
    ):
        with pytest.raises(ValueError, match=r"must be an integer of at least 1. Received: "):
            make(np.ones((2, 2)), *widths)


@pytest.mark.parametrize("width", [1, 2, 5, 8])
@pytest.mark.parametrize("turn", range(4))
def test_mask_has_a_band_of_the_width(width, turn):
    mask = np.zeros((40, 40), np.float32)
    mask[:, 20:] = 1
    trimap = np.rot90(trimap_from_mask(np.rot90(mask, turn), width), -turn)
    assert ((trimap == 128).sum(axis=1) == width).all()
    assert (trimap[:, 20 - width // 2 : 20 + width // 2] == 128).all()  # half on each side
    assert set(trimap[:, :9].flat) == {0}
    assert set(trimap[:, -9:].flat) == {255}


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_traces_in_a_mask_are_known_and_greys_are_not(dtype):
    row = np.array([0, 24, 0, 0, 0, 25, 128, 230, 255, 255, 255, 231, 255])
    expected = [0, 0, 0, 0, 128, 128, 128, 128, 128, 255, 255, 255, 255]
    row = row.astype(dtype) * {np.uint8: 1, np.uint16: 257, np.float32: np.float32(1 / 255)}[dtype]
    np.testing.assert_array_equal(trimap_from_mask(row[None], 2)[0], expected)


@pytest.mark.parametrize(
    ("mask", "message"),
    [
        (np.eye(5, dtype=np.uint8), r"`mask` has neither .* Received: 0, 1, of 255\. Multiply"),
        (np.zeros((5, 5), bool), r"`mask` has neither .* Received: 0\.0, of 255\. Paint what is not background: 255"),
        (np.uint16([[0, 128, 255]]), r"within 6168 of 0, .* 0, 128, 255, of 65535\. Multiply them: 65535 is fore"),
        (255.0 * np.eye(5), r"`mask` must be floats in \[0, 1\], .*Received: float64 from 0\.0 to 255\.0"),
        (np.full((5, 5), np.nan), r"`mask` must be floats in \[0, 1\]"),
        (np.full((5, 5), 256), r"`mask` must have finite values from 0 to 255"),
    ],
)
def test_exception_of_mask(mask, message):
    with pytest.raises(ValueError, match=message):
        trimap_from_mask(mask, 2)


@pytest.mark.parametrize("width", [MAX_ELLIPSE + 1, MAX_ELLIPSE + 2, 60, 61])
def test_wide_bands_are_discs_by_distance(width):
    """Against OpenCV's ellipses, which round their outline to at most a pixel more or less."""
    mask = np.zeros((200, 230), np.float32)
    cv2.circle(mask, (110, 100), 70, 1, -1)
    mask[:20] = 1
    trimap = trimap_from_alpha(mask, width, width)
    odd = width - 1 + width % 2  # ellipses of even widths are lopsided
    for level, kind in ((255, mask), (0, 1 - mask)):
        most, least = (cv2.erode(kind, ellipse(w)) == 1 for w in (odd - 2, odd + 2))
        assert least.any()
        assert not (least & (trimap != level)).any()
        assert not ((trimap == level) & ~most).any()
    edge = np.arange(200)[None] >= 100
    assert (trimap_from_mask(edge, width) == 128).sum() == width  # on each side of the choice of the kernel


@pytest.mark.parametrize("width", [4, 12_000, 10**20])
def test_boolean_mask_and_bands_wider_than_it(width):
    mask = np.arange(20)[None] >= 9
    trimap = trimap_from_mask(mask, width)
    np.testing.assert_array_equal(trimap, trimap_from_mask(mask.astype(float), width))
    assert (trimap == 128).sum() == min(width, 20)
    np.testing.assert_array_equal(trimap_from_mask(mask | True, width), 255)


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
