"""Batches depend on the seed and the epoch, on nothing else."""

import numpy as np

from a2u_tf.data.batches import ShuffledBatches


def epoch_of(batches, epoch):
    batches.callback().on_epoch_begin(epoch)
    return np.concatenate([batches[i][0] for i in range(len(batches))])[:, 0, 0, 0]


def make(seed=0):
    return ShuffledBatches(np.arange(10, dtype="float32").reshape(10, 1, 1, 1), batch_size=4, seed=seed)


def test_every_picture_once_an_epoch():
    batches = make()
    assert len(batches) == 3
    assert [len(batches[i][0]) for i in range(3)] == [4, 4, 2]
    np.testing.assert_array_equal(np.sort(epoch_of(batches, 0)), np.arange(10))


def test_input_is_target():
    x, y = make()[1]
    np.testing.assert_array_equal(x, y)


def test_epoch_order_needs_no_history():
    straight = make()
    orders = [epoch_of(straight, epoch) for epoch in range(3)]
    np.testing.assert_array_equal(epoch_of(make(), 2), orders[2])
    assert not np.array_equal(orders[0], orders[1])
    assert not np.array_equal(epoch_of(make(seed=1), 0), orders[0])
