"""The command for very many pictures; the job itself has its tests beside it."""

import signal

import pytest

from a2u_program.main import main

job = pytest.importorskip("a2u_tf.matting.batch.job", exc_type=ImportError)  # which says how to install what it needs

ARGUMENTS = ["batch", "--list", "list.parquet", "-o", "x"]


def test_arguments_reach_the_job(monkeypatch):
    calls = []
    monkeypatch.setattr(job, "run_job", lambda *values: calls.append(values))
    assert main(ARGUMENTS) == 0
    more = ["--bits", "16", "--address", "auto", "--concurrency", "2", "--gpus", "0.5", "--object-store-mb", "200"]
    assert main(["batch", "--image", "i", "--trimap", "t", "-o", "x", "--model", "m.keras", *more]) == 0
    assert calls == [
        ("list.parquet", "x", "small", 8, None, 1, 0.0, 1000),
        (("i", "t"), "x", "m.keras", 16, "auto", 2, 0.5, 200),
    ]


def test_stopped_job_says_how_to_go_on(monkeypatch, capsys):
    monkeypatch.setattr(job, "run_job", lambda *values: signal.raise_signal(signal.SIGTERM))
    assert main(ARGUMENTS) == 143
    assert capsys.readouterr().err.startswith("The same command goes on with what is left.\nerror: stopped")
