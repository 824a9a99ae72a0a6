"""Batches of training samples, made while the network trains."""

import collections
import concurrent.futures
import itertools
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeAlias

import keras
import numpy as np
from numpy.random import Generator

from a2u_tf.matting.data.augmentation import training_sample
from a2u_tf.matting.data.sources import Source
from a2u_tf.training.distribution import WHOLE, Share
from a2u_tf.training.tf_data import without_autotuning
from a2u_tf.types import Array, Tensor

Sample: TypeAlias = tuple[Array, Array]
MakeSample: TypeAlias = Callable[[Source, Generator, int], Sample]


def training_batches(
    source: Source,
    batch_size: int = 16,
    crop_size: int | Sequence[int] = 512,
    seed: int = 0,
    first_step: int = 0,
    workers: int | None = None,
    share: Share = WHOLE,
    on_sample: Callable[[int], object] | None = None,
    make_sample: MakeSample = training_sample,
) -> Iterable[tuple[Tensor, Tensor]]:
    """Make batches without end, for `fit` with `steps_per_epoch`.

    Batch `n` depends on nothing but the source, the sizes, the seed and `n`, however many workers make it. A training
    that is resumed at an epoch passes `first_step=epoch * steps_per_epoch` and sees what it would have seen.

    Args:
        source: `a2u_tf.matting.data.Source`; several threads call its methods at the same time.
        batch_size: Samples per batch.
        crop_size: Side of the samples in pixels, at least 16. Of several, batch `n` has the one of number `n`, in turn;
            smaller samples come in larger batches, of as many pixels as those of `batch_size` of the largest.
        seed: Integer >= 0.
        first_step: The first batch is that of this number.
        workers: Threads that make samples, for each size; `None` for one for each processor core.
        share: Which parts of each batch to make, an `a2u_tf.training.Share`; each comes as a batch of its own.
        on_sample: Function that is told a batch's number when one of its samples is made, in the thread that made it.
        make_sample: `training_sample`, `photographic_sample`, or a function with their arguments and results.

    Returns:
        Data for `fit`, batches of samples: a `tf.data.Dataset` on the TensorFlow backend, a generator on others.

    Raises:
        ValueError: For numbers that are no integers or too small, and a `batch_size` that has no equal parts.

    Example:

    >>> batches = training_batches(source, batch_size=4, crop_size=256, first_step=epoch * 1000)
    >>> model.fit(batches, initial_epoch=epoch, epochs=30, steps_per_epoch=1000)
    """
    workers = os.cpu_count() or 1 if workers is None else workers
    sizes = list(crop_size) if isinstance(crop_size, Sequence) else [crop_size]
    if not sizes:
        raise ValueError("`crop_size` must be an integer or a list of some. Received: an empty one")
    values = [("batch_size", batch_size, 1), *(("crop_size", size, 16) for size in sizes)]
    values += [("seed", seed, 0), ("first_step", first_step, 0), ("workers", workers, 1)]
    for name, value, least in values:
        if not isinstance(value, int) or value < least:
            raise ValueError(f"`{name}` must be an integer of at least {least}. Received: {name}={value!r}")
    if batch_size % share.of:
        raise ValueError(f"`batch_size` must be a multiple of {share.of}. Received: batch_size={batch_size!r}")
    parts = [batch_size // share.of * max(sizes) ** 2 // size**2 for size in sizes]  # samples of each batch
    numbers = max(parts) * share.of  # a step takes from those of the samples

    def sample(step: int, place: int) -> Sample:
        turn = step % len(sizes)
        index = step * numbers + share.first * parts[turn] + place
        tensors = make_sample(source, np.random.default_rng([seed, index]), sizes[turn])
        if on_sample:
            on_sample(step)
        return tensors

    make = _tensorflow_batches if keras.backend.backend() == "tensorflow" else _numpy_batches
    return make(sample, sizes, parts, share.count, first_step, workers)


def _tensorflow_batches(
    sample: Callable[[int, int], Sample], sizes: list[int], parts: list[int], count: int, first: int, workers: int
) -> Tensor:
    """Samples in threads of `tf.data`: NumPy and OpenCV leave the interpreter free while they compute."""
    import tensorflow as tf

    def batches(start: int) -> Tensor:
        turn = start % len(sizes)
        size, shared = sizes[turn], parts[turn] * count

        def one(number: int) -> Sample:
            return sample(start + int(number) // shared * len(sizes), int(number) % shared)

        def load(number: Tensor) -> tuple[Tensor, Tensor]:
            # Stateless, or deterministic ops would have the samples made one by one.
            inputs, target = tf.numpy_function(one, [number], [tf.float32, tf.float32], stateful=False)
            return tf.ensure_shape(inputs, (size, size, 4)), tf.ensure_shape(target, (size, size, 11))

        samples = tf.data.Dataset.range(tf.int64.max).map(load, num_parallel_calls=workers, deterministic=True)
        return samples.batch(parts[turn], drop_remainder=True)

    in_turn = [batches(first + number) for number in range(len(sizes))]
    if len(sizes) == 1:
        return without_autotuning(in_turn[0].prefetch(1))
    turns = tf.data.Dataset.range(len(sizes) * count).map(lambda number: number // count).repeat()
    return without_autotuning(tf.data.Dataset.choose_from_datasets(in_turn, turns).prefetch(1))


def _numpy_batches(
    sample: Callable[[int, int], Sample], sizes: list[int], parts: list[int], count: int, first: int, workers: int
) -> Iterator[tuple[Array, Array]]:
    """The same for the other backends, two batches ahead."""
    pool = concurrent.futures.ThreadPoolExecutor(workers)

    def batches() -> Iterator[list[concurrent.futures.Future[Sample]]]:
        for step in itertools.count(first):
            part = parts[step % len(sizes)]
            for number in range(count):
                yield [pool.submit(sample, step, number * part + place) for place in range(part)]

    try:
        started = batches()
        pending = collections.deque(itertools.islice(started, 2))
        for batch in started:
            pending.append(batch)
            inputs, targets = zip(*(future.result() for future in pending.popleft()), strict=True)
            yield np.stack(inputs), np.stack(targets)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
