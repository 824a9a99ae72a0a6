"""Smoke: densities without hard edges, of every kind."""

import numpy as np
import pytest

from a2u_tf.matting.data.synthetic import smoke as module
from a2u_tf.matting.data.synthetic.smoke import smoke
from tests.matting.data.synthetic.chance import Choosing

KINDS = ("plume", "cloud", "wisps", "fire")


@pytest.fixture(scope="module")
def layers():
    """Some layers of every kind."""
    return {kind: [smoke(Choosing(seed, choice=kind), 120, 97) for seed in range(6)] for kind in KINDS}


@pytest.mark.parametrize("kind", KINDS)
def test_ranges_and_the_promise(layers, kind):
    for layer in layers[kind]:
        assert 0.6 < layer[..., 3].max() < 1
        assert (layer[..., :3] <= layer[..., 3:] + 1e-6).all()


@pytest.mark.parametrize("kind", KINDS)
def test_there_are_no_hard_edges(layers, kind):
    """A cut-out would jump by its whole alpha from a pixel to the next, and be dense up to there."""
    for layer in layers[kind]:
        alpha = layer[..., 3]
        steps = [np.abs(np.diff(alpha, axis=axis)) for axis in (0, 1)]
        assert max(np.quantile(step, 0.99) for step in steps) < 0.5 * alpha.max()
        dense = (alpha > 0.95 * alpha.max()).sum()
        assert ((alpha > 0.02) & (alpha < 0.95 * alpha.max())).sum() > dense


def test_fire_is_red_outside_and_bright_at_its_core(layers):
    for layer in layers["fire"]:
        alpha = layer[..., 3]
        straight = layer[..., :3] / np.maximum(alpha, 1e-3)[..., None]
        rim, core = (alpha > 0.05) & (alpha < 0.15), alpha > 0.9 * alpha.max()
        assert straight[rim][:, 0].mean() > 2 * straight[rim][:, 2].mean()
        assert straight[core].mean() > 1.5 * straight[rim].mean()


def test_plumes_rise_and_widen():
    """From a narrow foot near the lower border a column rises that is wider above."""
    for seed in range(10):
        density = module._plume(np.random.default_rng(seed), 160, 120)
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
        density = module._cloud(np.random.default_rng(seed), 120, 150)
        assert density.max() <= 1
        assert density.max() > 0.9
        y, x = np.average(np.indices(density.shape).reshape(2, -1), axis=1, weights=density.ravel())
        assert 0.25 * 120 < y < 0.75 * 120
        assert 0.2 * 150 < x < 0.8 * 150
        assert max(density[0].max(), density[-1].max()) < 0.6


def test_stirring_moves_and_does_not_make_or_lose_much():
    y, x = np.mgrid[:120, :100]
    density = np.exp(-(((x - 50) / 15) ** 2) - ((y - 60) / 15) ** 2).astype(np.float32)
    for seed in range(5):
        stirred = module._stir(np.random.default_rng(seed), density)
        assert stirred.max() <= density.max()
        assert stirred.sum() == pytest.approx(density.sum(), rel=0.6)
        assert np.abs(stirred - density).max() > 0.05
