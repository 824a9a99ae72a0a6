"""Textures: in range, varied, and with the statistics of photographs."""

import numpy as np
import pytest

from a2u_tf.matting.data.synthetic import textures
from a2u_tf.matting.data.synthetic.textures import cloudy, dead_leaves

KINDS = ("cloudy", "grained", "striped", "checked", "spotted", "dead_leaves")


def test_natural_statistics():
    """Amplitude falls as about `1 / f`, as in photographs: the slope of log power over log frequency is near -2."""
    slopes = []
    for draw in (cloudy, dead_leaves):
        power = 0
        for seed in range(6):
            grey = draw(np.random.default_rng(seed), 128, 128).mean(axis=2)
            window = np.hanning(128)[:, None] * np.hanning(128)
            power = power + np.abs(np.fft.fft2((grey - grey.mean()) * window)) ** 2
        radius = np.rint(np.hypot(*np.meshgrid(np.fft.fftfreq(128), np.fft.fftfreq(128))) * 128).astype(int)
        profile = np.bincount(radius.ravel(), power.ravel()) / np.bincount(radius.ravel())
        slopes.append(np.polyfit(np.log(np.arange(3, 40)), np.log(profile[3:40]), 1)[0])
    assert all(-3.8 < slope < -1.5 for slope in slopes)


@pytest.mark.parametrize("shape", [(64, 64), (65, 97), (131, 67)])
@pytest.mark.parametrize("kind", KINDS)
def test_shapes_ranges_and_seeds(kind, shape):
    drawn = [getattr(textures, kind)(np.random.default_rng(seed), *shape) for seed in range(6)]
    for image in drawn:
        assert image.shape == (*shape, 3)
        assert image.dtype == np.float32
        assert 0 <= image.min() <= image.max() <= 1
        assert image.std() > 0.005
    assert len({image.tobytes() for image in drawn}) == 6


def test_texture_draws_every_kind(monkeypatch):
    drawn = []
    for kind in KINDS:
        monkeypatch.setattr(textures, kind, lambda rng, height, width, kind=kind: drawn.append((kind, height, width)))
    rng = np.random.default_rng(0)
    for _ in range(700):
        textures.texture(rng, 65, 97)
    assert set(drawn) == {(kind, 65, 97) for kind in KINDS}
    assert drawn.count(("cloudy", 65, 97)) == pytest.approx(200, abs=50)


def _anisotropy(image):
    """Return how much more an image changes downwards than to the right."""
    grey = image.mean(axis=2)
    return np.abs(np.diff(grey, axis=0)).mean() / np.abs(np.diff(grey, axis=1)).mean()


def test_grain_runs_in_one_direction_lying_or_standing():
    ratios = np.log([_anisotropy(textures.grained(np.random.default_rng(seed), 128, 128)) for seed in range(12)])
    assert (np.abs(ratios) > np.log(2)).all()
    assert ratios.min() < 0 < ratios.max()


@pytest.mark.parametrize("share", [0.1, 0.25, 0.5])
def test_band_has_its_share_in_the_middle_of_every_period(share):
    position = np.linspace(-2, 3, 5000, endpoint=False, dtype=np.float32)
    band = textures._band(position, share, 0.02)
    assert band.min() == 0
    assert band.max() == 1
    assert band.mean() == pytest.approx(share, abs=1e-3)
    np.testing.assert_allclose(band.reshape(5, 1000)[0], band.reshape(5, 1000)[3], atol=1e-3)
    middle = np.abs(position % 1 - 0.5)
    assert (band[middle < share / 2 - 0.021] == 1).all()
    assert (band[middle > share / 2 + 0.021] == 0).all()


def test_turning_by_90_degrees_keeps_the_size_and_swaps_the_axes(rng):
    square = rng.random((9, 9)).astype(np.float32)
    np.testing.assert_array_equal(textures._turn(square, 90), square.T)
    np.testing.assert_array_equal(textures._turn(square, 0), square)
    rows = np.repeat(np.linspace(0, 1, 40, dtype=np.float32)[:, None], 60, axis=1)
    turned = textures._turn(rows, 90)
    assert turned.shape == (40, 60)
    assert (np.diff(turned, axis=1) >= 0).all()
    assert (turned[0] == turned[-1]).all()


def test_plane_is_two_axes_at_right_angles_in_pixels():
    """Both coordinates grow by a pixel a pixel, in directions at right angles, but for a smooth warp."""
    straight = 0
    for seed in range(20):
        u, v = textures._plane(np.random.default_rng(seed), 64, 80)
        slopes = np.array([[np.diff(axis, axis=1).mean(), np.diff(axis, axis=0).mean()] for axis in (u, v)])
        np.testing.assert_allclose(slopes @ slopes.T, np.eye(2), atol=0.5)
        straight += np.allclose(slopes @ slopes.T, np.eye(2), atol=1e-3)
    assert straight >= 5


def test_roughening_changes_brightness_a_little_and_stays_in_range():
    for value in (0.0, 0.5, 1.0):
        image = np.full((65, 64, 3), value, np.float32)
        rough = textures._roughen(np.random.default_rng(0), image)
        assert 0 <= rough.min() <= rough.max() <= 1
        assert np.abs(rough - image).mean() < 0.15
        np.testing.assert_array_equal(rough[..., 0], rough[..., 2])
    assert textures._roughen(np.random.default_rng(0), np.full((65, 64, 3), 0.5, np.float32)).std() > 0.005


def test_dead_leaves_are_flat_inside_and_have_edges():
    """Most neighbours are nearly alike and a few differ much: the histogram of gradients has heavy tails."""
    for seed in range(6):
        steps = np.diff(textures.dead_leaves(np.random.default_rng(seed), 128, 128).mean(axis=2), axis=1).ravel()
        assert np.mean(steps**4) / np.mean(steps**2) ** 2 > 6  # a Gaussian has 3
