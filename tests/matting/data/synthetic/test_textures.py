"""Textures: noise of its scale, colours in range and close together, surfaces with the statistics of photographs."""

import colorsys

import numpy as np
import pytest

from a2u_tf.matting.data.synthetic import textures
from a2u_tf.matting.data.synthetic.textures import cloudy, dead_leaves, fractal_noise, smooth_noise


def _correlation(field, down, right):
    """Return the correlation of a field with itself some pixels away."""
    height, width = field.shape
    return np.corrcoef(field[down:, right:].ravel(), field[: height - down, : width - right].ravel())[0, 1]


# Those of 16 pixels and more are drawn small and enlarged.
@pytest.mark.parametrize("cell", [2, 7, 20, (4, 12), (12, 4), (20, 60), (60, 20)])
def test_smooth_noise_has_its_variance_and_scales(cell):
    """Half of a cell away the noise is still alike, two cells away it is not: along each axis by its own cell."""
    fields = [smooth_noise(np.random.default_rng(seed), 240, 280, cell) for seed in range(4)]
    assert abs(np.mean(fields)) < 0.2
    assert 0.6 < np.std(fields) < 1.2
    down, right = cell if isinstance(cell, tuple) else (cell, cell)
    assert np.mean([_correlation(field, down // 2, 0) for field in fields]) > 0.5
    assert np.mean([_correlation(field, 0, right // 2) for field in fields]) > 0.5
    assert abs(np.mean([_correlation(field, 2 * down, 0) for field in fields])) < 0.3
    assert abs(np.mean([_correlation(field, 0, 2 * right) for field in fields])) < 0.3


@pytest.mark.parametrize("shape", [(1, 97), (65, 1), (64, 131)])
def test_shapes(shape):
    for cell in (3, 17, 40.5):
        for field in (
            smooth_noise(np.random.default_rng(0), *shape, cell),
            fractal_noise(np.random.default_rng(0), *shape, cell),
        ):
            assert field.shape == shape
            assert field.dtype == np.float32
            assert np.isfinite(field).all()


def test_fractal_noise_has_its_variance_and_gets_rougher_with_its_gain():
    """Rough is how much a pixel differs from the next, relative to the spread of all."""
    roughness = []
    for gain in (0.3, 0.6, 0.9):
        fields = [fractal_noise(np.random.default_rng(seed), 128, 128, 32, gain=gain) for seed in range(15)]
        assert abs(np.mean(fields)) < 0.15
        assert 0.7 < np.var(fields) < 1.6
        roughness.append(np.mean([np.diff(field, axis=1).std() / field.std() for field in fields]))
    assert roughness[0] < 0.7 * roughness[1] < 0.7**2 * roughness[2]


def test_fractal_noise_has_no_detail_below_its_finest():
    """With bumps of 16 pixels at least, nearly all energy lies below a frequency of 1 / 16."""
    field = fractal_noise(np.random.default_rng(0), 128, 128, 32, finest=16)
    window = np.hanning(128)[:, None] * np.hanning(128)
    power = np.abs(np.fft.fft2(field * window)) ** 2
    frequency = np.hypot(*np.meshgrid(np.fft.fftfreq(128), np.fft.fftfreq(128)))
    assert power[frequency > 1 / 16].sum() < 0.05 * power.sum()


def test_stretch():
    field = np.array([[-3.0, 1.0], [5.0, -1.0]], np.float32)
    np.testing.assert_allclose(textures.stretch(field), [[0, 0.5], [1, 0.25]], atol=1e-6)
    np.testing.assert_array_equal(textures.stretch(np.full((4, 5), 7.25, np.float32)), np.zeros((4, 5)))


@pytest.mark.parametrize(("down", "right"), [(3, 0), (0, 2), (-2, 5)])
def test_displacing_by_whole_pixels_is_a_shift(rng, down, right):
    image = rng.random((14, 17, 3)).astype(np.float32)
    moved = textures.displace(image, np.float32(down), np.float32(right))
    inside = np.s_[max(0, -down) : 14 - max(0, down), max(0, -right) : 17 - max(0, right)]
    np.testing.assert_array_equal(moved[inside], np.roll(image, (-down, -right), (0, 1))[inside])
    # By half a pixel it is the mean of two.
    moved = textures.displace(image, np.float32(0), np.full((14, 17), 0.5, np.float32))
    np.testing.assert_allclose(moved[:, :-1], (image[:, :-1] + image[:, 1:]) / 2, atol=1e-6)


def test_smoothstep_has_its_ends_and_no_kink_and_falls_when_these_are_swapped():
    t = np.linspace(-1, 2, 3001, dtype=np.float32)
    rise = textures.smoothstep(t, 0.25, 0.75)
    assert (rise[t <= 0.25] == 0).all()
    assert (rise[t >= 0.75] == 1).all()
    assert (np.diff(rise) >= -1e-6).all()
    assert rise[1500] == pytest.approx(0.5, abs=1e-3)
    slope = np.gradient(rise.astype(float), t.astype(float))
    assert slope.max() == pytest.approx(1.5 / 0.5, rel=0.02)  # a cubic's greatest slope is 1.5 of the straight line's
    assert np.abs(np.diff(slope)).max() < 0.05  # a kink would be a jump by 2
    np.testing.assert_allclose(textures.smoothstep(t, 0.75, 0.25), 1 - rise, atol=1e-6)


def _hsv(table):
    return np.array([colorsys.rgb_to_hsv(*colour) for colour in table])


def test_any_colour_has_any_hue_and_is_dull_more_often_than_vivid(rng):
    drawn = np.array([textures.any_colour(rng) for _ in range(2000)])
    assert drawn.shape == (2000, 3)
    assert 0 <= drawn.min() <= drawn.max() <= 1
    hue, saturation, value = _hsv(drawn).T
    np.testing.assert_allclose(np.histogram(hue, 6, (0, 1))[0] / 2000, 1 / 6, atol=0.04)
    assert 0.6 < (saturation < 0.5).mean() < 0.85
    assert value.min() == pytest.approx(0.12, abs=0.02)
    assert value.max() > 0.95


@pytest.mark.parametrize("count", [1, 2, 5, 12])
def test_palettes_hues_lie_close_to_two_at_most(rng, count):
    for _ in range(50):
        table = textures.palette(rng, count)
        assert table.shape == (count, 3)
        assert 0 <= table.min() <= table.max() <= 1
        hue, saturation, value = _hsv(table).T
        assert value.max() >= 0.65 - 1e-9 or count == 1
        assert value.min() <= 0.6 + 1e-9
        hue = hue[(saturation > 0.02) & (value > 0.02)]
        # Mark what is near to the first hue, then what is near to the first of the rest: nothing is left.
        for _ in range(2):
            if len(hue):
                hue = hue[np.abs((hue - hue[0] + 0.5) % 1 - 0.5) > 0.2]
        assert len(hue) == 0


def test_pick_lies_between_two_rows_or_a_little_off(rng):
    table = np.array([(0.2, 0.4, 0.6), (0.6, 0.8, 0.2)])
    drawn = np.array([textures.pick(rng, table) for _ in range(500)])
    assert (drawn >= 0.9 * table.min(axis=0) - 1e-9).all()
    assert (drawn <= 1.1 * table.max(axis=0) + 1e-9).all()
    # As red rises from row to row, blue falls as much.
    np.testing.assert_allclose(drawn[:, 2], 0.6 - 0.4 * ((drawn[:, 0] - 0.2) / 0.4), atol=0.13)
    assert drawn[:, 0].min() < 0.25
    assert drawn[:, 0].max() > 0.55
    assert np.array([textures.pick(rng, np.ones((3, 3))) for _ in range(50)]).max() == 1


def test_variations_differ_mostly_in_brightness(rng):
    colour = np.array([0.2, 0.3, 0.25])
    drawn = textures.vary(rng, colour, 2000, 0.2)
    assert drawn.shape == (2000, 3)
    ratio = np.log(drawn / colour)
    assert np.median(ratio, axis=0) == pytest.approx(np.zeros(3), abs=0.02)
    brightness = ratio.mean(axis=1)
    assert brightness.std() == pytest.approx(0.2, rel=0.1)
    assert (ratio - brightness[:, None]).std() < 0.4 * brightness.std()
    assert textures.vary(rng, np.array([0.9, 0.5, 0.1]), 500, 2.0).min() >= 0
    assert textures.vary(rng, np.array([0.9, 0.5, 0.1]), 500, 2.0).max() == 1
    np.testing.assert_array_equal(textures.vary(rng, colour, 3, 0), np.tile(colour, (3, 1)))


def test_paint_has_its_ends_and_its_middle_and_clips_what_is_outside():
    table = np.array([(0.1, 0.9, 0.0), (0.5, 0.3, 1.0), (0.7, 0.4, 0.2)])
    painted = textures.paint(np.float32([[0, 0.25, 0.5, -3], [0.75, 1, 1, 4]]), table)
    assert painted.dtype == np.float32
    lower, upper = table[:2].mean(axis=0), table[1:].mean(axis=0)
    expected = [[table[0], lower, table[1], table[0]], [upper, table[2], table[2], table[2]]]
    np.testing.assert_allclose(painted, expected, atol=1 / 128)  # 256 steps from end to end
    np.testing.assert_allclose(textures.paint(np.float32([[0.3, 1]]), table[:1])[0], table[[0, 0]], atol=1e-6)


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
