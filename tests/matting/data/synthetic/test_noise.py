"""Noise: its variance, its scale and its spectrum; and the small fields that everything is drawn with."""

import numpy as np
import pytest

from a2u_tf.matting.data.synthetic import noise


def _correlation(field, down, right):
    """Return the correlation of a field with itself some pixels away."""
    height, width = field.shape
    return np.corrcoef(field[down:, right:].ravel(), field[: height - down, : width - right].ravel())[0, 1]


@pytest.mark.parametrize("cell", [2, 7, 20])
def test_smooth_noise_has_its_variance_and_scale(cell):
    field = noise.smooth_noise(np.random.default_rng(0), 300, 300, cell)
    assert abs(field.mean()) < 0.2
    assert 0.6 < field.std() < 1.2
    assert abs(_correlation(field, 0, 2 * cell)) < 0.3
    assert _correlation(field, 0, 1) > 0.6


@pytest.mark.parametrize("cell", [(4, 12), (12, 4), (20, 60), (60, 20)])  # the latter two are drawn small and enlarged
def test_smooth_noise_with_a_pair_of_scales(cell):
    """Half of a cell away the noise is still alike, two cells away it is not: along each axis by its own cell."""
    fields = [noise.smooth_noise(np.random.default_rng(seed), 240, 280, cell) for seed in range(4)]
    down, right = cell
    assert np.mean([_correlation(field, down // 2, 0) for field in fields]) > 0.5
    assert np.mean([_correlation(field, 0, right // 2) for field in fields]) > 0.5
    assert abs(np.mean([_correlation(field, 2 * down, 0) for field in fields])) < 0.3
    assert abs(np.mean([_correlation(field, 0, 2 * right) for field in fields])) < 0.3


@pytest.mark.parametrize("shape", [(1, 97), (65, 1), (64, 131)])
def test_shapes(shape):
    for cell in (3, 17, 40.5):
        for field in (
            noise.smooth_noise(np.random.default_rng(0), *shape, cell),
            noise.fractal_noise(np.random.default_rng(0), *shape, cell),
        ):
            assert field.shape == shape
            assert field.dtype == np.float32
            assert np.isfinite(field).all()


def _roughness(gain):
    """Return how much a pixel differs from the next, relative to the spread of all."""
    fields = [noise.fractal_noise(np.random.default_rng(seed), 128, 128, 32, gain=gain) for seed in range(6)]
    return np.mean([np.diff(field, axis=1).std() / field.std() for field in fields])


def test_fractal_noise_gets_rougher_with_its_gain():
    roughness = [_roughness(gain) for gain in (0.3, 0.6, 0.9)]
    assert roughness[0] < 0.7 * roughness[1] < 0.7**2 * roughness[2]


@pytest.mark.parametrize("gain", [0.4, 0.7, 1.0])
def test_fractal_noise_has_its_variance(gain):
    fields = np.array([noise.fractal_noise(np.random.default_rng(seed), 96, 96, 24, gain=gain) for seed in range(20)])
    assert abs(fields.mean()) < 0.15
    assert 0.7 < fields.var() < 1.6


def test_fractal_noise_has_no_detail_below_its_finest():
    """With bumps of 16 pixels at least, nearly all energy lies below a frequency of 1 / 16."""
    field = noise.fractal_noise(np.random.default_rng(0), 128, 128, 32, finest=16)
    window = np.hanning(128)[:, None] * np.hanning(128)
    power = np.abs(np.fft.fft2(field * window)) ** 2
    frequency = np.hypot(*np.meshgrid(np.fft.fftfreq(128), np.fft.fftfreq(128)))
    assert power[frequency > 1 / 16].sum() < 0.05 * power.sum()


def test_stretch():
    field = np.array([[-3.0, 1.0], [5.0, -1.0]], np.float32)
    np.testing.assert_allclose(noise.stretch(field), [[0, 0.5], [1, 0.25]], atol=1e-6)
    np.testing.assert_array_equal(noise.stretch(np.full((4, 5), 7.25, np.float32)), np.zeros((4, 5)))


def test_grid():
    y, x = noise.grid(4, 6)
    assert y.dtype == x.dtype == np.float32
    np.testing.assert_array_equal([y, x], np.indices((4, 6)))


@pytest.mark.parametrize(("down", "right"), [(3, 0), (0, 2), (-2, 5)])
def test_displacing_by_whole_pixels_is_a_shift(rng, down, right):
    image = rng.random((14, 17)).astype(np.float32)
    moved = noise.displace(image, np.float32(down), np.float32(right))
    inside = np.s_[max(0, -down) : 14 - max(0, down), max(0, -right) : 17 - max(0, right)]
    np.testing.assert_array_equal(moved[inside], np.roll(image, (-down, -right), (0, 1))[inside])


def test_displacing_half_a_pixel_is_the_mean_of_two_and_colours_move_together(rng):
    image = rng.random((9, 11, 3)).astype(np.float32)
    moved = noise.displace(image, np.float32(0), np.full((9, 11), 0.5, np.float32))
    np.testing.assert_allclose(moved[:, :-1], (image[:, :-1] + image[:, 1:]) / 2, atol=1e-6)


def test_smoothstep_has_its_ends_and_no_kink():
    t = np.linspace(-1, 2, 3001, dtype=np.float32)
    rise = noise.smoothstep(t, 0.25, 0.75)
    assert (rise[t <= 0.25] == 0).all()
    assert (rise[t >= 0.75] == 1).all()
    assert (np.diff(rise) >= -1e-6).all()
    assert rise[1500] == pytest.approx(0.5, abs=1e-3)
    slope = np.gradient(rise.astype(float), t.astype(float))
    assert slope.max() == pytest.approx(1.5 / 0.5, rel=0.02)  # a cubic's greatest slope is 1.5 of the straight line's
    assert np.abs(np.diff(slope)).max() < 0.05  # a kink would be a jump by 2


def test_smoothstep_falls_when_its_ends_are_swapped():
    t = np.linspace(0, 1, 11, dtype=np.float32)
    np.testing.assert_allclose(noise.smoothstep(t, 0.8, 0.2), 1 - noise.smoothstep(t, 0.2, 0.8), atol=1e-6)
