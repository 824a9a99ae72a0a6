"""What a program prints, whatever becomes of it."""

import io
import os
import sys

import pytest

from a2u_program.streams import forgiving_streams


@pytest.mark.parametrize(
    ("encoding", "text", "printed"),
    [("cp1252", "\u732b \xe9", b"\\u732b \xe9\n"), ("utf-8", "\udce9 \xe9", b"\\udce9 \xc3\xa9\n")],
)
def test_what_an_encoding_lacks_is_escaped(monkeypatch, encoding, text, printed):
    stream = io.TextIOWrapper(io.BytesIO(), encoding, errors="strict")
    monkeypatch.setattr(sys, "stdout", stream)
    with forgiving_streams():
        print(text)
        assert sys.stdout.encoding == encoding
    assert stream.buffer.getvalue() == printed
    assert sys.stdout is stream


@pytest.mark.parametrize("name", ["stdout", "stderr"])
def test_closed_pipe(monkeypatch, name):
    reader, writer = os.pipe()
    with open(writer, "w") as stream:
        monkeypatch.setattr(sys, name, stream)
        with forgiving_streams():
            print("read", file=getattr(sys, name), flush=True)
            assert os.read(reader, 10) == b"read\n"
            os.close(reader)
            print("x" * 100_000, file=getattr(sys, name), flush=True)
            print("y", file=getattr(sys, name))
    # Here the stream was closed, as Python does at its end, without BrokenPipeError.


def test_no_stream_and_a_closed_one(monkeypatch):
    closed = io.StringIO()
    closed.close()
    monkeypatch.setattr(sys, "stdout", None)
    monkeypatch.setattr(sys, "stderr", closed)
    with forgiving_streams():
        for stream in (sys.stdout, sys.stderr):
            print("x", file=stream, flush=True)
        assert not sys.stdout.isatty()
    assert sys.stdout is None


def test_errors_pass_and_streams_come_back(monkeypatch):
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stdout", stream)

    @forgiving_streams()
    def fails():
        print("before")
        raise KeyError

    for _ in range(2):
        with pytest.raises(KeyError):
            fails()
    assert stream.getvalue() == "before\nbefore\n"
    assert sys.stdout is stream
