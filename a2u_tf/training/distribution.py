"""Models that train on several devices or machines as they would on one."""

import dataclasses
from typing import Any

import keras

from a2u_tf.types import Tensor


@dataclasses.dataclass(frozen=True)
class Share:
    """What one process makes of each batch, when several train together: `count` of its `of` equal parts.

    Attributes:
        first: Number of the first part, from 0.
        count: How many parts; each is a batch of its own.
        of: Into how many parts the whole batch is cut.
    """

    first: int = 0
    count: int = 1
    of: int = 1


WHOLE = Share()


def distributed(network: keras.Model) -> keras.Model:
    """Return a functional model as a `DistributedModel` of its layers, or as it is where nothing shares its batches.

    Call it before `compile`, inside the scope of a `tf.distribute` strategy.
    """
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        if tf.distribute.get_strategy().num_replicas_in_sync > 1:
            return DistributedModel(network.input, network.output, name=network.name)
    return network


class DistributedModel(keras.Model):
    """A functional model whose `fit` under a `tf.distribute` strategy gives the numbers of one device.

    Equal, up to rounding, for replicas that get equal parts of each batch, and but for random layers: each replica
    draws for its own part. Two things differ from `keras.Model`:

    - Batch normalisation takes mean and variance of the whole batch, not of each replica's part. Saved models do not
      have this setting, so that every Keras backend loads them.
    - `fit` and `evaluate` run under `tf.distribute.MultiWorkerMirroredStrategy`. Those of Keras 3.15 fail: they hand a
      pair of tensors to `strategy.reduce`, which takes one, and average the logs along axis 0, which scalars lack.
    """

    def train_step(self, data: Tensor) -> dict[str, Tensor]:
        # While a step is traced. Replicas that are traced side by side reach their last layer together.
        norms = [layer for layer in self._flatten_layers() if isinstance(layer, keras.layers.BatchNormalization)]
        for norm in norms:
            norm.synchronized = True
        try:
            return self._logs(super().train_step(data))
        finally:
            for norm in norms:
                norm.synchronized = False

    def test_step(self, data: Tensor) -> dict[str, Tensor]:
        return self._logs(super().test_step(data))

    def _logs(self, logs: dict[str, Tensor]) -> dict[str, Tensor]:
        """Give scalars the axis that Keras averages over workers. An epoch's logs come from the metrics themselves."""
        import tensorflow as tf

        strategy = self.distribute_strategy
        many = isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy)
        if many and strategy.extended._in_multi_worker_mode():  # as Keras asks: it may have got but one
            return {name: keras.ops.reshape(value, (1,)) for name, value in logs.items()}
        return logs

    def _maybe_symbolic_build(self, iterator: Any = None, data_batch: Any = None) -> None:
        strategy = self.distribute_strategy
        if iterator is not None:
            _, _, batches = next(iter(iterator))
            data_batch = keras.tree.map_structure(lambda x: strategy.experimental_local_results(x)[0], next(batches))
        with strategy.scope():
            self._symbolic_build(data_batch=data_batch)
