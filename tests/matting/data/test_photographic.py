"""Samples like photographs: what holds for each, and that what is drawn of them keeps what is known."""

import numpy as np
import pytest

from a2u_tf.matting.conventions import BACKGROUND, FOREGROUND, UNKNOWN
from a2u_tf.matting.data import photographic
from a2u_tf.matting.data.photographic import drawn_trimap, photographic_sample
from tests.matting.data.test_augmentation import Discs

MEAN, DEVIATION = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]


@pytest.mark.parametrize(("size", "crop_size"), [((90, 120), 64), ((40, 30), 64), ((500, 70), 49)])
def test_sample(size, crop_size):
    for index in range(12):
        inputs, target = photographic_sample(Discs(size), np.random.default_rng([0, index]), crop_size)
        assert inputs.shape == (crop_size, crop_size, 4)
        assert target.shape == (crop_size, crop_size, 11)
        assert inputs.dtype == target.dtype == np.float32
        alpha, unknown = target[..., :1], target[..., 1:2]
        assert set(np.unique(unknown)) <= {0, 1}
        assert alpha.min() >= 0
        assert alpha.max() <= 1
        np.testing.assert_allclose(
            target[..., 8:], alpha * target[..., 2:5] + (1 - alpha) * target[..., 5:8], atol=1e-5
        )
        np.testing.assert_array_equal(inputs[..., 3:][unknown == 1], np.float32(128 / 255))
        # What the network sees is the composition, but for noise and JPEG, which changes backgrounds of noise much.
        seen = inputs[..., :3] * DEVIATION + MEAN
        assert np.abs(seen - target[..., 8:]).mean() < 0.1


def test_exception_of_a_small_crop():
    with pytest.raises(ValueError, match=r"at least 16 pixels. Received: 15"):
        photographic_sample(Discs(), np.random.default_rng(0), 15)


def test_sample_is_a_function_of_the_seed():
    first, again, other = (photographic_sample(Discs(), np.random.default_rng(seed), 64) for seed in (1, 1, 2))
    for x, y, z in zip(first, again, other, strict=True):
        np.testing.assert_array_equal(x, y)
        assert (x != z).any()


def test_without_camera_the_input_is_the_composition(monkeypatch):
    monkeypatch.setattr(photographic, "NOISY", 0)
    monkeypatch.setattr(photographic, "COMPRESSED", 0)
    inputs, target = photographic_sample(Discs(), np.random.default_rng(3), 64)
    np.testing.assert_allclose(inputs[..., :3] * DEVIATION + MEAN, target[..., 8:], atol=0.5 / 255 + 1e-5)


def disc():
    distance = np.hypot(*(np.indices((120, 150)) - np.array([60, 75])[:, None, None]))
    return (np.clip(40 - distance, 0, 8) / 8).astype(np.float32)


def test_exact_trimaps_know_only_what_is_so(monkeypatch):
    monkeypatch.setattr(photographic, "ROUGH", 0)
    alpha, shares = disc(), []
    for seed in range(20):
        trimap = drawn_trimap(alpha, np.random.default_rng(seed))
        assert (alpha[trimap == FOREGROUND] > 0.98).all()
        assert (alpha[trimap == BACKGROUND] < 0.02).all()
        shares.append((trimap == UNKNOWN).mean())
    assert min(shares) > ((alpha > 0) & (alpha < 1)).mean()
    assert max(shares) > 1.5 * min(shares)


@pytest.mark.parametrize("even", [0, 1])
def test_the_unknown_band_is_uneven(monkeypatch, even):
    """Along the edge of a disc, the width of the background's part of the band: the same everywhere, or not."""
    monkeypatch.setattr(photographic, "ROUGH", 0)
    monkeypatch.setattr(photographic, "EVEN", even)
    monkeypatch.setattr(photographic, "WIDTHS", (5.0, 9.0))  # else the picture's border ends the band
    alpha = disc()
    spreads = []
    for seed in range(10):
        band = (drawn_trimap(alpha, np.random.default_rng(seed)) == UNKNOWN) & (alpha == 0)
        ends = [band[60, 115:].sum(), band[60, :35].sum(), band[:20, 75].sum(), band[100:, 75].sum()]
        spreads.append(np.ptp(ends))
    assert (max(spreads) > 3) != even


def test_rough_trimaps_leave_strands_out(monkeypatch):
    """A hair on a disc is known to be background, wrongly; the disc's edge is unknown."""
    monkeypatch.setattr(photographic, "ROUGH", 1)
    alpha = disc()
    alpha[60, 115:] = 0.9
    trimap = drawn_trimap(alpha, np.random.default_rng(0))
    assert trimap[60, -1] == BACKGROUND
    assert (trimap[np.abs(alpha - 0.5) < 0.2] == UNKNOWN).all()
    assert trimap[60, 75] == FOREGROUND


def test_light_of_the_background_reaches_the_foreground(monkeypatch):
    monkeypatch.setattr(photographic, "LIT", 1)
    monkeypatch.setattr(photographic, "jitter", lambda foreground, *_: foreground.astype(np.float32))

    class Grey(Discs):
        def foreground(self, rng):
            return np.full((*self.size, 3), 120, np.uint8), disc()[: self.size[0], : self.size[1]]

        def background(self, rng):
            return np.full((90, 120, 3), (200, 60, 60), np.uint8)

    for seed in range(4):
        _, target = photographic_sample(Grey((120, 150)), np.random.default_rng(seed), 64)
        red, green, blue = target[target[..., 0] == 1][:, 2:5].T
        assert (red > 121 / 255).all()
        np.testing.assert_allclose(green, blue)
        assert (green < 119 / 255).all()


def test_window_holds_a_part_of_the_edge():
    """A dot in a large picture is in every sample."""

    class Dot:
        def foreground(self, rng):
            alpha = np.zeros((400, 400), np.float32)
            alpha[350, 30] = 0.5
            return np.zeros((400, 400, 3), np.uint8), alpha

        def background(self, rng):
            return np.zeros((400, 400, 3), np.uint8)

    for seed in range(10):
        _, target = photographic_sample(Dot(), np.random.default_rng(seed), 64)
        assert target[..., 0].max() > 0
