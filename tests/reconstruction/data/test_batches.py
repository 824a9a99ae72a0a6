"""Batches depend on the seed and the epoch, on nothing else."""

import keras
import numpy as np
import pytest

from a2u_tf.reconstruction.data import batches as module
from a2u_tf.reconstruction.data.batches import batches_in_order, shuffled_batches
from a2u_tf.training import Share

IMAGES = np.arange(10, dtype="float32").reshape(10, 1, 1, 1)
WHOLE_AND_PARTS = [[Share()], [Share(part, 1, 3) for part in range(3)]]


@pytest.fixture(params=["tf.data", "numpy"], autouse=True)
def form(request, monkeypatch):
    """Each of the two forms; the NumPy one is plain Keras and runs on every backend."""
    if request.param == "numpy":
        monkeypatch.setattr(module, "_tensorflow_batches", module._numpy_batches)
    elif keras.backend.backend() != "tensorflow":
        pytest.skip("the tf.data form is for the TensorFlow backend")
    return request.param


def read(data):
    pairs = (data[i] for i in range(len(data))) if isinstance(data, keras.utils.PyDataset) else data
    return [(np.asarray(x), np.asarray(y)) for x, y in pairs]


def epoch_of(made, epoch):
    data, callback = made
    callback.on_epoch_begin(epoch)
    return np.concatenate([x for x, _ in read(data)])[:, 0, 0, 0]


def test_each_epoch_has_an_order_of_its_own_and_inputs_are_targets():
    data, callback = shuffled_batches(IMAGES, 4, seed=7)
    assert len(data) == 3
    for x, y in read(data):  # before `fit` tells the epoch, it is the first
        np.testing.assert_array_equal(x, y)
    assert [len(x) for x, _ in read(data)] == [4, 4, 2]
    np.testing.assert_array_equal(np.concatenate([x for x, _ in read(data)])[:, 0, 0, 0], order_of(7, 0))
    for epoch in (3, 1, 2):  # whatever came before
        np.testing.assert_array_equal(epoch_of((data, callback), epoch), order_of(7, epoch))


def test_epochs_do_not_wait_for_autotuning(form):
    for data in (shuffled_batches(IMAGES, 4, seed=7)[0], batches_in_order(IMAGES, 4)):
        assert form == "numpy" or data.options().autotune.enabled is False


def order_of(seed, epoch):
    return np.random.default_rng([seed, epoch]).permutation(10)


@pytest.mark.parametrize(
    ("share", "expected"),
    [
        (Share(), [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]),
        (Share(0, 1, 2), [[0, 1], [4, 5], [8]]),
        (Share(1, 1, 2), [[2, 3], [6, 7], [9]]),
        (Share(0, 2, 4), [[0], [1], [4], [5], [], [8]]),
        (Share(2, 2, 4), [[2], [3], [6], [7], [], [9]]),
        (Share(0, 2, 2), [[0, 1], [2, 3], [4, 5], [6, 7], [8], [9]]),
    ],
)
def test_shares_of_each_batch(share, expected):
    data = batches_in_order(IMAGES, 4, share)
    assert len(data) == len(expected)
    assert [x[:, 0, 0, 0].tolist() for x, _ in read(data)] == expected


def test_shares_of_a_shuffled_epoch_make_the_whole():
    whole, parts = ([shuffled_batches(IMAGES, 4, 5, share) for share in shares] for shares in WHOLE_AND_PARTS)
    for made in (*whole, *parts):
        made[1].on_epoch_begin(2)
    batches = [
        [np.concatenate(xs) for xs in zip(*([x for x, _ in read(made[0])] for made in group), strict=True)]
        for group in (whole, parts)
    ]
    for one, other in zip(*batches, strict=True):
        np.testing.assert_array_equal(one, other)


def test_fit_sees_each_epochs_own_order():
    """Keras must ask for the batches of an epoch only once that epoch has begun."""
    seen = []

    class Net(keras.Model):
        def train_step(self, *args):
            data = args[-1]
            seen.append(np.asarray(data[0])[:, 0, 0, 0].tolist())
            return {"loss": 0.0}

    if keras.backend.backend() != "tensorflow":
        pytest.skip("counts on TensorFlow's train_step")
    net = Net()
    net.compile("sgd", "mae", run_eagerly=True)
    data, callback = shuffled_batches(IMAGES, 10, seed=3)
    net.fit(data, epochs=3, shuffle=False, callbacks=[callback], verbose=0)
    assert seen[-3:] == [order_of(3, epoch).tolist() for epoch in range(3)]
