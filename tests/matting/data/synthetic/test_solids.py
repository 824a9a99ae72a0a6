"""Solid things: opaque up to an edge of a pixel, with holes; and plaited ones."""

import cv2
import numpy as np
import pytest

from a2u_tf.matting.data.synthetic import solids as module
from a2u_tf.matting.data.synthetic.solids import objects, wicker
from tests.matting.data.synthetic.chance import Choosing

HEIGHT, WIDTH = 140, 120


def _edge(mask):
    """Return the pixels within one and a half of the border between inside and outside."""
    inside = (mask > 0.5).astype(np.uint8)
    return cv2.dilate(inside, np.ones((3, 3), np.uint8)) != cv2.erode(inside, np.ones((3, 3), np.uint8))


@pytest.fixture(scope="module")
def layers():
    return [objects(np.random.default_rng(seed), HEIGHT, WIDTH) for seed in range(12)]


@pytest.fixture(scope="module")
def balls():
    return [wicker(np.random.default_rng(seed), HEIGHT, WIDTH) for seed in range(12)]


def test_objects_are_opaque_with_edges_of_a_pixel(layers):
    for layer in layers:
        alpha = layer[..., 3]
        between = (alpha > 0.02) & (alpha < 0.98)
        assert between.any()
        assert between[_edge(alpha)].sum() > 0.9 * between.sum()  # nothing is half transparent but the edge
        assert 0.02 < (alpha >= 0.98).mean() < 0.95


@pytest.mark.parametrize("kind", range(5))
def test_silhouettes_of_every_kind(kind):
    masks = [module._silhouette(Choosing(seed, integers=kind), HEIGHT, WIDTH, 1) for seed in range(8)]
    for mask in masks:
        assert 0 <= mask.min() <= mask.max() == 1
        assert 0.01 < mask.mean() < 0.9
        between = (mask > 0) & (mask < 1)
        assert between[_edge(mask)].sum() > 0.9 * between.sum()
    pierced = []
    for mask in masks:
        framed = cv2.copyMakeBorder((mask < 0.5).astype(np.uint8), 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=1)
        pierced.append(cv2.connectedComponents(framed)[0] > 2)  # more than inside and outside
    if kind == 1:
        assert not any(pierced)  # blobs
    if kind in (2, 4):
        assert any(pierced)  # stars and plates, half of them with a hole
        assert not all(pierced)


def test_many_objects_are_smaller_than_one():
    """Each of `count` objects has about its share of the area."""
    areas = [
        np.mean([module._silhouette(Choosing(seed, integers=1), HEIGHT, WIDTH, count).mean() for seed in range(12)])
        for count in (1, 4)
    ]
    assert areas[1] == pytest.approx(areas[0] / 4, rel=0.3)


def test_wicker_is_a_disc_of_bars_with_holes(balls):
    filled = []
    for layer in balls:
        alpha = layer[..., 3]
        y, x = np.nonzero(alpha > 0.5)
        across, down = np.ptp(x) + 1, np.ptp(y) + 1
        assert across == pytest.approx(down, rel=0.25)  # a ball
        radius = max(across, down) / 2
        assert 0.2 * WIDTH < radius < 0.47 * WIDTH
        middle = np.array([(x.max() + x.min()) / 2, (y.max() + y.min()) / 2])
        rows, columns = np.indices(alpha.shape)
        away = np.hypot(columns - middle[0], rows - middle[1])
        assert not alpha[away > 1.25 * radius].any()
        filled.append((alpha[away < 0.9 * radius] > 0.5).mean())
    assert min(filled) > 0.1
    assert np.median(filled) < 0.98
    assert min(filled) < 0.7  # holes


def test_bars_in_front_are_brighter(balls):
    """The bars' colours differ by depth and by light from bar to bar."""
    for layer in balls:
        covered = layer[..., 3] > 0.95
        if covered.sum() > 100:
            tones = layer[covered][:, :3].mean(axis=1)
            assert tones.std() > 0.1 * tones.mean()
