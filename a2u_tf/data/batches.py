"""Batches in an order that depends on nothing but the seed and the epoch."""

import math

import keras
import numpy as np


def shuffled_batches(images, batch_size, seed):
    """Autoencoder batches `(x, x)`, shuffled anew each epoch by `(seed, epoch)`: a resumed training sees the same ones.

    Pass `shuffle=False` to `fit`, too: by default Keras may mix the batches' order again, by a state of its own.

    Args:
        images: Array `(N, H, W, C)`.
        batch_size: Pictures per batch; the last batch of an epoch may be smaller.
        seed: Integer >= 0.

    Returns:
        `(data, callback)`, both for `fit`; the callback tells the data which epoch begins.
    """
    make = _tensorflow_batches if keras.backend.backend() == "tensorflow" else _numpy_batches
    data, set_order = make(images, batch_size)

    def start_epoch(epoch, logs=None):
        set_order(np.random.default_rng([seed, epoch]).permutation(len(images)))

    start_epoch(0)
    return data, keras.callbacks.LambdaCallback(on_epoch_begin=start_epoch)


def _tensorflow_batches(images, batch_size):
    """A `tf.data` pipeline without Python in it: whatever calls back into Python slows the steps down."""
    import tensorflow as tf

    with tf.device("CPU"):
        images = tf.constant(images)
        order = tf.Variable(tf.range(len(images), dtype=tf.int64))

    def batch(index):
        x = tf.gather(images, order[index * batch_size : (index + 1) * batch_size])
        return x, x

    return tf.data.Dataset.range(math.ceil(len(images) / batch_size)).map(batch), order.assign


def _numpy_batches(images, batch_size):
    """The same for the other backends."""
    data = _NumpyBatches(images, batch_size)
    return data, data.set_order


class _NumpyBatches(keras.utils.PyDataset):
    def __init__(self, images, batch_size):
        super().__init__()
        self._images = images
        self._batch_size = batch_size

    def __len__(self):
        return math.ceil(len(self._images) / self._batch_size)

    def __getitem__(self, index):
        batch = self._images[self._order[index * self._batch_size : (index + 1) * self._batch_size]]
        return batch, batch

    def set_order(self, order):
        self._order = order
