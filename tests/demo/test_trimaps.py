"""Painted trimaps."""

import numpy as np
import pytest

from a2u_tf.matting.pictures import trimap_from_alpha
from demo.trimaps import GO, KEEP, OPACITY, UNSURE, painted_trimap

STROKE = round(255 * OPACITY)


def layer(height=20, width=30):
    return np.zeros((height, width, 4), np.uint8)


def paint(drawing, place, colour, opacity=STROKE):
    drawing[place] = (*colour, opacity)
    return drawing


def over(below, above):
    """One stroke over another, as a canvas mixes them."""
    (lower, lower_alpha), (upper, upper_alpha) = ((np.float64(x[:3]), x[3] / 255) for x in (below, above))
    alpha = upper_alpha + lower_alpha * (1 - upper_alpha)
    mixed = (upper * upper_alpha + lower * lower_alpha * (1 - upper_alpha)) / alpha
    return np.rint([*mixed, 255 * alpha]).astype(np.uint8)


def test_colours():
    drawing = paint(paint(layer(), np.s_[:, :10], KEEP), np.s_[:, 10:20], UNSURE)
    np.testing.assert_array_equal(painted_trimap([drawing], 0), np.repeat([[255, 128, 0]], 20, 0).repeat(10, 1))


def test_band_is_that_of_a_matte():
    drawing = paint(layer(), np.s_[5:15, 8:22], KEEP)
    alpha = np.zeros((20, 30), np.float32)
    alpha[5:15, 8:22] = 1
    trimap = painted_trimap([drawing], 6)
    np.testing.assert_array_equal(trimap, trimap_from_alpha(alpha, 7, 7))
    assert trimap[10].tolist() == [0] * 5 + [128] * 6 + [255] * 8 + [128] * 6 + [0] * 5


@pytest.mark.parametrize(
    ("last", "first", "level"), [(KEEP, UNSURE, 255), (KEEP, GO, 255), (UNSURE, KEEP, 128), (UNSURE, GO, 128)]
)
@pytest.mark.parametrize("strokes", [1, 10])
def test_the_last_stroke_decides(last, first, level, strokes):
    mixed = np.array([*first, STROKE])
    for _ in range(strokes - 1):
        mixed = over(mixed, np.array([*first, STROKE]))
    drawing = layer()
    drawing[:] = over(mixed, np.array([*last, STROKE]))
    assert (painted_trimap([drawing], 0) == level).all()


def test_soft_edges_are_halved():
    drawing = paint(paint(layer(), np.s_[:, :10], KEEP, STROKE // 2 - 4), np.s_[:, 10:], KEEP, STROKE // 2 + 4)
    assert painted_trimap([drawing], 0)[0].tolist() == [0] * 10 + [255] * 20


def test_upper_layers_lie_over_lower_ones():
    lower, upper = paint(layer(), np.s_[:], KEEP), paint(layer(), np.s_[:, 20:], UNSURE)
    assert painted_trimap([lower, upper], 0)[0].tolist() == [255] * 20 + [128] * 10


@pytest.mark.parametrize("below", [KEEP, UNSURE])
def test_blue_over_other_paint_goes(below):
    drawing = paint(layer(), np.s_[:, :10], KEEP)
    drawing[:, 20:] = over(np.array([*below, STROKE]), np.array([*GO, STROKE]))
    assert painted_trimap([drawing], 0)[0].tolist() == [255] * 10 + [0] * 20


def test_a_few_strokes(rng):
    picture = np.full((60, 90, 3), (30, 60, 180), np.uint8)
    picture[15:45, 20:70] = (200, 40, 30)
    picture += rng.integers(0, 9, picture.shape, dtype=np.uint8)
    drawing = paint(paint(layer(60, 90), np.s_[28:32, 30:60], KEEP), np.s_[3:6, 5:80], GO)
    drawing = paint(drawing, np.s_[50:55, 40:50], UNSURE)
    for shown in (picture, np.dstack([picture, np.full((60, 90), 255, np.uint8)])):
        trimap = painted_trimap([drawing], 4, shown)
        assert (trimap[18:42, 23:67] == 255).all()
        assert (trimap[50:55, 40:50] == 128).all()
        assert not trimap[:12].any()
        assert not trimap[56:].any()
    # Of one kind alone, all that is not painted goes.
    drawing = paint(layer(60, 90), np.s_[28:32, 30:60], KEEP)
    np.testing.assert_array_equal(painted_trimap([drawing], 4, picture), painted_trimap([drawing], 4))
    assert painted_trimap([paint(layer(), np.s_[:5], GO)], 4, picture) is None


@pytest.mark.parametrize("layers", [[], [layer()]])
def test_nothing_painted(layers):
    assert painted_trimap(layers, 20) is None
