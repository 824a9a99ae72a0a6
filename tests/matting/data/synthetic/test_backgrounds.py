"""Backgrounds: pictures of every kind."""

import cv2
import numpy as np
import pytest

from a2u_tf.matting.data.synthetic import backgrounds
from a2u_tf.matting.data.synthetic.backgrounds import KINDS as BACKGROUNDS


@pytest.mark.parametrize("shape", [(64, 97), (131, 65)])
@pytest.mark.parametrize("name", BACKGROUNDS)
def test_shapes_and_ranges(name, shape):
    images = [BACKGROUNDS[name](np.random.default_rng(seed), *shape) for seed in range(6)]
    assert len({image.tobytes() for image in images}) == 6
    for image in images:
        assert image.shape == (*shape, 3)
        assert image.dtype == np.float32
        assert np.isfinite(image).all()
        assert image.min() > -0.01
        assert 0.01 < image.mean() < 1.2  # light may be brighter than white
        assert image.std() > 0.003


def test_background_draws_every_kind_sharp_or_out_of_focus(monkeypatch):
    """Noise stays as it is in about 45 of 100 pictures and is smoothed in the others."""
    drawn = []

    def draw(name):
        return lambda rng, height, width: drawn.append(name) or rng.random((height, width, 3), dtype=np.float32)

    for name in BACKGROUNDS:
        monkeypatch.setitem(BACKGROUNDS, name, draw(name))
    rng = np.random.default_rng(0)
    images = [backgrounds.background(rng, 33, 47) for _ in range(300)]
    assert {(image.shape, image.dtype) for image in images} == {((33, 47, 3), np.dtype(np.uint8))}
    sharp = [image.std() > 55 for image in images]
    assert set(drawn) == set(BACKGROUNDS)
    assert min(drawn.count(name) for name in BACKGROUNDS) > 20
    assert np.mean(sharp) == pytest.approx(0.45, abs=0.08)


def test_a_wall_is_smooth():
    for seed in range(6):
        image = backgrounds.plain(np.random.default_rng(seed), 96, 128)
        assert max(np.abs(np.diff(image, axis=axis)).max() for axis in (0, 1)) < 0.06


def test_sky_is_above():
    """The upper rows are sky: brighter, on average, than the ground in the lower rows, and never yellow."""
    images = [backgrounds.landscape(np.random.default_rng(seed), 128, 120) for seed in range(12)]
    upper, lower = (np.array([image[rows] for image in images]) for rows in (slice(0, 16), slice(112, 128)))
    assert upper.mean() > lower.mean() + 0.1
    assert (upper[..., 2] > upper[..., 0] - 0.4).all()


def test_lights_are_round_and_cut_off_at_the_border(monkeypatch):
    """One light of radius 11 whose centre lies on the left border: half of a disc with a bright rim."""

    class Choosing:
        def uniform(self, low, high, size=None):
            return {0.1: 0.0, 0.01: 0.1, 0.7: 1.1, 0.15: 0.5}[low]

        def integers(self, *args):
            return 1 if len(args) == 2 else 0

        def random(self, size):
            return np.array([0.0, 0.5])

    monkeypatch.setattr(backgrounds, "cloudy", lambda rng, height, width: np.ones((height, width, 3), np.float32))
    monkeypatch.setattr(backgrounds.textures, "palette", lambda rng, count: np.ones((count, 3)))
    image = backgrounds.lights(Choosing(), 80, 100)[..., 0]
    y, x = np.indices((80, 100))
    distance = np.hypot(x, y - 40)
    assert image[distance < 8].min() > 0.35
    assert image[distance > 15].max() < 0.01
    assert image.sum() == pytest.approx(0.4 * np.pi * 11**2 / 2, rel=0.15)
    assert image[40, 8] > image[40, 0] > 0.7 * image[40, 8]


def test_a_hedge_covers_all_and_its_depth_is_dark():
    """What lies on top is brighter: leaves in the middle of brightness stand on darker gaps, all of them covered."""
    for seed in range(6):
        image = backgrounds.foliage(np.random.default_rng(seed), 96, 128).mean(axis=2)
        low, middle, high = np.quantile(image, [0.05, 0.5, 0.95])
        assert high > 1.5 * low
        assert (image < 0.5 * middle).mean() < 0.4


def test_a_room_has_a_wall_and_a_floor():
    """In two even textures: the wall's is above and the floor's below, but for boxes before them."""
    tones = iter([0.2, 0.8] * 6)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            backgrounds, "texture", lambda rng, height, width: np.full((height, width, 3), next(tones), np.float32)
        )
        for seed in range(6):
            image = backgrounds.room(np.random.default_rng(seed), 100, 80)
            assert np.median(image[-5:]) >= 0.48  # 0.8, or a box's 0.6 of it
            assert (np.abs(image - 0.8) < 1e-3).mean() > 0.02
            assert (np.abs(image - 0.2) < 1e-3).mean() > 0.2


def test_light_falls_off_smoothly():
    image = np.full((97, 64, 3), 0.5, np.float32)
    for seed in range(6):
        lit = backgrounds._light_unevenly(np.random.default_rng(seed), image)
        assert lit.std() > 0.005
        assert 0.25 < lit.min() < lit.max() < 0.9
        assert np.abs(cv2.Laplacian(lit[..., 0], cv2.CV_32F)).max() < 0.02
        np.testing.assert_array_equal(lit[..., 0], lit[..., 2])
