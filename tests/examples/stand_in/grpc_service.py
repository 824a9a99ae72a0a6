"""The gRPC interface of the stand-in: PredictionService.Predict, in TensorFlow Serving's own messages."""

import concurrent.futures

import grpc
import tensorflow as tf
from tensorflow_serving.apis import predict_pb2, prediction_service_pb2_grpc

from tests.examples.stand_in.loaded_model import INVALID_ARGUMENT, ServingError

CODES = {code.value[0]: code for code in grpc.StatusCode}
OPTIONS = [("grpc.max_send_message_length", -1), ("grpc.max_receive_message_length", -1)]


class Service(prediction_service_pb2_grpc.PredictionServiceServicer):
    """Predictions of one model."""

    def __init__(self, model):
        self._model = model

    def Predict(self, request, context):  # noqa: N802
        spec = request.model_spec
        response = predict_pb2.PredictResponse(model_spec=spec)
        try:
            self._model.check_name(spec.name, str(spec.version.value) if spec.HasField("version") else None)
            inputs = {name: _array(name, tensor) for name, tensor in request.inputs.items()}
            for name, array in self._model.run(spec.signature_name, inputs).items():
                response.outputs[name].CopyFrom(tf.make_tensor_proto(array))
        except ServingError as error:
            context.abort(CODES[error.code], str(error))
        return response


def make_server(model):
    """Return a gRPC server for a `LoadedModel`, and its port on this machine's own interface."""
    server = grpc.server(concurrent.futures.ThreadPoolExecutor(2), options=OPTIONS)
    prediction_service_pb2_grpc.add_PredictionServiceServicer_to_server(Service(model), server)
    return server, server.add_insecure_port("127.0.0.1:0")


def _array(name, tensor):
    try:
        return tf.make_ndarray(tensor)
    except (TypeError, ValueError) as error:
        raise ServingError(INVALID_ARGUMENT, f"{name}: {error}") from error
