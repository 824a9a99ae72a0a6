"""The REST interface of the stand-in: a model's status, and predictions."""

import http.server
import json
import re

from tests.examples.stand_in.json_mapping import read_request, write_response
from tests.examples.stand_in.loaded_model import INVALID_ARGUMENT, NOT_FOUND, ServingError

VERSION = "1"
PATH = re.compile(r"/v1/models/([^/:]+)(?:/versions/([0-9]+))?(:predict)?")
# What codes of absl::Status become in HTTP.
STATUS = {3: 400, 5: 404, 9: 400, 11: 400, 12: 501}


def make_server(model):
    """Return an HTTP server for a `LoadedModel`, on a free port of this machine's own interface."""

    class Handler(http.server.BaseHTTPRequestHandler):
        timeout = 60  # for a client that sends nothing

        def do_GET(self):
            self._answer(lambda: _model_status(model, self._path(predict=False)))

        def do_POST(self):
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self._answer(lambda: _predict(model, self._path(predict=True), body))

        def _path(self, predict):
            found = PATH.fullmatch(self.path)
            if not found or bool(found[3]) != predict:
                raise ServingError(INVALID_ARGUMENT, f"Malformed request: {self.command} {self.path}")
            return found

        def _answer(self, make_body):
            try:
                status, body = 200, make_body()
            except ServingError as error:
                status, body = STATUS.get(error.code, 500), json.dumps({"error": str(error)}).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *unused):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    return server


def check_name(model, name, version):
    """Raise `ServingError` for another model's name, or another version."""
    if name != model.name or (version or VERSION) != VERSION:
        asked = f"Specific({name}, {version})" if version else f"Latest({name})"
        raise ServingError(NOT_FOUND, f"Servable not found for request: {asked}")


def _model_status(model, path):
    check_name(model, path[1], path[2])
    available = {"version": VERSION, "state": "AVAILABLE", "status": {"error_code": "OK", "error_message": ""}}
    return json.dumps({"model_version_status": [available]}).encode()


def _predict(model, path, body):
    check_name(model, path[1], path[2])
    signature, inputs, by_rows = read_request(body, model.signature)
    return write_response(model.run(signature, inputs), by_rows)
