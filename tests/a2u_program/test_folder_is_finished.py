"""A folder of pictures is finished whatever happens, and nothing of the user's is lost."""

import contextlib
import errno
import os
import shutil
import signal
import sys
from pathlib import Path

import numpy as np
import pytest

from a2u_program.stops import raise_if_stopped
from a2u_tf.matting.pictures import read_alpha


@pytest.fixture
def heeded():
    """Signals as a terminal leaves them: a job in the background inherits that Ctrl+C is ignored."""
    numbers = {signal.SIGINT: signal.default_int_handler, signal.SIGTERM: signal.SIG_DFL}
    before = {number: signal.signal(number, handler) for number, handler in numbers.items()}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def copied(old, new):
    for folder in ("images", "trimaps"):
        shutil.copy(f"{folder}/{old}.png", f"{folder}/{new}.png")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signals_leave_whole_files_and_one_line(run, heeded, monkeypatch, capsys, number):
    handlers = [signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)]
    replace = os.replace

    def stopped(temporary, path):
        assert temporary.exists()
        if path.name == "b.png":
            signal.raise_signal(number)
        replace(temporary, path)

    monkeypatch.setattr(os, "replace", stopped)
    assert run("images", "trimaps", "-o", "alphas") == 128 + number
    assert capsys.readouterr().err == "error: stopped; files that were written are whole\n"
    assert os.listdir("alphas") == ["a.png"]
    assert read_alpha("alphas/a.png").shape == (20, 33)
    assert [signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)] == handlers


class ResourceExhaustedError(Exception):
    """Named as TensorFlow's."""


TOO_LARGE = (MemoryError, ResourceExhaustedError)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (RuntimeError("no\nreason"), "RuntimeError: no reason"),
        *((error(), "the memory is not enough. Try --max-side, or --dtype bfloat16 on a GPU.") for error in TOO_LARGE),
    ],
)
def test_any_exception_of_one_picture(run, monkeypatch, capsys, error, said):
    def fails_at_b(model, image, trimap, max_side):
        if trimap.shape == (16, 18):
            raise error
        return np.zeros(trimap.shape)

    monkeypatch.setattr("a2u_tf.matting.folder.predict_alpha", fails_at_b)
    copied("a", "c")
    assert run("images", "trimaps", "-o", "alphas") == 1
    out, err = capsys.readouterr()
    assert err == f"error: images/b.png: {said}\n"
    assert out.startswith("1/3 images/a.png\n2/3 images/b.png, failed\n3/3 images/c.png\n2 of 3 done")
    assert sorted(os.listdir("alphas")) == ["a.png", "c.png"]


def test_lost_signals_count(run, heeded, monkeypatch, capsys):
    """Numba turns what a handler raises into a SystemError."""

    def converted(*arguments):
        with contextlib.suppress(KeyboardInterrupt):
            signal.raise_signal(signal.SIGTERM)
        raise SystemError("returned a result with an exception set")

    monkeypatch.setattr("a2u_tf.matting.folder.predict_alpha", converted)
    assert run("images", "trimaps", "-o", "alphas") == 143
    assert capsys.readouterr().err == "error: stopped; files that were written are whole\n"
    raise_if_stopped()  # of the next program in this process


def test_again_over_its_own_outputs(run, capsys):
    outputs = ("-o", "alphas", "--bits", 16)
    assert run("images", "trimaps", *outputs) == 0
    assert "replaced" not in capsys.readouterr().out
    assert run("images", "trimaps", *outputs) == 0
    out = capsys.readouterr().out
    assert "1/2 images/a.png, replaced alphas/a.png\n" in out
    assert "(files replaced: 2)" in out
    copied("a", "c")
    Path("alphas/b.png").write_bytes(b"")
    before = Path("alphas/a.png").stat()
    assert run("images", "trimaps", *outputs, "--skip-existing") == 0
    out = capsys.readouterr().out
    assert out.startswith("1/2 images/b.png, replaced alphas/b.png\n2/2 images/c.png\n2 of 3 done in ")
    assert "(files replaced: 1, pictures skipped: 1)" in out
    assert Path("alphas/a.png").stat() == before


def test_nothing_is_loaded_where_all_is_done(run, model, monkeypatch, capsys):
    monkeypatch.setattr("a2u_tf.matting.folder.load_matting", None)
    Path("alpha.png").write_text("of an earlier run")
    assert run("images/a.png", "trimaps/a.png", "-o", "alpha.png", "--skip-existing") == 0
    assert "0 of 1 done" in capsys.readouterr().out
    monkeypatch.setattr("a2u_tf.matting.folder.load_matting", lambda path: model)
    assert run("images/a.png", "trimaps/a.png", "-o", "alpha.png", "--cutout", "new.png", "--skip-existing") == 0
    assert "1/1 images/a.png, replaced alpha.png\n1 of 1 done" in capsys.readouterr().out


def test_two_names_of_one_file(run, monkeypatch, capsys):
    """As where a disk takes A.png and a.png for one: the second is not written over the first."""
    copied("a", "A")
    Path("alphas").mkdir()
    Path("alphas/a.png").symlink_to("A.png")
    monkeypatch.setattr("os.path.realpath", str)
    assert run("images", "trimaps", "-o", "alphas") == 1
    assert "alphas/a.png and alphas/A.png are one file there" in capsys.readouterr().err
    assert sorted(os.listdir("alphas")) == ["A.png", "a.png", "b.png"]


def test_progress_is_not_the_product(run, monkeypatch):
    """Nobody reads, and a name is none of the encoding's."""
    copied("a", os.fsdecode(bytes([0xE9])))
    reader, writer = os.pipe()
    os.close(reader)
    with open(writer, "w", encoding="cp1252") as stream:
        for stdout in (stream, None):
            monkeypatch.setattr(sys, "stdout", stdout)
            assert run("images", "trimaps", "-o", "alphas") == 0
            assert len(os.listdir("alphas")) == 3
            shutil.rmtree("alphas")


def test_names_that_begin_with_a_dash(run):
    for folder in ("images", "trimaps"):
        shutil.copy(f"{folder}/a.png", f"-{folder}.png")
    assert run("-o", "new/-.png", "--", "-images.png", "-trimaps.png") == 0
    assert os.listdir("new") == ["-.png"]


def test_errors_of_writing_name_the_output(run, monkeypatch, capsys):
    def full(temporary, path):
        raise OSError(errno.ENOSPC, "No space left on device", temporary)

    monkeypatch.setattr(os, "replace", full)
    assert run("images/a.png", "trimaps/a.png", "-o", "alpha.png") == 1
    assert capsys.readouterr().err == f"error: [Errno {errno.ENOSPC}] No space left on device: 'alpha.png'\n"


def test_names_with_control_characters(run, capsys):
    for folder in ("images", "trimaps"):
        os.rename(f"{folder}/a.png", f"{folder}/a  \x1b\n.png")
        os.remove(f"{folder}/b.png")
    assert run("images", "trimaps", "-o", "alphas") == 0
    assert capsys.readouterr().out.startswith("1/1 images/a  \\x1b\\n.png\n1 of 1 done")
    Path("trimaps/a  \x1b\n.png").write_bytes(b"")
    assert run("images", "trimaps", "-o", "alphas") == 1
    err = capsys.readouterr().err
    assert err.startswith("error: trimaps/a  \\x1b\\n.png is empty")
    assert len(err.splitlines()) == 1
