"""Pictures that are drawn once: the same as those drawn while training, and drawn to the end after any stop."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import pytest

from a2u_tf.matting.data.synthetic import SyntheticSource
from tests.train.processes import ROOT, finish
from train.draw_pictures import Settings, draw, draw_folder
from train.matting_sources import make_source
from train.run_folder import RunFolderError

SMALL = Settings(size=64)


def pictures(folder):
    return {path.name: path.read_bytes() for path in sorted(folder.glob("*.png"))}


def test_source_reads_what_was_drawn(tmp_path):
    """With the colours under alpha 0, and drawn backgrounds behind."""
    draw(Settings(size=64, seed=5), 3, tmp_path / "000003.png")
    source = make_source([f"rgba={tmp_path}"], ["synthetic"], 32)
    colours, alpha = source.foreground(np.random.default_rng(0))
    expected_colours, expected_alpha = SyntheticSource(64).foreground(np.random.default_rng([5, 3]))
    assert (alpha == 0).any()
    np.testing.assert_array_equal(colours, expected_colours)
    np.testing.assert_allclose(alpha, expected_alpha, atol=0.501 / 255)
    background, expected = (one.background(np.random.default_rng(1)) for one in (source, SyntheticSource(512)))
    np.testing.assert_array_equal(background, expected)


def test_draws_backgrounds(tmp_path):
    draw(Settings(kind="backgrounds", size=64), 2, tmp_path / "2.png")
    expected = SyntheticSource(64).background(np.random.default_rng([0, 2]))
    np.testing.assert_array_equal(cv2.imread(str(tmp_path / "2.png"))[..., ::-1], expected)


@pytest.mark.process
def test_draws_what_is_missing_and_refuses_other_settings(tmp_path):
    folder = tmp_path / "drawn"
    draw_folder(SMALL, 3, folder, processes=2)
    first = pictures(folder)
    assert list(first) == ["000000.png", "000001.png", "000002.png"]
    assert len(set(first.values())) == 3
    (folder / "000001.png").unlink()
    (folder / "000002.png").write_bytes(b"kept as it is")
    draw_folder(SMALL, 4, folder, processes=1)
    assert pictures(folder) == {**first, "000002.png": b"kept as it is", "000003.png": pictures(folder)["000003.png"]}
    with pytest.raises(RunFolderError, match=r"'size': '64 before, 65 now'.*another --output"):
        draw_folder(Settings(size=65), 3, folder)
    (tmp_path / "other.txt").touch()
    with pytest.raises(RunFolderError, match="another --output"):
        draw_folder(SMALL, 3, tmp_path)


def runs(process):
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.process
@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="asks Linux for the processes of a process")
def test_stops_cleanly_and_ends_with_the_same_pictures(tmp_path):
    """Ctrl+C, then SIGKILL, each when some are drawn: no process stays, no file is broken."""
    folder, arguments = tmp_path / "drawn", ["--size=64", "--processes=2", f"--output={tmp_path / 'drawn'}"]
    for number in (signal.SIGINT, signal.SIGKILL):
        before = len(pictures(folder))
        command = [sys.executable, "-m", "train.draw_pictures", "--count=100000", *arguments]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
        process = subprocess.Popen(command, cwd=ROOT, start_new_session=True, **pipes)
        deadline = time.time() + 200
        while len(pictures(folder)) < before + 3 and time.time() < deadline:
            assert process.poll() is None, process.communicate()
            time.sleep(0.05)
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        assert len(children) >= 2
        # The terminal sends Ctrl+C to all of them.
        (os.killpg if number == signal.SIGINT else os.kill)(process.pid, number)
        output, _ = process.communicate(timeout=100)
        assert "Traceback" not in output
        assert number == signal.SIGKILL or (process.returncode == 1 and "the same command draws the rest" in output)
        while any(map(runs, children)):
            assert time.time() < deadline
            time.sleep(0.05)
        assert all(cv2.imread(str(path), cv2.IMREAD_UNCHANGED).shape[2] == 4 for path in folder.glob("*.png"))
    drawn = len(pictures(folder))
    finish("draw_pictures", f"--count={drawn + 3}", *arguments)
    received = pictures(folder)
    assert len(received) == drawn + 3
    for number in (0, drawn + 2):
        draw(SMALL, number, tmp_path / "expected.png")
        assert received[f"{number:06}.png"] == (tmp_path / "expected.png").read_bytes()
