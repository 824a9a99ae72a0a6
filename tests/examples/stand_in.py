"""A stand-in for TensorFlow Serving, for tests alone.

The model is run by sessions of TensorFlow's C++ runtime, as the real server does it; gRPC has the real server's
messages. What is not its own is the REST interface, written after https://www.tensorflow.org/tfx/serving/api_rest, and
everything around: no batching, no versions but one, no warm-up.
"""

import base64
import concurrent.futures
import http.server
import json
import re

import numpy as np
import tensorflow as tf
from tensorflow.core.protobuf import config_pb2

INVALID_ARGUMENT, NOT_FOUND = 3, 5  # the codes of absl::Status, which are gRPC's
STATUS = {3: 400, 5: 404, 9: 400, 11: 400, 12: 501}  # what they become in HTTP
PATH = re.compile(r"/v1/models/([^/:]+)(?:/versions/([0-9]+))?(:predict)?")
OK = {"error_code": "OK", "error_message": ""}
STATE = {"model_version_status": [{"version": "1", "state": "AVAILABLE", "status": OK}]}


class ServingError(Exception):
    """Why a request has no answer: `code` of absl::Status, and the message."""

    def __init__(self, code, message):
        super().__init__(message)
        self.code = code


class LoadedModel:
    """A SavedModel, ready to answer requests; safe to call from several threads."""

    def __init__(self, name, folder):
        self.name = name
        self._session = tf.compat.v1.Session(graph=tf.Graph())
        with self._session.graph.as_default():
            self._signatures = tf.compat.v1.saved_model.load(self._session, ["serve"], folder).signature_def

    def check_name(self, name, version):
        if name != self.name or version not in (None, "1"):
            asked = f"Specific({name}, {version})" if version else f"Latest({name})"
            raise ServingError(NOT_FOUND, f"Servable not found for request: {asked}")

    def signature(self, name):
        name = name or "serving_default"
        if name not in self._signatures:
            raise ServingError(INVALID_ARGUMENT, f'Serving signature name: "{name}" not found in signature def')
        return self._signatures[name]

    def run(self, signature, inputs):
        """Return a dict of output arrays for a dict of input arrays; strings are arrays of bytes objects."""
        signature = self.signature(signature)
        if set(inputs) != set(signature.inputs):
            raise ServingError(INVALID_ARGUMENT, f"expected inputs {sorted(signature.inputs)}, got {sorted(inputs)}")
        feed = [signature.inputs[name].name for name in inputs]
        fetch = [tensor.name for tensor in signature.outputs.values()]
        # Unlike `run`, this hands over what it is given: what does not fit is for the runtime and the graph to refuse.
        call = self._session._make_callable_from_options(config_pb2.CallableOptions(feed=feed, fetch=fetch))
        try:
            return dict(zip(signature.outputs, call(*inputs.values()), strict=True))
        except tf.errors.OpError as error:
            raise ServingError(error.error_code, error.message) from error


def make_rest_server(model):
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
                status, answer = 200, STATE if body is None else _predict(model, body)
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

    return http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)


def _predict(model, body):
    """Answer in rows (`instances`) or columns (`inputs`), as the request is."""
    request = json.loads(body)
    signature, rows = request.get("signature_name", ""), request.get("instances")
    kinds = model.signature(signature).inputs
    columns = {name: [row[name] for row in rows] for name in rows[0]} if rows else request["inputs"]
    (array,) = model.run(
        signature, {name: _array(value, kinds[name].dtype) for name, value in columns.items()}
    ).values()
    answer = array.tolist() if array.dtype != object else [{"b64": base64.b64encode(png).decode()} for png in array]
    return {"predictions" if rows else "outputs": answer}  # a single output goes without its name


def _array(value, kind):
    dtype = tf.as_dtype(kind)
    if dtype == tf.string:
        return np.array([base64.b64decode(element["b64"], validate=True) for element in value], object)
    return np.array(value, dtype.as_numpy_dtype)


def make_grpc_server(model):
    """Return a gRPC server for a `LoadedModel`, and its port on this machine's own interface."""
    import grpc
    from tensorflow_serving.apis import predict_pb2, prediction_service_pb2_grpc

    codes = {code.value[0]: code for code in grpc.StatusCode}

    class Service(prediction_service_pb2_grpc.PredictionServiceServicer):
        def Predict(self, request, context):  # noqa: N802
            spec = request.model_spec
            response = predict_pb2.PredictResponse(model_spec=spec)
            try:
                model.check_name(spec.name, str(spec.version.value) if spec.HasField("version") else None)
                inputs = {name: tf.make_ndarray(tensor) for name, tensor in request.inputs.items()}
                for name, array in model.run(spec.signature_name, inputs).items():
                    response.outputs[name].CopyFrom(tf.make_tensor_proto(array))
            except ServingError as error:
                context.abort(codes[error.code], str(error))
            except (TypeError, ValueError) as error:  # of a tensor that is none
                context.abort(codes[INVALID_ARGUMENT], str(error))
            return response

    options = [("grpc.max_send_message_length", -1), ("grpc.max_receive_message_length", -1)]
    server = grpc.server(concurrent.futures.ThreadPoolExecutor(2), options=options)
    prediction_service_pb2_grpc.add_PredictionServiceServicer_to_server(Service(), server)
    return server, server.add_insecure_port("127.0.0.1:0")
