"""Plants: every kind draws, stems rise, branches and leaves hold on to them."""

import numpy as np
import pytest

from a2u_tf.matting.data.synthetic import plants as module
from a2u_tf.matting.data.synthetic.plants import plant
from a2u_tf.matting.data.synthetic.strands import draw_strands
from tests.matting.data.synthetic.helpers import area, curves_and_widths, lengths

HEIGHT, WIDTH = 140, 120
KINDS = ("_twigs", "_needles", "_grass", "_flowers")


@pytest.fixture(scope="module")
def stems():
    return np.concatenate([module._stems(np.random.default_rng(seed), HEIGHT, WIDTH, 6, 0.1) for seed in range(20)])


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_draws(kind):
    alphas = []
    for seed in range(6):
        groups = getattr(module, kind)(np.random.default_rng(seed), HEIGHT, WIDTH)
        for outlines, colours in groups:
            assert len(outlines) == len(colours) > 0
            assert colours.shape[1] == 4
            assert 0 <= colours.min() <= colours.max() <= 1
        alphas.append(draw_strands(HEIGHT, WIDTH, *groups)[..., 3])
        assert 0.01 < (alphas[-1] > 0.1).mean() < 0.95
    assert np.median([alpha.max() for alpha in alphas]) > 0.95


def test_plants_are_of_every_kind(monkeypatch):
    drawn = []
    for kind in KINDS:
        draw = getattr(module, kind)
        monkeypatch.setattr(module, kind, lambda *args, kind=kind, draw=draw: drawn.append(kind) or draw(*args))
    for seed in range(30):
        plant(np.random.default_rng(seed), 65, 80)
    assert set(drawn) == set(KINDS)


def test_stems_rise_from_near_the_lower_border(stems):
    assert stems.shape == (120, 24, 2)
    assert (np.abs(stems[:, 0, 1] / HEIGHT - 1) < 0.11).all()
    assert stems[:, 0, 0].mean() == pytest.approx(WIDTH / 2, abs=4)
    risen = stems[:, 0, 1] - stems[:, -1, 1]
    assert (risen > 0).mean() > 0.95
    assert np.median(risen) > 0.4 * HEIGHT
    assert 0.6 - 1e-6 <= lengths(stems).min() / HEIGHT <= lengths(stems).max() / HEIGHT <= 0.95 + 1e-6


def test_branches_leave_the_stems_on_both_sides(stems):
    each = 8
    branches = module._branches(np.random.default_rng(0), stems, each, 30.0)
    assert branches.shape == (len(stems) * each, 16, 2)
    parents = np.repeat(stems, each, axis=0)
    gap = np.linalg.norm(parents - branches[:, :1], axis=2)
    assert gap.min(axis=1).max() < 1e-9  # each roots in a point of its own stem
    at = gap.argmin(axis=1)
    assert at.min() >= 6  # not in the lowest quarter
    rows = np.arange(len(parents))
    along, away = parents[rows, at] - parents[rows, at - 1], branches[:, 1] - branches[:, 0]
    assert ((along[:, 0] * away[:, 1] - along[:, 1] * away[:, 0]) > 0).mean() == pytest.approx(0.5, abs=0.06)
    assert ((along * away).sum(axis=1) > 0).mean() > 0.95  # onwards
    assert np.corrcoef(at, lengths(branches))[0, 1] < -0.3  # the upper ones are shorter


def test_leaves_are_two_halves_and_a_rib(rng):
    """Both halves share the rib, lie on either side of it and close at its ends; they have their size."""
    roots, directions = rng.random((200, 2)) * 100, rng.normal(0, 1, (200, 2))
    polygons, colours = module._leaves(rng, roots, directions, 20.0, 0.5, np.array([0.3, 0.5, 0.2]))
    assert polygons.shape == (600, 24, 2)
    assert colours.shape == (600, 4)
    first, second, vein = np.moveaxis(polygons.reshape(200, 3, 24, 2), 1, 0)
    rib = first[:, :12]
    np.testing.assert_array_equal(rib, second[:, :12])
    np.testing.assert_array_equal(rib[:, 0], roots)
    for half in (first, second):
        edge = half[:, :11:-1]  # back from the tip
        np.testing.assert_allclose(edge[:, [0, -1]], rib[:, [0, -1]], atol=1e-6)
        across = np.linalg.norm(edge - rib, axis=2) / lengths(rib)[:, None]
        assert across.max() <= 0.25 + 1e-9  # half of the slenderness
        assert across.max() > 0.2
    # The halves are one another's mirror images: their outer edges' middle is the rib.
    np.testing.assert_allclose((first[:, 12:] + second[:, 12:]) / 2, rib[:, ::-1], atol=1e-9)
    assert 0.5 * 20 - 1e-6 <= lengths(rib).min() < lengths(rib).max() <= 1.3 * 20 + 1e-6
    np.testing.assert_allclose(curves_and_widths(vein)[0], rib, atol=1e-9)
    assert np.median(area(vein)) < 0.3 * np.median(area(first))
    light = colours[:, :3].mean(axis=1).reshape(200, 3)
    assert (light[:, 0] < light[:, 1]).all()  # they catch the light differently


def test_needles_are_thin_and_straight():
    for seed in range(4):
        *_, (needles, _) = module._needles(np.random.default_rng(seed), 256, 200)
        assert len(needles) > 300
        curves, widths = curves_and_widths(needles)
        reach = np.linalg.norm(curves[:, -1] - curves[:, 0], axis=1)
        assert np.median(reach / lengths(curves)) > 0.98
        assert reach.max() < 0.12 * 200
        assert widths.max() < 1.7


def test_grass_grows_from_below_the_border():
    for seed in range(6):
        blades, _ = module._grass(np.random.default_rng(seed), HEIGHT, WIDTH)[0]
        np.testing.assert_allclose(((blades[:, 0] + blades[:, -1]) / 2)[:, 1], HEIGHT + 2, atol=1e-6)
        assert blades[..., 1].min() < 0.8 * HEIGHT


def test_flowers_sit_on_their_stalks():
    """Petals point all round the end of a stalk, on which a heart of dots lies."""
    for seed in range(4):
        (stalks, _), outer, inner, (dots, _), *_ = module._flowers(np.random.default_rng(seed), HEIGHT, WIDTH)
        end = (stalks[0, 23] + stalks[0, 24]) / 2
        assert np.linalg.norm(dots.reshape(-1, 2).mean(axis=0) - end) < 0.06 * WIDTH
        for petals in (outer[0], inner[0]):
            away = petals[::3, 11] - end
            assert (np.histogram(np.arctan2(away[:, 1], away[:, 0]), 4, (-np.pi, np.pi))[0] >= 1).all()
            assert (np.linalg.norm(petals[::3, 0] - end, axis=1) < np.linalg.norm(away, axis=1)).all()
