"""Two processes on this machine train as one, and go on after one of them was killed."""

import csv
import json
import os
import signal
import socket
import subprocess
import sys

import keras
import numpy as np
import pytest
from absl import logging

from a2u_tf.training import Share
from tests.train.processes import ROOT
from train.reconstruction import Settings
from train.team import Team, TeamError, join_team

TOLERANCE = 1e-5  # relative; the logs are float32, in six digits
WAIT = 500  # seconds, for a machine with much else to do

# One process: in float64, where rounding does not hide an error; 101 test pictures do not part equally. The second
# worker kills itself in the middle of the second epoch, once.
PROCESS = """
import json, os, pathlib, signal, sys
import keras
import train.reconstruction as script

folder = pathlib.Path(sys.argv[1])
prepare, make_callbacks = script.prepare, script.make_callbacks

def prepare_in_float64(settings):
    prepare(settings)
    keras.config.set_dtype_policy("float64")

class Fate(keras.callbacks.Callback):
    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch

    def on_train_batch_begin(self, batch, logs=None):
        if self.epoch == 1 and batch == 1 and sys.argv[2] == "1" and not (folder.parent / "killed").exists():
            (folder.parent / "killed").touch()
            os.kill(os.getpid(), signal.SIGKILL)

script.prepare = prepare_in_float64
script.make_callbacks = lambda *arguments: [Fate(), *make_callbacks(*arguments)]
script.SYNTHETIC_TEST = 101
settings = script.Settings("synthetic", "nearest", "max_pool", epochs=3, batch_size=8, limit_train=28)
summary = script.run(settings, folder, tensorboard=False)
print("summary" if summary else "no summary", script.keras.config.dtype_policy().name)
"""


def config(cluster, kind="worker", index=0):
    return json.dumps({"cluster": cluster, "task": {"type": kind, "index": index}})


def train(folder, count):
    """Let `count` workers of one training end by themselves; return their exit codes and outputs."""
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    hosts = [f"127.0.0.1:{one.getsockname()[1]}" for one in sockets]
    for one in sockets:
        one.close()
    started = []
    for index in range(count):
        command = [sys.executable, "-c", PROCESS, str(folder), str(index)]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
        environment = os.environ | {"TF_CONFIG": config({"worker": hosts}, index=index), "CUDA_VISIBLE_DEVICES": ""}
        started.append(subprocess.Popen(command, cwd=ROOT, env=environment, **pipes))
    try:
        outputs = [process.communicate(timeout=WAIT)[0] for process in started]
    finally:
        for process in started:
            process.kill()
    return [process.returncode for process in started], outputs


def history(folder):
    rows = csv.DictReader((folder / "history.csv").read_text().splitlines())
    return [{name: float(value) for name, value in row.items()} for row in rows]


@pytest.mark.process
@pytest.mark.slow
@pytest.mark.tensorflow
def test_two_processes_of_which_one_is_killed_train_as_one(tmp_path):
    one, two = tmp_path / "one", tmp_path / "two"
    codes, outputs = train(one, 1)
    assert codes == [0], outputs

    codes, outputs = train(two, 2)
    assert codes[1] == -signal.SIGKILL, outputs
    assert codes[0] not in (0, None), outputs
    assert "UnavailableError" in outputs[0]
    assert [path.name for path in (two / "backup").iterdir()] == ["epoch_0001.npz"]
    assert not (two / "summary.json").exists()

    codes, outputs = train(two, 2)
    assert codes == [0, 0], outputs
    assert outputs[0].splitlines()[-1] == "summary float64"
    assert outputs[1].splitlines()[-1] == "no summary float64"

    assert sorted(path.name for path in two.iterdir()) == sorted(path.name for path in one.iterdir())
    rows, expected = history(two), history(one)
    assert [row["epoch"] for row in rows] == [1, 2, 3]
    for row, other in zip(rows, expected, strict=True):
        assert row == pytest.approx(other, rel=TOLERANCE)
    models = [keras.saving.load_model(folder / "model.keras") for folder in (one, two)]
    for ours, theirs in zip(*(model.get_weights() for model in models), strict=True):
        assert ours.dtype == theirs.dtype == np.float64
        np.testing.assert_allclose(theirs, ours, rtol=0, atol=1e-9)
    ours, theirs = (json.loads((folder / "summary.json").read_text()) for folder in (one, two))
    assert theirs["metrics"] == pytest.approx(ours["metrics"], rel=TOLERANCE)
    assert theirs["settings"] == ours["settings"]


@pytest.mark.parametrize(
    "text", [None, "", "{}", '{"cluster": {}}', config({"worker": ["a:1"]}), config({"chief": ["a:1"]})]
)
def test_alone_without_a_cluster(text, monkeypatch):
    monkeypatch.delenv("TF_CONFIG", raising=False)
    if text is not None:
        monkeypatch.setenv("TF_CONFIG", text)
    team = join_team()
    assert (team.rank, team.size, team.strategy, team.share) == (0, 1, None, Share())


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        '{"cluster": 1}',
        '{"cluster": {"worker": ["a:1", "b:1"]}}',
        *(config({"worker": ["a:1", "b:1"]}, **task) for task in ({"index": 2}, {"kind": "chief"}, {"index": "x"})),
        config({"worker": ["a:1", "b:1"], "ps": ["c:1"]}),
    ],
)
def test_exception_of_tf_config(text, monkeypatch):
    monkeypatch.setenv("TF_CONFIG", text)
    with pytest.raises(TeamError, match=r'TF_CONFIG must be JSON like \{"cluster".*Received: ') as error:
        join_team()
    assert text in str(error.value)


class Devices:
    """Stands for a strategy of so many devices."""

    def __init__(self, count):
        self.num_replicas_in_sync = count


def test_shares_of_processes_with_several_devices():
    assert [Team(rank, 3, Devices(6)).share for rank in range(3)] == [Share(0, 2, 6), Share(2, 2, 6), Share(4, 2, 6)]
    assert Team(strategy=Devices(2)).share == Share()


@pytest.mark.parametrize(
    ("team", "change", "numbers", "message"),
    [
        (Team(0, 2, Devices(4)), {"batch_size": 6}, {}, "batch_size must be a multiple .*: 6 for 4 devices of 2"),
        (Team(0, 2, Devices(2)), {}, {"pictures": 7}, "pictures must be a multiple .*: 7 for 2 devices of 2"),
        (Team(0, 2, Devices(2)), {"jit_compile": True}, {}, "--jit_compile works in one process"),
        (Team(strategy=Devices(2)), {"clip_norm": 1.0}, {}, "--clip_norm works on one device.*Received: 1.0 for 2"),
    ],
)
def test_exception_of_check(team, change, numbers, message):
    settings = type("Any", (), {"batch_size": 8, "jit_compile": False, "clip_norm": None, **change})
    with pytest.raises(TeamError, match=message):
        team.check(settings, **numbers)


def test_one_process_needs_no_equal_parts():
    Team(strategy=Devices(2)).check(Settings(batch_size=7), pictures=13)
    Team().check(Settings(batch_size=7, jit_compile=True), pictures=13)


def test_only_the_chief_writes_to_the_run_folder(tmp_path):
    (tmp_path / "backup").mkdir()
    (tmp_path / "backup" / "epoch_0001.npz").write_text("weights")
    with Team(0, 2).folder(tmp_path) as folder:
        assert folder == tmp_path
    with Team(1, 2).folder(tmp_path) as folder:
        assert (folder / "backup" / "epoch_0001.npz").read_text() == "weights"
        (folder / "history.csv").touch()
    assert not folder.exists()
    assert [path.name for path in tmp_path.iterdir()] == ["backup"]


@pytest.mark.parametrize(
    ("rank", "verbosity", "on_terminal", "elsewhere"),
    [(0, "INFO", 1, 2), (0, "DEBUG", 1, 2), (0, "WARNING", 0, 0), (1, "INFO", 0, 0)],
)
def test_progress_is_a_bar_only_on_a_terminal(rank, verbosity, on_terminal, elsewhere, monkeypatch):
    monkeypatch.setattr(logging, "get_verbosity", lambda: getattr(logging, verbosity))
    for terminal, expected in ((True, on_terminal), (False, elsewhere)):
        monkeypatch.setattr("sys.stdout.isatty", lambda terminal=terminal: terminal)
        assert Team(rank, 2).verbose == expected
