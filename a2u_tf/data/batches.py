"""Batches in an order that depends on nothing but the seed and the epoch."""

import math

import keras
import numpy as np


class ShuffledBatches(keras.utils.PyDataset):
    """Autoencoder batches `(x, x)`, shuffled anew each epoch by `(seed, epoch)`: a resumed training sees the same ones.

    Pass `callback()` to `fit` beside it; it tells the data which epoch begins. Pass `shuffle=False` too: by default
    Keras mixes the order of a `PyDataset`'s batches again, by a state of its own.

    Args:
        images: Array `(N, H, W, C)`.
        batch_size: Pictures per batch; the last batch of an epoch may be smaller.
        seed: Integer >= 0.
    """

    def __init__(self, images, batch_size, seed):
        super().__init__()
        self._images = images
        self._batch_size = batch_size
        self._seed = seed
        self._start_epoch(0)

    def __len__(self):
        return math.ceil(len(self._images) / self._batch_size)

    def __getitem__(self, index):
        batch = self._images[self._order[index * self._batch_size : (index + 1) * self._batch_size]]
        return batch, batch

    def callback(self):
        """The Keras callback that starts each epoch's order."""
        return keras.callbacks.LambdaCallback(on_epoch_begin=lambda epoch, logs=None: self._start_epoch(epoch))

    def _start_epoch(self, epoch):
        self._order = np.random.default_rng([self._seed, epoch]).permutation(len(self._images))
