"""The REST interface of the stand-in: a model's status, and predictions in rows (`instances`) or columns (`inputs`).

Reference: https://www.tensorflow.org/tfx/serving/api_rest
"""

import base64
import http.server
import json
import re

import numpy as np
from tensorflow.python.framework import dtypes

from tests.examples.stand_in.loaded_model import INVALID_ARGUMENT, ServingError

PATH = re.compile(r"/v1/models/([^/:]+)(?:/versions/([0-9]+))?(:predict)?")
# What codes of absl::Status become in HTTP.
STATUS = {3: 400, 5: 404, 9: 400, 11: 400, 12: 501}


def make_server(model):
    """Return an HTTP server for a `LoadedModel`, on a free port of this machine's own interface."""

    class Handler(http.server.BaseHTTPRequestHandler):
        timeout = 60  # for a client that sends nothing

        def do_GET(self):
            self._answer(None)

        def do_POST(self):
            self._answer(self.rfile.read(int(self.headers.get("Content-Length", 0))))

        def _answer(self, body):
            try:
                path = PATH.fullmatch(self.path)
                if not path or bool(path[3]) != (body is not None):
                    raise ServingError(INVALID_ARGUMENT, f"Malformed request: {self.command} {self.path}")
                model.check_name(path[1], path[2])
                status, answer = 200, _STATE if body is None else _predict(model, body)
            except ServingError as error:
                status, answer = STATUS.get(error.code, 500), {"error": str(error)}
            content = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *unused):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    return server


_OK = {"error_code": "OK", "error_message": ""}
_STATE = {"model_version_status": [{"version": "1", "state": "AVAILABLE", "status": _OK}]}


def _predict(model, body):
    try:
        request = json.loads(body)
        signature = request.get("signature_name", "")
        if by_rows := "instances" in request:
            rows = request["instances"]
            columns = {name: [row[name] for row in rows] for name in rows[0]}
        else:
            columns = request["inputs"]
        kinds = model.signature(signature).inputs
        inputs = {name: _array(value, kinds[name].dtype) for name, value in columns.items() if name in kinds}
    except (ValueError, TypeError, AttributeError, LookupError) as error:
        raise ServingError(INVALID_ARGUMENT, f"not understood: {error!r}") from error
    outputs = model.run(signature, inputs | {name: None for name in columns if name not in kinds})
    (array,) = outputs.values()  # a single output goes without its name
    answer = array.tolist() if array.dtype != object else [{"b64": base64.b64encode(png).decode()} for png in array]
    return {"predictions" if by_rows else "outputs": answer}


def _array(value, kind):
    """Return nested lists as an array, without a loss."""
    dtype = dtypes.as_dtype(kind)
    if dtype == dtypes.string:
        return np.array([base64.b64decode(element["b64"], validate=True) for element in value], object)
    array = np.array(value)
    if not np.array_equal(array.astype(dtype.as_numpy_dtype), array):
        raise ValueError(f"not all of type {dtype.name}")
    return array.astype(dtype.as_numpy_dtype)
