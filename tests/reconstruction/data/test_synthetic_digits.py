"""Synthetic digits: the same for the same seed and index, in range, varied, and told apart by eye and by mean."""

import itertools

import numpy as np
import pytest
from scipy.interpolate import CubicHermiteSpline

from a2u_tf.reconstruction.data import make_synthetic_digits, synthetic_digits
from a2u_tf.reconstruction.data.synthetic_digits import (
    SAMPLES_PER_SEGMENT,
    STROKES,
    _spline_matrix,
    glyphs,
    parse_strokes,
)


@pytest.fixture(scope="module")
def thousand():
    return make_synthetic_digits(1000, seed=3)


@pytest.mark.parametrize(("count", "size"), [(20, 8), (20, 28), (20, 32), (20, 33), (0, 32)])
def test_shapes_dtypes_and_range(count, size):
    images, labels = make_synthetic_digits(count, size=size)
    assert (images.shape, images.dtype) == ((count, size, size, 1), np.float32)
    assert (labels.shape, labels.dtype) == ((count,), np.uint8)
    if count:
        assert images.min() == 0
        assert 0.75 < images.max() <= 1


def test_items_depend_on_seed_and_index_alone():
    images, labels = make_synthetic_digits(30, seed=7)
    np.random.seed(0)
    expected = np.random.random(3)
    np.random.seed(0)
    for start in (29, 11, 0):
        again, labels_again = make_synthetic_digits(1, seed=7, start=start)
        np.testing.assert_array_equal(again[0], images[start])
        assert labels_again[0] == labels[start]
    np.testing.assert_array_equal(np.random.random(3), expected)  # the global state is left alone
    other = synthetic_digits(seed=8)
    for position, (image, label) in enumerate(itertools.islice(synthetic_digits(seed=7), 10)):
        next(other)
        assert (image.shape, image.dtype, type(label)) == ((32, 32, 1), np.float32, int)
        np.testing.assert_array_equal(image, images[position])
        assert label == labels[position]


def test_seeds_and_indices_differ():
    images = np.concatenate([make_synthetic_digits(50, seed=seed)[0] for seed in (0, 1, 2)])
    assert len(np.unique(images.reshape(len(images), -1), axis=0)) == len(images)


def test_thousand_digits_look_like_digits(thousand):
    images, labels = thousand
    counts = np.bincount(labels, minlength=10)
    assert len(counts) == 10
    assert 60 < counts.min() < counts.max() < 140
    border = np.concatenate([images[:, [0, -1]].ravel(), images[:, :, [0, -1]].ravel()])
    assert border.max() < 0.2
    covered = (images > 0.3).mean(axis=(1, 2, 3))
    assert 0.02 < covered.min() < covered.max() < 0.40
    assert 0.08 < images.mean() < 0.18  # MNIST: 0.13.
    peak = images.max(axis=(1, 2, 3), keepdims=True)
    between = (images > 0.05 * peak) & (images < 0.95 * peak)
    assert between.mean() > 0.05  # edges are soft


def test_labels_can_be_learnt(thousand):
    """Means of one half classify the other half far above the chance of 0.1."""
    images, labels = thousand
    vectors = images.reshape(len(images), -1)
    means = np.stack([vectors[:500][labels[:500] == digit].mean(axis=0) for digit in range(10)])
    distances = ((vectors[500:, None] - means) ** 2).sum(axis=-1)
    assert (distances.argmin(axis=1) == labels[500:]).mean() > 0.55
    for digit in range(10):
        assert images[labels == digit].std(axis=0).max() > 0.2  # they vary


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        ({"count": -1}, "count"),
        ({"count": 1.5}, "count"),
        ({"count": True}, "count"),
        ({"seed": -1}, "seed"),
        ({"seed": None}, "seed"),
        ({"size": 7}, "size"),
        ({"start": -1}, "start"),
    ],
)
def test_bad_arguments(arguments, name):
    with pytest.raises(ValueError, match=f"`{name}` must be an integer of at least .* Received: "):
        make_synthetic_digits(**{"count": 1, **arguments})
    if not arguments.keys() & {"count", "start"}:
        with pytest.raises(ValueError, match=f"`{name}`"):
            synthetic_digits(**arguments)  # at once


def catmull_rom(points, before, after):
    """The same curve by SciPy: Hermite segments whose tangents are half the way between the neighbours."""
    padded = np.array([before, *points, after])
    tangents = (padded[2:] - padded[:-2]) / 2
    curve = CubicHermiteSpline(np.arange(len(points)), points, tangents)
    return curve(np.arange((len(points) - 1) * SAMPLES_PER_SEGMENT + 1) / SAMPLES_PER_SEGMENT)


def test_strokes_are_parsed():
    assert parse_strokes("00,50 100,25 / 07,00 10,01") == [[(0.0, 0.5), (1.0, 0.25)], [(0.07, 0.0), (0.1, 0.01)]]


@pytest.mark.parametrize("count", [2, 3, 6])
def test_strokes_are_catmull_rom_splines(count, rng):
    points = rng.normal(size=(count, 2))
    expected = catmull_rom(points, 2 * points[0] - points[1], 2 * points[-1] - points[-2])
    np.testing.assert_allclose(_spline_matrix(count, closed=False) @ points, expected, atol=1e-12)
    points[-1] = points[0]  # a closed one has no corner at its seam
    expected = catmull_rom(points, points[-2], points[1])
    np.testing.assert_allclose(_spline_matrix(count, closed=True) @ points, expected, atol=1e-12)


@pytest.mark.parametrize("digit", range(10))
def test_glyphs_run_through_their_points(digit):
    ways = [line[3:] for line in STROKES.split("\n") if line.startswith(f"{digit}: ")]
    assert len(ways) >= 3
    for glyph, strokes in zip(glyphs(digit), map(parse_strokes, ways), strict=True):
        assert sorted(map(tuple, glyph.points)) == sorted({point for stroke in strokes for point in stroke})
        assert 0 <= glyph.points.min() < glyph.points.max() <= 1
        parts = np.split(glyph.curves @ glyph.points, glyph.breaks)
        assert len(parts) == len(strokes)
        for part, stroke in zip(parts, strokes, strict=True):
            np.testing.assert_allclose(part[::SAMPLES_PER_SEGMENT], stroke, atol=1e-12)


@pytest.mark.parametrize("digit", range(10))
def test_shared_points_keep_strokes_joined(digit):
    for glyph in glyphs(digit):
        moved = glyph.points + np.random.default_rng(digit).normal(size=glyph.points.shape)
        np.testing.assert_allclose(glyph.curves.sum(axis=1), 1)  # curves move with their points
        ends = [0, *(index for start in glyph.breaks for index in (start - 1, start)), len(glyph.curves) - 1]
        for index in ends:  # a stroke ends in one of its points, wherever that was moved
            row = glyph.curves[index]
            assert np.isclose(row.max(), 1)
            np.testing.assert_allclose(row @ moved, moved[row.argmax()])
