"""How much of a training's time its steps wait for data."""

import time

import keras


class DataWait(keras.callbacks.Callback):
    """Adds `waited_for_data` to the logs of an epoch: the share of its steps' time in which they had no samples yet.

    The first step of a training is left out: it also compiles. Put this behind callbacks whose files have to be the
    same from run to run, for time is not.

    Args:
        first_step: Number of the first batch, as of `training_batches`, whose `on_sample` is this object's method.
    """

    def __init__(self, first_step: int = 0) -> None:
        super().__init__()
        self._made: dict[int, float] = {}  # when the latest sample of a batch was
        self._next = first_step
        self._free: float | None = None  # since when the training has nothing else to do than the next step

    def on_sample(self, step: int) -> None:
        """Note that one more sample of a batch is made."""
        self._made[step] = time.perf_counter()

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        self._waited = self._total = 0.0
        if self._free is not None:
            self._free = time.perf_counter()

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        now, made = time.perf_counter(), self._made.pop(self._next, 0.0)
        if self._free is not None:
            self._waited += max(0.0, made - self._free)
            self._total += now - self._free
        self._next, self._free = self._next + 1, now

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        if logs is not None and self._total:
            logs["waited_for_data"] = self._waited / self._total
