"""What the clients say where there is no server, or another one."""

import http.server
import socket
import sys
import threading

import pytest

from examples.serving_clients import command_line, grpc_client, rest_client
from examples.serving_clients.command_line import RequestError


@pytest.fixture
def ask_stranger(monkeypatch):
    """Ask for a matte at a web server that gives one answer to everything."""
    monkeypatch.setenv("no_proxy", "*")

    def ask(status, body):
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                self.rfile.read(int(self.headers["Content-Length"]))
                self.send_response(status)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *unused):
                pass

        with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
            threading.Thread(target=server.handle_request, daemon=True).start()
            rest_client.request_matte(f"127.0.0.1:{server.server_port}", "matting", b"", b"", 60)

    return ask


@pytest.fixture
def silent():
    """The address of a server that takes connections and never says a word."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        yield f"127.0.0.1:{listening.getsockname()[1]}"


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"<html>", b"[]", b"null", b"{}", b'{"predictions": []}', b'{"predictions": [[0.5]]}'),
        *(b'{"predictions": [{"b64": "?"}]}', b'{"predictions": [{"b64": 1}]}', b'{"predictions": {"b64": "AA=="}}'),
    ],
)
def test_other_answers(ask_stranger, body):
    with pytest.raises(RequestError, match=r'must answer {"predictions": \[{"b64": \.\.\.}\]}\. Received: b') as info:
        ask_stranger(200, body)
    assert str(body) in str(info.value)


@pytest.mark.parametrize("body", [b"try another door", b"[]", b'{"error": "try another door"}'])
def test_other_errors(ask_stranger, body):
    with pytest.raises(RequestError, match=r"answered 403 Forbidden: (try another door|\[\])$"):
        ask_stranger(403, body)


@pytest.mark.parametrize(("client", "reason"), [(rest_client, ".*timed out"), (grpc_client, "")])
def test_silence(silent, monkeypatch, client, reason):
    if client is grpc_client:
        pytest.importorskip("tensorflow_serving", reason="needs a2u_tf[serving]")
    monkeypatch.setenv("no_proxy", "*")
    with pytest.raises(RequestError, match=f"no answer from 127{reason}"):
        client.request_matte(silent, "matting", b"", b"", 0.2)


@pytest.mark.parametrize("server", ["127.0.0.1:rest", "[::1"])
def test_no_address(server):
    with pytest.raises(RequestError, match="must be host:port of the REST interface"):
        rest_client.request_matte(server, "matting", b"", b"", 1)


def test_missing_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorflow_serving", None)
    monkeypatch.delitem(sys.modules, "tensorflow_serving.apis", raising=False)
    with pytest.raises(RequestError, match=r"tensorflow_serving.* pip install 'a2u_tf\[serving\]'"):
        grpc_client.request_matte("127.0.0.1:1", "matting", b"", b"", 1)


def run_command_line(request_matte, *paths):
    command_line.main(request_matte, "", "127.0.0.1:8501", [str(path) for path in paths])


@pytest.fixture
def photo(tmp_path):
    path = tmp_path / "photo.png"
    path.write_bytes(b"photo")
    return path


def test_command_line(photo):
    alpha = photo.with_name("alpha.png")
    run_command_line(lambda *arguments: repr(arguments).encode(), photo, photo, alpha)
    assert alpha.read_bytes() == repr(("127.0.0.1:8501", "matting", b"photo", b"photo", 60)).encode()
    assert sorted(photo.parent.iterdir()) == [alpha, photo]


def test_command_line_refusal_is_one_line(photo):
    def refuse(*unused):
        raise RequestError("first line\n\t second")

    with pytest.raises(SystemExit, match=r"^error: first line second$"):
        run_command_line(refuse, photo, photo, photo.with_name("alpha.png"))
    assert list(photo.parent.iterdir()) == [photo]


def test_command_line_paths(photo):
    missing = photo.parent / "missing"
    for paths in ((missing, photo, photo), (photo, missing, photo), (photo, photo, missing / "alpha.png")):
        with pytest.raises(SystemExit, match=r"^error: .*missing.*: No such file or directory$"):
            run_command_line(lambda *unused: b"", *paths)
    assert photo.read_bytes() == b"photo"
