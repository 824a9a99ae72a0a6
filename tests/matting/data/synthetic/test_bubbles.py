"""Bubbles and glass: clear inside, dense at the rim, and cut off at the picture's border."""

import numpy as np
import pytest

from a2u_tf.matting.data.synthetic import bubbles as module
from a2u_tf.matting.data.synthetic.bubbles import bubbles, glass
from a2u_tf.matting.data.synthetic.layers import over


def _distance(sprite, radius, x, y):
    """Return every pixel's distance from the centre of a bubble, in radii."""
    rows, columns = np.indices(sprite.shape[:2])
    middle = int(radius) + 3
    return np.hypot(columns - middle - x, rows - middle - y) / radius


@pytest.mark.parametrize("radius", [12.0, 17.6, 40.2])
def test_bubble_is_clear_inside_and_dense_at_its_rim(radius):
    for seed in range(8):
        sprite = module._bubble(np.random.default_rng(seed), radius, 0.7, 0.2)
        r, alpha = _distance(sprite, radius, 0.7, 0.2), sprite[..., 3]
        assert not alpha[r > 1 + 0.5 / radius].any()
        assert alpha[r < 0.3].max() < 0.2
        assert alpha[r < 0.3].min() > 0.01
        rim = np.abs(r - 1 + 1.5 / radius) < 0.5 / radius  # a pixel or two inside
        assert np.median(alpha[rim]) > 1.5 * np.median(alpha[r < 0.3])
        assert 0 <= sprite.min() <= sprite.max() <= 1
        assert (sprite[..., :3] <= sprite[..., 3:] + 1e-6).all()  # premultiplied
        for side in (sprite[0], sprite[-1], sprite[:, 0], sprite[:, -1]):
            assert not side.any()  # the sprite just holds it


def test_bubble_has_highlights_in_white():
    for seed in range(8):
        sprite = module._bubble(np.random.default_rng(seed), 30.0, 0.0, 0.0)
        r = _distance(sprite, 30.0, 0.0, 0.0)
        bright = (r < 0.9) & (sprite[..., 3] > 0.9)
        assert bright.sum() > 10
        assert (sprite[bright][:, :3] / sprite[bright][:, 3:]).min() > 0.85


@pytest.mark.parametrize(
    ("left", "top"),
    [(5, 7), (-4, 3), (3, -6), (22, 12), (9, 15), (-5, -5), (24, 17), (-30, 0), (0, 40), (28, 20), (-9, 0)],
)
def test_what_lies_outside_is_cut_off(rng, left, top):
    """Put over a picture, a sprite is as in a crop of a larger picture."""
    sprite = rng.random((9, 9, 4)).astype(np.float32)
    large = rng.random((100, 110, 4)).astype(np.float32)
    layer = large[40:60, 40:68].copy()
    module._put_over(layer, sprite, left, top)
    part = large[40 + top : 49 + top, 40 + left : 49 + left]
    part[:] = over(sprite, np.ascontiguousarray(part))
    np.testing.assert_array_equal(layer, large[40:60, 40:68])


def test_bubbles_have_their_sizes_and_places(monkeypatch):
    """Every sprite is put so that its bubble's centre lies where it was drawn to be, in the picture's middle."""
    drawn = []
    bubble, put_over = module._bubble, module._put_over

    def draw(rng, radius, x, y):
        drawn.append([radius, x, y])
        return bubble(rng, radius, x, y)

    def put(layer, sprite, left, top):
        drawn[-1] += [left, top]
        put_over(layer, sprite, left, top)

    monkeypatch.setattr(module, "_bubble", draw)
    monkeypatch.setattr(module, "_put_over", put)
    for seed in range(30):
        bubbles(np.random.default_rng(seed), 90, 120)
    radius, x, y, left, top = np.array(drawn).T
    middle = radius.astype(int) + 3
    across, down = (left + middle + x) / 120, (top + middle + y) / 90
    for place in (across, down):
        assert 0.15 <= place.min() < 0.25
        assert 0.75 < place.max() <= 0.85
    assert radius.min() >= 3
    assert 0.3 * 90 < radius.max() <= 0.42 * 90
    assert len(radius) > 60


@pytest.mark.parametrize("seed", range(8))
def test_glass_shows_what_is_behind_it_and_has_dense_ends(seed):
    layer = glass(np.random.default_rng(seed), 160, 130)
    alpha = layer[..., 3]
    assert layer.max() <= 1
    rows = np.flatnonzero(alpha.max(axis=1) > 0.02)
    assert 0.04 * 160 < rows[0] < 0.27 * 160
    assert 0.73 * 160 < rows[-1] < 0.98 * 160
    # One piece, turned on a lathe: every row has one run of glass, all round the same axis.
    columns = [np.flatnonzero(alpha[row] > 0.02) for row in range(rows[0] + 1, rows[-1])]
    assert all(len(row) == row[-1] - row[0] + 1 for row in columns)
    axes = np.array([(row[0] + row[-1]) / 2 for row in columns])
    assert np.ptp(axes) <= 1.5
    assert 0.4 * 130 - 1 < axes.mean() < 0.6 * 130 + 1
    # The rim of the upper end covers most of its width.
    assert np.median(alpha[rows[0] + 1][columns[0]]) > 0.22  # more than any glass in its middle
    inside = alpha[alpha > 0.02]
    assert (inside < 0.97).mean() > 0.5
