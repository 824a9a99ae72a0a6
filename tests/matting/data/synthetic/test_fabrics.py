"""Fabrics: patterns that repeat without a seam, open meshes, and cover that folds and hems add to."""

import cv2
import numpy as np
import pytest

from a2u_tf.matting.data.synthetic import fabrics
from a2u_tf.matting.data.synthetic.bodies import ellipse

SEEDS = range(6)


@pytest.fixture
def pieces(monkeypatch):
    """A function that draws some pieces of a fabric: pairs of alpha and the outline's mask."""
    masks = []
    outline = fabrics._outline
    monkeypatch.setattr(
        fabrics, "_outline", lambda *args, **kwargs: masks.append(outline(*args, **kwargs)) or masks[-1]
    )

    def draw_pieces(draw):
        masks.clear()
        alphas = [draw(np.random.default_rng(seed), 160, 130)[..., 3] for seed in SEEDS]
        return list(zip(alphas, masks, strict=True))

    return draw_pieces


def _inner(mask, margin):
    """Return the pixels at least `margin` away from the edge of a mask."""
    return cv2.erode(mask, np.ones((2 * margin + 1, 2 * margin + 1))) > 0.99


def _continued(tile):
    """Return the least share of the threads in a tile's first and last row and column that go on across the border."""
    shares = []
    for first, last in ((tile[0], tile[-1]), (tile[:, 0], tile[:, -1])):
        for here, there in ((first, last), (last, first)):
            reached = cv2.dilate((there > 127).astype(np.uint8)[None], np.ones((1, 7), np.uint8))[0] > 0
            shares.append(reached[here > 127].mean())
    return min(shares)


def test_nets_repeat_without_a_seam(monkeypatch):
    monkeypatch.setattr(fabrics, "_hang", lambda rng, height, width, tile, *_: tile)
    for seed in range(24):
        tile = fabrics.net(np.random.default_rng(seed), 64, 64)
        assert _continued(tile) > 0.95
        assert 0.02 < (tile > 127).mean() < 0.95


@pytest.mark.parametrize("hexagons", [False, True])
def test_mesh_repeats_every_mesh_and_every_second_row_and_is_closed(hexagons):
    tile = np.zeros((fabrics.TILE, fabrics.TILE), np.uint8)
    fabrics._draw_mesh(tile, 8, 6, hexagons)
    tile = tile.astype(int)
    cell = fabrics.TILE // 8
    assert np.abs(tile - np.roll(tile, cell, axis=1)).mean() < 0.2
    assert np.abs(tile - np.roll(tile, 2 * cell, axis=0)).mean() < 0.2
    assert np.abs(tile - np.roll(tile, (cell, cell // 2), axis=(0, 1))).mean() < 0.2  # brick by brick
    assert np.abs(tile - np.roll(tile, cell // 2, axis=1)).mean() > 5
    # Every mesh is a hole of its own: 8 x 8 of them, counted on a tile beside its repetitions.
    _, _, _, centres = cv2.connectedComponentsWithStats((np.tile(tile, (3, 3)) < 128).astype(np.uint8), connectivity=4)
    # Of centres in the middle tile, a little aside so that no centre lies on its border.
    assert ((centres[1:] > fabrics.TILE - 9) & (centres[1:] < 2 * fabrics.TILE - 9)).all(axis=1).sum() == 64


@pytest.mark.parametrize("seed", SEEDS)
def test_lace_repeats_without_a_seam(seed):
    tile = fabrics._lace_tile(np.random.default_rng(seed))
    assert _continued(tile) > 0.8
    # The flower in the corner comes in from all four sides: its eye is a hole in a disc.
    assert max(tile[0, 0], tile[-1, 0], tile[0, -1], tile[-1, -1]) < 60
    around = ellipse(0, 0, 14, 14).round().astype(int)
    assert tile[around[:, 1], around[:, 0]].min() > 200


def test_lace_has_cloth_and_holes_and_nets_are_open(pieces):
    """Threads that cover, and in most nets meshes that show all of what is behind them."""
    for alpha, mask in pieces(fabrics.lace):
        inside = alpha[_inner(mask, 8)]
        assert min((inside > 0.7).mean(), (inside < 0.35).mean()) > 0.02
        assert inside.std() > 0.1
    meshes = [alpha[_inner(mask, 8)] for alpha, mask in pieces(fabrics.net)]
    assert min(inside.max() for inside in meshes) > 0.6
    assert np.median([(inside < 0.1).mean() for inside in meshes]) > 0.1


def test_veils_are_closed_and_smooth(pieces):
    for alpha, mask in pieces(fabrics.veil):
        assert alpha.max() > 0.4  # the promise
        assert alpha[_inner(mask, 1)].min() > 0.05
        assert np.median(np.abs(np.diff(cv2.blur(alpha, (5, 5)), axis=1))[_inner(mask, 8)[:, 1:]]) < 0.05


def test_veil_covers_more_where_it_is_folded(monkeypatch):
    """A steep fold is crossed over a longer way: alpha rises with the slope; nothing else varies here."""
    height, width = 64, 96
    slope = np.tile(np.linspace(0, 4, width, dtype=np.float32), (height, 1))
    monkeypatch.setattr(fabrics, "_folds", lambda *_: (np.zeros_like(slope), slope))
    monkeypatch.setattr(fabrics, "_outline", lambda *_, **__: np.ones_like(slope))
    monkeypatch.setattr(fabrics, "grid", lambda *_: np.zeros((2, height, width)))  # no weave
    alpha = fabrics.veil(np.random.default_rng(0), height, width)[..., 3]
    assert (np.diff(alpha[32]) > 0).all()
    # What passes through n layers is what passes through one to the n-th: sqrt(1 + 4^2) of them at the right.
    assert 1 - alpha[32, -1] == pytest.approx((1 - alpha[32, 0]) ** np.sqrt(17), rel=1e-3)


@pytest.mark.parametrize("draw", [fabrics.lace, fabrics.net])
def test_hem_is_closed(draw, pieces):
    """All along its edge the cloth covers, and nothing lies beyond it."""
    for alpha, mask in pieces(draw):
        hem = (mask > 0.99) & ~_inner(mask, 1)
        assert alpha[hem].min() > 0.35
        assert alpha[hem].mean() > 0.8
        assert not alpha[mask == 0].any()
        assert (alpha <= mask).all()


def test_folds_and_their_slope():
    for seed in SEEDS:
        folds, slope = fabrics._folds(np.random.default_rng(seed), 120, 140, 4.0)
        assert 0.4 < folds.std() < 1.5
        rise = np.gradient(cv2.blur(folds, (1, 3)), axis=1)[2:-2, 2:-2]
        assert np.corrcoef(rise.ravel(), slope[2:-2, 2:-2].ravel())[0, 1] > 0.95
        # Folds hang: they change less from row to row than from column to column.
        assert np.abs(np.diff(folds, axis=0)).mean() < np.abs(np.diff(folds, axis=1)).mean()
