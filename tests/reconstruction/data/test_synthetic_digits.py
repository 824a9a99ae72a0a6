"""Synthetic digits: the same for the same seed and index, in range, varied, and told apart by eye and by mean."""

import itertools

import numpy as np
import pytest

from a2u_tf.reconstruction.data import make_synthetic_digits, synthetic_digits


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


def test_generator_yields_the_items_of_the_arrays():
    images, labels = make_synthetic_digits(10, seed=5)
    for position, (image, label) in enumerate(itertools.islice(synthetic_digits(seed=5), 10)):
        assert image.shape == (32, 32, 1)
        assert image.dtype == np.float32
        assert type(label) is int
        np.testing.assert_array_equal(image, images[position])
        assert label == labels[position]


def test_items_depend_on_seed_and_index_alone():
    images, labels = make_synthetic_digits(30, seed=7)
    np.random.default_rng(0).random(5)
    for start in (29, 11, 0):
        again, labels_again = make_synthetic_digits(1, seed=7, start=start)
        np.testing.assert_array_equal(again[0], images[start])
        assert labels_again[0] == labels[start]
    series = synthetic_digits(seed=7)
    other = synthetic_digits(seed=8)
    for position in range(10):
        next(other)
        np.testing.assert_array_equal(next(series)[0], images[position])


def test_global_random_state_is_left_alone():
    np.random.seed(0)
    expected = np.random.random(3)
    np.random.seed(0)
    make_synthetic_digits(3)
    np.testing.assert_array_equal(np.random.random(3), expected)


def test_seeds_and_indices_differ():
    images = np.concatenate([make_synthetic_digits(50, seed=seed)[0] for seed in (0, 1, 2)])
    assert len(np.unique(images.reshape(len(images), -1), axis=0)) == len(images)


def test_labels_are_even(thousand):
    counts = np.bincount(thousand[1], minlength=10)
    assert len(counts) == 10
    assert counts.min() > 60
    assert counts.max() < 140


def test_ink_stays_inside_and_covers_a_fair_part(thousand):
    images = thousand[0]
    border = np.concatenate([images[:, [0, -1]].ravel(), images[:, :, [0, -1]].ravel()])
    assert border.max() < 0.2
    covered = (images > 0.3).mean(axis=(1, 2, 3))
    assert covered.min() > 0.02
    assert covered.max() < 0.40
    assert 0.08 < images.mean() < 0.18  # MNIST: 0.13.


def test_a_digit_is_not_a_mask(thousand):
    """Edges are soft: an antialiased image has many values between black and white."""
    images = thousand[0]
    peak = images.max(axis=(1, 2, 3), keepdims=True)
    between = (images > 0.05 * peak) & (images < 0.95 * peak)
    assert between.mean() > 0.05


def test_labels_can_be_learnt(thousand):
    """Means of one half classify the other half far above the chance of 0.1."""
    images, labels = thousand
    vectors = images.reshape(len(images), -1)
    means = np.stack([vectors[:500][labels[:500] == digit].mean(axis=0) for digit in range(10)])
    distances = ((vectors[500:, None] - means) ** 2).sum(axis=-1)
    assert (distances.argmin(axis=1) == labels[500:]).mean() > 0.55


def test_digits_of_one_label_vary(thousand):
    images, labels = thousand
    for digit in range(10):
        assert images[labels == digit].std(axis=0).max() > 0.2


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        ({"count": -1}, "count"),
        ({"count": 1.5}, "count"),
        ({"count": True}, "count"),
        ({"count": 1, "seed": -1}, "seed"),
        ({"count": 1, "seed": None}, "seed"),
        ({"count": 1, "size": 7}, "size"),
        ({"count": 1, "start": -1}, "start"),
    ],
)
def test_bad_arguments(arguments, name):
    with pytest.raises(ValueError, match=f"`{name}` must be an integer of at least .* Received: "):
        make_synthetic_digits(**arguments)


def test_generator_refuses_bad_arguments_at_once():
    with pytest.raises(ValueError, match="`seed`"):
        synthetic_digits(seed=-1)
    with pytest.raises(ValueError, match="`size`"):
        synthetic_digits(size=4)
