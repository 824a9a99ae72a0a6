"""What light passes through: smoke without hard edges; bubbles and glass, clear inside and dense at the rim."""

import numpy as np
import pytest

from a2u_tf.matting.data.synthetic import smoke
from tests.matting.data.synthetic.helpers import Choosing

KINDS = ("plume", "cloud", "wisps", "fire")


@pytest.mark.parametrize("kind", KINDS)
def test_smoke_keeps_its_promise_and_has_no_hard_edges(kind):
    """A cut-out would jump by its whole alpha from a pixel to the next, and be dense up to there."""
    for seed in range(6):
        layer = smoke.smoke(Choosing(seed, choice=kind), 120, 97)
        alpha = layer[..., 3]
        assert 0.6 < alpha.max() < 1
        assert (layer[..., :3] <= layer[..., 3:] + 1e-6).all()
        steps = [np.abs(np.diff(alpha, axis=axis)) for axis in (0, 1)]
        assert max(np.quantile(step, 0.99) for step in steps) < 0.5 * alpha.max()
        assert ((alpha > 0.02) & (alpha < 0.95 * alpha.max())).sum() > (alpha > 0.95 * alpha.max()).sum()


def test_fire_is_red_outside_and_bright_at_its_core():
    for seed in range(6):
        layer = smoke.smoke(Choosing(seed, choice="fire"), 120, 97)
        alpha = layer[..., 3]
        straight = layer[..., :3] / np.maximum(alpha, 1e-3)[..., None]
        rim, core = (alpha > 0.05) & (alpha < 0.15), alpha > 0.9 * alpha.max()
        assert straight[rim][:, 0].mean() > 2 * straight[rim][:, 2].mean()
        assert straight[core].mean() > 1.5 * straight[rim].mean()


def test_plumes_rise_and_widen():
    """From a narrow foot near the lower border a column rises that is wider above."""
    for seed in range(10):
        density = smoke._plume(np.random.default_rng(seed), 160, 120)
        assert 0 <= density.min() <= density.max() <= 1
        rows = np.flatnonzero(density.max(axis=1) > 0.3)
        assert rows[-1] > 0.7 * 160
        assert rows[0] < 0.6 * 160
        width = (density > 0.5 * np.maximum(density.max(axis=1, keepdims=True), 1e-6)).sum(axis=1)
        foot, head = rows[-len(rows) // 8 :], rows[len(rows) // 3 : len(rows) // 2]
        full = (density[head][:, [0, -1]] < 0.1).all()  # not cut off by a side
        assert not full or width[head].mean() > width[foot].mean()


def test_clouds_lie_in_the_middle():
    for seed in range(10):
        density = smoke._cloud(np.random.default_rng(seed), 120, 150)
        assert 0.9 < density.max() <= 1
        y, x = np.average(np.indices(density.shape).reshape(2, -1), axis=1, weights=density.ravel())
        assert 0.25 < y / 120 < 0.75
        assert 0.2 < x / 150 < 0.8
        assert max(density[0].max(), density[-1].max()) < 0.6


def test_stirring_moves_and_does_not_make_or_lose_much():
    y, x = np.mgrid[:120, :100]
    density = np.exp(-(((x - 50) / 15) ** 2) - ((y - 60) / 15) ** 2).astype(np.float32)
    for seed in range(5):
        stirred = smoke._stir(np.random.default_rng(seed), density)
        assert stirred.max() <= density.max()
        assert stirred.sum() == pytest.approx(density.sum(), rel=0.6)
        assert np.abs(stirred - density).max() > 0.05


def _distance(sprite, radius, x, y):
    """Return every pixel's distance from the centre of a bubble, in radii."""
    rows, columns = np.indices(sprite.shape[:2])
    middle = int(radius) + 3
    return np.hypot(columns - middle - x, rows - middle - y) / radius


@pytest.mark.parametrize("radius", [12.0, 17.6, 40.2])
def test_bubble_is_clear_inside_and_dense_at_its_rim(radius):
    for seed in range(8):
        sprite = smoke._bubble(np.random.default_rng(seed), radius, 0.7, 0.2)
        r, alpha = _distance(sprite, radius, 0.7, 0.2), sprite[..., 3]
        assert not alpha[r > 1 + 0.5 / radius].any()
        assert alpha[r < 0.3].max() < 0.2
        assert alpha[r < 0.3].min() > 0.01
        rim = np.abs(r - 1 + 1.5 / radius) < 0.5 / radius  # a pixel or two inside
        assert np.median(alpha[rim]) > 1.5 * np.median(alpha[r < 0.3])
        assert 0 <= sprite.min() <= sprite.max() <= 1
        assert (sprite[..., :3] <= sprite[..., 3:] + 1e-6).all()  # premultiplied
        assert not np.concatenate([sprite[[0, -1]], sprite[:, [0, -1]].swapaxes(0, 1)]).any()  # which just holds it
        # Highlights are white.
        bright = sprite[(r < 0.9) & (alpha > 0.9)]
        assert radius < 30 or len(bright) > 10
        assert (bright[:, :3] / bright[:, 3:]).min(initial=1) > 0.85


def test_bubbles_have_their_sizes_and_places(monkeypatch):
    """Each is put so that its centre lies where it was drawn to be, in the picture's middle, the largest in front."""
    drawn = []

    def draw(rng, radius, x, y):
        side = 2 * int(radius) + 8
        drawn.append((radius, x, y))
        sprite = np.zeros((side, side, 4), np.float32)
        sprite[int(radius) + 3, int(radius) + 3] = len(drawn)  # marks its centre
        return sprite

    monkeypatch.setattr(smoke, "_bubble", draw)
    places, radii = [], []
    for seed in range(30):
        drawn.clear()
        layer = smoke.bubbles(np.random.default_rng(seed), 90, 120)
        assert layer.shape == (90, 120, 4)
        for number, (radius, x, y) in enumerate(drawn, start=1):
            for top, left in np.argwhere(layer[..., 0] == number):
                places.append(((left + x) / 120, (top + y) / 90))
            radii.append(radius)
        assert [radius for radius, *_ in drawn] == sorted(radius for radius, *_ in drawn)
    for place in np.transpose(places):
        assert 0.15 <= place.min() < 0.25
        assert 0.75 < place.max() <= 0.85
    assert min(radii) >= 3
    assert 0.3 * 90 < max(radii) <= 0.42 * 90
    assert len(places) > 0.9 * len(radii) > 60


@pytest.mark.parametrize("seed", range(8))
def test_glass_shows_what_is_behind_it_and_has_dense_ends(seed):
    layer = smoke.glass(np.random.default_rng(seed), 160, 130)
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
    assert (alpha[alpha > 0.02] < 0.97).mean() > 0.5
