"""Batches of training samples, made while the network trains."""

import collections
import concurrent.futures
import itertools
import os
from collections.abc import Callable, Iterable, Iterator
from typing import TypeAlias

import keras
import numpy as np

from a2u_tf.matting.data.augmentation import training_sample
from a2u_tf.matting.data.sources import Source
from a2u_tf.training.distribution import WHOLE, Share
from a2u_tf.types import Array, Tensor

Sampler: TypeAlias = Callable[[int], tuple[Array, Array]]


def training_batches(
    source: Source,
    batch_size: int = 16,
    crop_size: int = 512,
    seed: int = 0,
    first_step: int = 0,
    workers: int | None = None,
    share: Share = WHOLE,
    on_sample: Callable[[int], object] | None = None,
) -> Iterable[tuple[Tensor, Tensor]]:
    """Make batches without end, for `fit` with `steps_per_epoch`.

    Batch `n` depends on nothing but the source, the sizes, the seed and `n`, however many workers make it. A training
    that is resumed at an epoch passes `first_step=epoch * steps_per_epoch` and sees what it would have seen.

    Args:
        source: `a2u_tf.matting.data.Source`; several threads call its methods at the same time.
        batch_size: Samples per batch.
        crop_size: Side of the samples in pixels, at least 16.
        seed: Integer >= 0.
        first_step: The first batch is that of this number.
        workers: Threads that make samples; `None` for one for each processor core.
        share: Which parts of each batch to make, an `a2u_tf.training.Share`; each comes as a batch of its own.
        on_sample: Function that is told a batch's number when one of its samples is made, in the thread that made it.

    Returns:
        Data for `fit`, batches of what `training_sample` returns: a `tf.data.Dataset` on the TensorFlow backend, a
        generator on others.

    Raises:
        ValueError: For numbers that are no integers or too small, and a `batch_size` that has no equal parts.

    Example:

    >>> batches = training_batches(source, batch_size=4, crop_size=256, first_step=epoch * 1000)
    >>> model.fit(batches, initial_epoch=epoch, epochs=30, steps_per_epoch=1000)
    """
    workers = os.cpu_count() or 1 if workers is None else workers
    values = {"batch_size": batch_size, "crop_size": crop_size, "seed": seed, "first_step": first_step}
    for (name, value), least in zip({**values, "workers": workers}.items(), (1, 16, 0, 0, 1), strict=True):
        if not isinstance(value, int) or value < least:
            raise ValueError(f"`{name}` must be an integer of at least {least}. Received: {name}={value!r}")
    if batch_size % share.of:
        raise ValueError(f"`batch_size` must be a multiple of {share.of}. Received: batch_size={batch_size!r}")
    part_size = batch_size // share.of
    shared = part_size * share.count  # samples of each batch that are made here

    def sample(number: int) -> tuple[Array, Array]:
        step, place = divmod(int(number), shared)
        index = step * batch_size + share.first * part_size + place
        tensors = training_sample(source, np.random.default_rng([seed, index]), crop_size)
        if on_sample:
            on_sample(step)
        return tensors

    make = _tensorflow_batches if keras.backend.backend() == "tensorflow" else _numpy_batches
    return make(sample, part_size, crop_size, first_step * shared, workers)


def _tensorflow_batches(sample: Sampler, batch_size: int, crop_size: int, first: int, workers: int) -> Tensor:
    """Samples in threads of `tf.data`: NumPy and OpenCV leave the interpreter free while they compute."""
    import tensorflow as tf

    def load(index: Tensor) -> tuple[Tensor, Tensor]:
        # Stateless, or deterministic ops would have the samples made one by one.
        inputs, target = tf.numpy_function(sample, [index], [tf.float32, tf.float32], stateful=False)
        return tf.ensure_shape(inputs, (crop_size, crop_size, 4)), tf.ensure_shape(target, (crop_size, crop_size, 11))

    samples = tf.data.Dataset.range(first, tf.int64.max).map(load, num_parallel_calls=workers, deterministic=True)
    return samples.batch(batch_size, drop_remainder=True).prefetch(1)


def _numpy_batches(
    sample: Sampler, batch_size: int, crop_size: int, first: int, workers: int
) -> Iterator[tuple[Array, Array]]:
    """The same for the other backends, two batches ahead."""
    pool = concurrent.futures.ThreadPoolExecutor(workers)
    try:
        pending = collections.deque(pool.submit(sample, first + index) for index in range(2 * batch_size))
        for index in itertools.count(first + 2 * batch_size, batch_size):
            pending.extend(pool.submit(sample, index + place) for place in range(batch_size))
            inputs, targets = zip(*(pending.popleft().result() for _ in range(batch_size)), strict=True)
            yield np.stack(inputs), np.stack(targets)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
