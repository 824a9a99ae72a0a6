"""The share of its steps' time in which a training waited for data."""

import pytest

from train import data_wait
from train.data_wait import DataWait


def test_share_of_the_steps_that_waited(monkeypatch):
    """By a clock of its own: steps end 10 s after they may begin, and their samples are made 0, 4 and 2 s after."""
    clock = iter([])
    monkeypatch.setattr(data_wait.time, "perf_counter", lambda: next(clock))
    wait = DataWait(first_step=7)

    def step(number, made, end):
        nonlocal clock
        clock = iter([*made, end])
        for _ in made:
            wait.on_sample(number)
        wait.on_train_batch_end(0)

    logs = {}
    wait.on_epoch_begin(0)
    step(7, [100], 200)  # the first one compiles
    wait.on_epoch_end(0, logs)
    assert logs == {}
    clock = iter([300])  # after a validation
    wait.on_epoch_begin(1)
    step(8, [290, 299], 310)
    step(9, [312, 314], 320)
    step(10, [321, 322], 330)
    wait.on_epoch_end(1, logs)
    assert logs == {"waited_for_data": pytest.approx(6 / 30)}
