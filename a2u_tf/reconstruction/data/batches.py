"""Batches in an order that depends on nothing but the seed and the epoch."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

import keras
import numpy as np

from a2u_tf.training.distribution import WHOLE, Share
from a2u_tf.training.tf_data import without_autotuning
from a2u_tf.types import Array

if TYPE_CHECKING:
    import tensorflow as tf

    Batches: TypeAlias = tf.data.Dataset | keras.utils.PyDataset
SetOrder: TypeAlias = Callable[[Array], object]


def shuffled_batches(
    images: Array, batch_size: int, seed: int, share: Share = WHOLE
) -> tuple[Batches, keras.callbacks.Callback]:
    """Autoencoder batches `(x, x)`, shuffled anew each epoch by `(seed, epoch)`: a resumed training sees the same ones.

    Pass `shuffle=False` to `fit`, too: by default Keras may mix the batches' order again, by a state of its own.

    Args:
        images: Array `(N, H, W, C)`.
        batch_size: Pictures per batch; the last batch of an epoch may be smaller.
        seed: Integer >= 0.
        share: Which parts of each batch to make. Where their number does not divide it, parts differ by one picture.

    Returns:
        `(data, callback)`, both for `fit`; the callback tells the data which epoch begins.
    """
    data, set_order = _make(images, batch_size, share)

    def start_epoch(epoch: int, logs: object = None) -> None:
        set_order(np.random.default_rng([seed, epoch]).permutation(len(images)))

    start_epoch(0)
    return data, keras.callbacks.LambdaCallback(on_epoch_begin=start_epoch)


def batches_in_order(images: Array, batch_size: int, share: Share = WHOLE) -> Batches:
    """Autoencoder batches `(x, x)` of `images`, in their order; arguments as of `shuffled_batches`."""
    return _make(images, batch_size, share)[0]


def _make(images: Array, batch_size: int, share: Share) -> tuple[Batches, SetOrder]:
    ends = []  # of each batch in the order
    for start in range(0, len(images), batch_size):
        size = min(batch_size, len(images) - start)
        for part in range(share.first, share.first + share.count):
            ends.append([start + size * part // share.of, start + size * (part + 1) // share.of])
    make = _tensorflow_batches if keras.backend.backend() == "tensorflow" else _numpy_batches
    return make(images, np.reshape(np.array(ends, int), (-1, 2)))


def _tensorflow_batches(images: Array, ends: Array) -> tuple[tf.data.Dataset, SetOrder]:
    """A `tf.data` pipeline without Python in it: whatever calls back into Python slows the steps down."""
    import tensorflow as tf

    with tf.device("CPU"):
        images = tf.constant(images)
        order = tf.Variable(tf.range(len(images), dtype=tf.int64))

    def batch(ends: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        x = tf.gather(images, order[ends[0] : ends[1]])
        return x, x

    return without_autotuning(tf.data.Dataset.from_tensor_slices(ends).map(batch)), order.assign


def _numpy_batches(images: Array, ends: Array) -> tuple[keras.utils.PyDataset, SetOrder]:
    """The same for the other backends."""
    order = np.arange(len(images))
    return _NumpyBatches(images, ends, order), functools.partial(np.copyto, order)


class _NumpyBatches(keras.utils.PyDataset):
    def __init__(self, images: Array, ends: Array, order: Array) -> None:
        super().__init__()
        self._images, self._ends, self._order = images, ends, order

    def __len__(self) -> int:
        return len(self._ends)

    def __getitem__(self, index: int) -> tuple[Array, Array]:
        first, last = self._ends[index]
        batch = self._images[self._order[first:last]]
        return batch, batch
