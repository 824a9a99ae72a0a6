"""The chain of random steps: what comes out, that it is reproducible, and how often each step happens."""

import re

import numpy as np
import pytest

from a2u_tf.matting.data import augmentation
from a2u_tf.matting.data.augmentation import training_sample


class Discs:
    """Soft discs of random colours and sizes before noise."""

    def __init__(self, size=(90, 120)):
        self.size = size

    def foreground(self, rng):
        rows, columns = np.indices(self.size)
        distance = np.hypot(rows - self.size[0] / 2, columns - self.size[1] / 2)
        alpha = np.clip(rng.uniform(20, 40) - distance, 0, 10).astype(np.float32) / 10
        return np.full((*self.size, 3), rng.integers(0, 256, 3), np.uint8), alpha

    def background(self, rng):
        return rng.integers(0, 256, (70, 200, 3), dtype=np.uint8)


@pytest.mark.parametrize("size", [(90, 120), (40, 30), (1100, 64)])
@pytest.mark.parametrize("crop_size", [64, 49])
def test_sample(size, crop_size):
    for index in range(8):
        inputs, target = training_sample(Discs(size), np.random.default_rng([0, index]), crop_size)
        assert inputs.shape == (crop_size, crop_size, 4)
        assert target.shape == (crop_size, crop_size, 11)
        assert inputs.dtype == target.dtype == np.float32
        assert target.min() >= 0
        assert target.max() <= 1 + 1e-6
        alpha, unknown = target[..., :1], target[..., 1:2]
        np.testing.assert_allclose(
            target[..., 8:], alpha * target[..., 2:5] + (1 - alpha) * target[..., 5:8], atol=1e-5
        )
        # Alpha is 0 or 1 where the trimap says so.
        np.testing.assert_array_equal(inputs[..., 3:][unknown == 1], np.float32(128 / 255))
        np.testing.assert_allclose(inputs[..., 3:][unknown == 0], alpha[unknown == 0], atol=1e-5)
        rgb = inputs[..., :3] * [0.229, 0.224, 0.225] + [0.485, 0.456, 0.406]
        np.testing.assert_allclose(rgb, target[..., 8:], atol=1e-5)


def test_sample_is_a_function_of_the_seed():
    first, again, other = (training_sample(Discs(), np.random.default_rng(seed), 64) for seed in (1, 1, 2))
    for x, y, z in zip(first, again, other, strict=True):
        np.testing.assert_array_equal(x, y)
        assert (x != z).any()


def test_random_steps(monkeypatch):
    """Frequencies and ranges, from what the steps were called with."""
    calls = {}

    def record(name):
        function = getattr(augmentation, name)

        def recorded(*args, **settings):
            result = function(*args, **settings)
            calls.setdefault(name, []).append((args, settings, result))
            return result

        monkeypatch.setattr(augmentation, name, recorded)

    for name in ("merge_foregrounds", "affine_matrix", "affine", "trimap_from_alpha", "jitter"):
        record(name)
    assert augmentation.RESIZED_SIDE == 640
    monkeypatch.setattr(augmentation, "RESIZED_SIDE", 64)  # faster
    samples = 400
    for index in range(samples):
        training_sample(Discs((40, 48)), np.random.default_rng([0, index]), 32)
    assert len(calls["merge_foregrounds"]) / samples == pytest.approx(0.5, abs=0.08)
    sizes = [args[0] for args, _, _ in calls["affine_matrix"]]
    assert set(sizes) == {(40, 48), (64, 64)}
    assert sizes.count((64, 64)) / samples == pytest.approx(0.25, abs=0.07)
    settings = [settings for _, settings, _ in calls["affine_matrix"]]
    assert all(s["angle"] == 0 for s in settings)
    check_range([s["scale"] for s in settings], 0.8, 1.25)
    check_range([s["shear"] for s in settings], -10, 10)
    np.testing.assert_allclose(np.mean([s["flip"] for s in settings], axis=0), 0.5, atol=0.08)
    # Of the two calls for a sample the second is that of alpha; it goes mirrored or not into the trimap.
    before = [result for _, _, result in calls["affine"][1::2]]
    after = [args[0] for args, _, _ in calls["trimap_from_alpha"]]
    assert np.mean([(x != y).any() for x, y in zip(before, after, strict=True)]) == pytest.approx(0.5, abs=0.1)
    assert set(np.ravel([args[1:] for args, _, _ in calls["trimap_from_alpha"]])) == set(range(1, 30))
    hues, saturations, values = zip(*(args[2:] for args, _, _ in calls["jitter"]), strict=True)
    assert set(hues) == set(range(-40, 40))
    check_range(saturations, 0, 1)
    check_range(values, 0, 1)


def check_range(values, low, high):
    """Whether the values fill the range, as far as 400 draws do."""
    assert low <= np.min(values) < low + 0.03 * (high - low)
    assert high >= np.max(values) > high - 0.03 * (high - low)


def test_only_large_pictures_are_rotated(monkeypatch):
    angles = []
    monkeypatch.setattr(
        augmentation, "affine_matrix", lambda size, angle, **_: angles.append((size, angle)) or np.eye(2, 3)
    )
    for index in range(60):
        training_sample(Discs((32, 1024)), np.random.default_rng([0, index]), 32)
    assert all(angle == 0 for size, angle in angles if size == (640, 640))
    large = [angle for size, angle in angles if size != (640, 640)]
    assert -30 <= min(large) < -20
    assert 20 < max(large) <= 30


@pytest.mark.parametrize(
    ("colours", "alpha"),
    [
        (np.zeros((4, 5, 3), np.uint8), np.zeros((4, 6), np.float32)),
        (np.zeros((4, 5, 3), np.float32), np.zeros((4, 5), np.float32)),
        (np.zeros((4, 5, 3), np.uint8), np.zeros((4, 5), np.uint8)),
        (np.zeros((4, 5), np.uint8), np.zeros((4, 5), np.float32)),
    ],
)
def test_bad_foreground(monkeypatch, rng, colours, alpha):
    monkeypatch.setattr(Discs, "foreground", lambda self, rng: (colours, alpha))
    received = " and ".join(f"{array.dtype} of shape {re.escape(str(array.shape))}" for array in (colours, alpha))
    with pytest.raises(ValueError, match=rf"The foreground of a source must be .* from .*Discs.*: {received}"):
        training_sample(Discs(), rng, 32)


@pytest.mark.parametrize("background", [np.zeros((4, 5), np.uint8), np.zeros((4, 5, 4), np.uint8), np.zeros((4, 5, 3))])
def test_bad_background(monkeypatch, rng, background):
    monkeypatch.setattr(Discs, "background", lambda self, rng: background)
    with pytest.raises(ValueError, match=r"The background of a source must be uint8 of shape .* Received from .*Discs"):
        training_sample(Discs(), rng, 32)
