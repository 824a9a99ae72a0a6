"""Layers: exact coverage, Porter and Duff, and colours without halos."""

import numpy as np
import pytest

from a2u_tf.data.matting.synthetic import layers
from a2u_tf.data.matting.synthetic.bodies import ellipse


def test_coverage_is_the_area():
    """A rectangle with borders between pixels covers every pixel by its share; it is drawn 1/8 larger on each side."""
    left, top, right, bottom = 3.0, 4.25, 9.5, 12.0
    mask = layers.draw_mask(20, 16, [np.array([(left, top), (right, top), (right, bottom), (left, bottom)])])
    left, top, right, bottom = left - 1 / 8, top - 1 / 8, right + 1 / 8, bottom + 1 / 8
    # Pixel x covers [x - 0.5, x + 0.5].
    columns = np.clip(np.minimum(np.arange(16) + 0.5, right) - np.maximum(np.arange(16) - 0.5, left), 0, 1)
    rows = np.clip(np.minimum(np.arange(20) + 0.5, bottom) - np.maximum(np.arange(20) - 0.5, top), 0, 1)
    np.testing.assert_allclose(mask, rows[:, None] * columns, atol=0.13)
    assert mask.sum() == pytest.approx((right - left) * (bottom - top), rel=0.01)


def test_drawing_a_part_of_the_canvas_changes_nothing():
    """What lies outside is cut off, and a drawing in a corner is the same as beside others."""
    triangle = np.array([(2.0, 3.0), (9.0, 5.0), (4.0, 11.0)])
    alone = layers.draw_polygons(24, 24, [triangle], [(1.0, 0.5, 0.0)])
    crowd = layers.draw_polygons(24, 24, [triangle, triangle + 30, triangle - 40, triangle + 12], np.full((4, 3), 0.5))
    np.testing.assert_array_equal(alone[:12, :12, 3], crowd[:12, :12, 3])
    assert not layers.draw_polygons(24, 24, [triangle + 50], [(1, 1, 1)]).any()
    assert not layers.draw_polygons(24, 24, [], np.zeros((0, 3))).any()


def test_over_is_porter_and_duff(rng):
    front, back = (rng.random((5, 7, 4)).astype(np.float32) for _ in range(2))
    np.testing.assert_allclose(layers.over(front, back), front + back * (1 - front[..., 3:]), atol=1e-6)


def test_straight_colours_compose_as_the_layer_does(rng):
    layer = layers.draw_polygons(
        41, 53, [ellipse(25, 20, 9, 14), ellipse(30, 20, 4, 3)], [(0.9, 0.2, 0.4), (0, 1, 0)], 1.5
    )
    rgb, alpha = layers.straighten(layer)
    behind = rng.random((41, 53, 3))
    expected = layer[..., :3] + behind * (1 - layer[..., 3:])
    received = rgb / 255 * alpha[..., None] + behind * (1 - alpha[..., None])
    np.testing.assert_allclose(received, expected, atol=1 / 255)
    assert alpha[0, 0] == 0
    assert rgb[0, 0].max() > 100  # the far corner has a colour of the ellipses, too
