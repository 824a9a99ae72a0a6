"""Deviations of kernels on boundaries and in flat regions."""

import numpy as np
import pytest

from a2u_tf.visualization import KernelMap
from experiments.boundaries import change, gradient_magnitude, regions, summarize


def deviation_by_region(pictures, level):
    return {name: level.deviation()[mask] for name, mask in regions(pictures, level).items()}


def level_of(deviation, scale=2):
    """A map of kernels of two taps apart from their mean, with the deviations given."""
    weights = np.zeros((*deviation.shape, 1, 3, 3), np.float32)
    weights[..., 0, 0] = np.asarray(deviation)[..., None] * 3 / np.sqrt(2)
    weights[..., 2, 2] = -weights[..., 0, 0]
    return KernelMap("level", weights, scale)


def test_feature_gradient_of_a_plane_and_of_a_step():
    y, x = np.mgrid[:6, :7]
    plane = (0.03 * y - 0.04 * x)[None, ..., None]
    np.testing.assert_allclose(gradient_magnitude(plane)[0, 1:-1, 1:-1], 0.05, rtol=1e-4)
    step = np.zeros((1, 6, 7, 3))
    step[:, :, 4:] = 1
    expected = np.zeros((6, 7))
    expected[:, 3:5] = 0.5
    np.testing.assert_allclose(gradient_magnitude(step)[0], expected, atol=1e-6)
    step[..., 0] = 0  # one of three channels does without
    np.testing.assert_allclose(gradient_magnitude(step)[0], expected * 2 / 3, atol=1e-6)


def test_feature_regions_at_full_resolution(rng):
    pictures = np.zeros((2, 8, 10, 1))
    pictures[0, :, 5:] = 1
    pictures[1, :, 5:] = 0.1  # a gradient of 0.05: neither a boundary nor flat
    deviation = rng.uniform(size=(2, 8, 10)).astype("float32")
    found = deviation_by_region(pictures, level_of(deviation))
    np.testing.assert_allclose(found["boundary"], deviation[0, 2:6, 4:6].ravel(), rtol=1e-5)
    flat = np.concatenate([deviation[n][2:6, [2, 3, 6, 7]].ravel() for n in (0, 1)])
    np.testing.assert_allclose(found["flat"], flat, rtol=1e-5)
    assert len(found["edge"]) == 2 * (80 - 4 * 6)


def test_feature_regions_at_lower_resolution(rng):
    pictures = np.zeros((1, 16, 16, 1))
    pictures[0, :, 9:] = 1  # gradient in columns 8 and 9, both in the kernels' column 4
    deviation = rng.uniform(size=(1, 8, 8)).astype("float32")
    found = deviation_by_region(pictures, level_of(deviation, scale=1))
    np.testing.assert_allclose(found["boundary"], deviation[0, 1:7, 4], rtol=1e-5)
    np.testing.assert_allclose(found["flat"], deviation[0, 1:7, [1, 2, 3, 5, 6]].T.ravel(), rtol=1e-5)


def test_feature_one_kernel_more_than_pixels_and_all_edge():
    pictures = np.zeros((1, 11, 11, 1))
    pictures[0, 5] = 1
    found = deviation_by_region(pictures, level_of(np.ones((1, 12, 12))))
    counts = {name: len(values) for name, values in found.items()}
    assert counts["edge"] == 12**2 - 8**2
    assert counts["boundary"] % 8 == 0
    assert 0 < counts["boundary"] < counts["boundary"] + counts["flat"] == 8**2
    found = deviation_by_region(np.zeros((1, 4, 4, 1)), level_of(np.ones((1, 4, 4))))
    assert {name: len(values) for name, values in found.items()} == {"boundary": 0, "flat": 0, "edge": 16}


def test_feature_summary_counts_pairs(rng):
    boundary, flat = (rng.integers(0, 6, size).astype(float) for size in (20, 30))
    pairs = [(b > f) + 0.5 * (b == f) for b in boundary for f in flat]
    figures = summarize({"boundary": boundary, "flat": flat, "edge": np.zeros(0)})
    assert figures["boundary_above_flat"] == pytest.approx(np.mean(pairs))
    assert figures["boundary"] == {"kernels": 20, "mean": pytest.approx(boundary.mean())}
    assert figures["edge"] == {"kernels": 0, "mean": None}


@pytest.mark.parametrize("empty", ["boundary", "flat"])
def test_feature_summary_of_nothing(empty):
    regions = {name: np.zeros(0 if name == empty else 3) for name in ("boundary", "flat", "edge")}
    assert summarize(regions)["boundary_above_flat"] is None


def test_feature_change_is_the_mean_over_taps(rng):
    before, after = (KernelMap("level", rng.random((1, 4, 4, 2, 3, 3)), 2) for _ in range(2))
    expected = sum(abs(after.weights - before.weights)[..., g, i, j] for g, i, j in np.ndindex(2, 3, 3)) / 18
    np.testing.assert_allclose(change(before, after), expected)
