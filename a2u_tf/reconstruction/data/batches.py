"""Batches in an order that depends on nothing but the seed and the epoch."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

import keras
import numpy as np

from a2u_tf.training.distribution import WHOLE, Share
from a2u_tf.types import Array, Tensor

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

    Returns `(data, callback)`, both for `fit`; the callback tells the data which epoch begins.
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
    make = _tensorflow_batches if keras.backend.backend() == "tensorflow" else _numpy_batches
    return make(images, batch_size, share)


def _part(batch: Tensor, size: Tensor, number: Tensor, share: Share) -> Tensor:
    """Return the part that comes as number `number` of all parts that `share` makes."""
    part = share.first + number % share.count
    return batch[size * part // share.of : size * (part + 1) // share.of]


def _tensorflow_batches(images: Array, batch_size: int, share: Share) -> tuple[tf.data.Dataset, SetOrder]:
    """A `tf.data` pipeline without Python in it: whatever calls back into Python slows the steps down."""
    import tensorflow as tf

    steps = math.ceil(len(images) / batch_size)
    with tf.device("CPU"):
        images = tf.constant(images)
        order = tf.Variable(tf.range(len(images), dtype=tf.int64))

    def batch(number: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        start = number // share.count * batch_size
        indices = order[start : start + batch_size]
        x = tf.gather(images, _part(indices, tf.size(indices, tf.int64), number, share))
        return x, x

    return tf.data.Dataset.range(steps * share.count).map(batch), order.assign


def _numpy_batches(images: Array, batch_size: int, share: Share) -> tuple[keras.utils.PyDataset, SetOrder]:
    """The same for the other backends."""
    order = np.arange(len(images))
    return _NumpyBatches(images, order, batch_size, share), functools.partial(np.copyto, order)


class _NumpyBatches(keras.utils.PyDataset):
    def __init__(self, images: Array, order: Array, batch_size: int, share: Share) -> None:
        super().__init__()
        self._images, self._order, self._batch_size, self._share = images, order, batch_size, share

    def __len__(self) -> int:
        return math.ceil(len(self._images) / self._batch_size) * self._share.count

    def __getitem__(self, index: int) -> tuple[Array, Array]:
        start = index // self._share.count * self._batch_size
        indices = self._order[start : start + self._batch_size]
        batch = self._images[_part(indices, len(indices), index, self._share)]
        return batch, batch
