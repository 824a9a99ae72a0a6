"""What the build of the C++ program says and leaves, with stand-ins for the compiler."""

import sys

import pytest

from examples.serving_cpp import build


def run_build(monkeypatch, program, path, compiler=None):
    monkeypatch.setenv("PATH", str(path))
    monkeypatch.setenv("CXX", str(compiler or ""))
    monkeypatch.setattr(sys, "argv", ["build", f"--output={program}"])
    build.main()


def write_compiler(path, lines):
    path.write_text(f"#!/bin/sh\n{lines}\n")
    path.chmod(0o755)
    return path


def test_builds(tmp_path, monkeypatch, capsys):
    compiler = write_compiler(tmp_path / "compiler", 'while [ "$1" != -o ]; do shift; done; echo built > "$2"')
    run_build(monkeypatch, tmp_path / "program", tmp_path, compiler)
    assert capsys.readouterr().out == f"built {tmp_path / 'program'}\n"
    assert (tmp_path / "program").read_text() == "built\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["compiler", "program"]


def test_failing_compiler_leaves_the_last_program(tmp_path, monkeypatch):
    (tmp_path / "program").write_text("last")
    compiler = write_compiler(tmp_path / "compiler", "echo no such header >&2; exit 1")
    with pytest.raises(SystemExit, match=r"(?s)^error: this command failed:.*no such header"):
        run_build(monkeypatch, tmp_path / "program", tmp_path, compiler)
    assert (tmp_path / "program").read_text() == "last"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["compiler", "program"]


def test_no_compiler(tmp_path, monkeypatch):
    with pytest.raises(SystemExit, match=r"^error: no C\+\+ compiler found. Install g\+\+"):
        run_build(monkeypatch, tmp_path / "program", tmp_path)


def test_no_folder(tmp_path, monkeypatch):
    compiler = write_compiler(tmp_path / "compiler", "")
    with pytest.raises(SystemExit, match=r"^error: .*No such file or directory.*missing"):
        run_build(monkeypatch, tmp_path / "missing" / "program", tmp_path, compiler)
