"""The launchers of a cluster: who gets which TF_CONFIG, and what happens when a process fails."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from examples.cluster import launch

ROOT = Path(__file__).parents[2]
HOSTS = ["127.0.0.1:1", "localhost:2"]
FLAGS = [f"--host={host}" for host in HOSTS]
# Writes its TF_CONFIG under the number of its task, one line a start.
RECORD = """
import json, os, pathlib, sys, time
text = os.environ["TF_CONFIG"]
index = json.loads(text)["task"]["index"]
path = pathlib.Path(str(index))
starts = len(path.read_text().splitlines()) if path.exists() else 0
path.open("a").write(text + "\\n")
"""


def launched(folder, code, *flags):
    return launch.main([*FLAGS, f"--folder={folder}", *flags, sys.executable, "-c", RECORD + code, "it's one word"])


def starts(folder, index):
    return [json.loads(line) for line in (folder / str(index)).read_text().splitlines()]


def test_each_process_gets_its_place(tmp_path):
    folder = tmp_path / "a folder"
    folder.mkdir()
    assert launched(folder, 'assert sys.argv[1] == "it\'s one word"') == 0
    for index in (0, 1):
        expected = {"cluster": {"worker": HOSTS}, "task": {"type": "worker", "index": index}}
        assert starts(folder, index) == [expected]


def test_all_start_again_when_one_fails(tmp_path):
    """Process 0 would wait for long; process 1 fails at its first start."""
    begin = time.time()
    assert launched(tmp_path, "starts or (time.sleep(300) if index == 0 else sys.exit(3))") == 0
    assert [len(starts(tmp_path, index)) for index in (0, 1)] == [2, 2]
    assert time.time() - begin < 200


def test_gives_up_after_restarts(tmp_path, capfd):
    assert launched(tmp_path, "sys.exit(index)", "--restarts=1") == 1
    assert len(starts(tmp_path, 1)) == 2
    assert "A process failed. Starts left: 0" in capfd.readouterr().err


def test_other_machines_are_reached_by_ssh(tmp_path, monkeypatch):
    """A stand-in for ssh writes down its arguments, then runs the line here."""
    ssh = tmp_path / "ssh"
    ssh.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" > {tmp_path}/arguments\nexec sh -c "$5"\n')
    ssh.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    command = [sys.executable, "-c", RECORD]
    assert launch.main(["--host=far-away:7", f"--folder={tmp_path}", *command]) == 0
    assert (tmp_path / "arguments").read_text().splitlines()[:4] == ["-tt", "-o", "BatchMode=yes", "far-away"]
    assert starts(tmp_path, 0)[0]["cluster"] == {"worker": ["far-away:7"]}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--host=node", "true"], "--host must be NAME:PORT. Received: node"),
        (["--host=node:x", "true"], "--host must be NAME:PORT. Received: node:x"),
        (["--host=node:1"], "a command must follow"),
        (["true"], "--host"),
    ],
)
def test_bad_arguments(arguments, message, capsys):
    with pytest.raises(SystemExit):
        launch.main(arguments)
    assert message in capsys.readouterr().err


def test_slurm_job(tmp_path):
    """Stand-ins for Slurm's commands: two nodes, then the same job with a node that fails."""
    (tmp_path / "scontrol").write_text(
        f'#!/bin/sh\n[ "$1" = show ] && printf "node-1\\nnode-2\\n" || echo "$@" >> {tmp_path}/requeued\n'
    )
    (tmp_path / "srun").write_text(
        '#!/bin/sh\n[ "$1" = --kill-on-bad-exit=1 ] || exit 9\nshift\n'
        'SLURM_PROCID=0 "$@" || exit 1\nSLURM_PROCID=1 "$@" || exit 1\n'
    )
    for name in ("scontrol", "srun"):
        (tmp_path / name).chmod(0o755)
    environment = os.environ | {"PATH": f"{tmp_path}:{os.environ['PATH']}", "SLURM_JOB_ID": "5"}
    script = ROOT / "examples" / "cluster" / "train.slurm"

    def job(code, **variables):
        command = ["bash", str(script), sys.executable, "-c", RECORD + code]
        return subprocess.run(command, cwd=tmp_path, env=environment | variables, timeout=60).returncode

    assert job("") == 0
    for index in (0, 1):
        expected = {"cluster": {"worker": ["node-1:12345", "node-2:12345"]}, "task": {"type": "worker", "index": index}}
        assert starts(tmp_path, index) == [expected]
    assert job("sys.exit(1)", SLURM_RESTART_COUNT="3") != 0
    assert not (tmp_path / "requeued").exists()
    assert job("sys.exit(1)") != 0
    assert (tmp_path / "requeued").read_text() == "requeue 5\n"
