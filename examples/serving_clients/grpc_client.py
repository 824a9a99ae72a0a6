"""Matte a picture by a model that TensorFlow Serving serves, over gRPC. Needs a2u_tf[serving].

    python -m examples.serving_clients.grpc_client --server=127.0.0.1:8500 photo.png trimap.png alpha.png

Reference: tensorflow_serving/apis/{prediction_service,predict,model}.proto
"""

from examples.serving_clients import command_line
from examples.serving_clients.command_line import RequestError

# gRPC's own limit, 4 MB, is less than many a photo and matte.
OPTIONS = [("grpc.max_send_message_length", -1), ("grpc.max_receive_message_length", -1)]


def request_matte(server, model, photo, trimap, timeout):
    """Return the PNG file of a matte, as bytes.

    Args:
        server: Host and port of the gRPC interface.
        model: Name under which the model is served.
        photo: PNG or JPEG file, as bytes.
        trimap: The same, of its trimap, of the same size.
        timeout: Seconds to wait.

    Raises:
        RequestError: Where there is no answer, or another one, and where the extra is not installed.
    """
    try:
        import grpc
        import tensorflow as tf
        from tensorflow_serving.apis import predict_pb2, prediction_service_pb2_grpc
    except ImportError as error:
        raise RequestError(f"{error}. Install what this client needs: pip install 'a2u_tf[serving]'") from error

    request = predict_pb2.PredictRequest()
    request.model_spec.name = model
    request.model_spec.signature_name = "serve_encoded"
    request.inputs["image_bytes"].CopyFrom(tf.make_tensor_proto([photo]))
    request.inputs["trimap_bytes"].CopyFrom(tf.make_tensor_proto([trimap]))
    try:
        with grpc.insecure_channel(server, OPTIONS) as channel:
            answer = prediction_service_pb2_grpc.PredictionServiceStub(channel).Predict(request, timeout=timeout)
    except grpc.RpcError as error:
        if error.code() in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED):
            raise RequestError(f"no answer from {server}: {error.details()}. Is a server there?") from error
        raise RequestError(f"{server} answered {error.code().name}: {error.details()}") from error
    if "alpha_bytes" not in answer.outputs or len(answer.outputs["alpha_bytes"].string_val) != 1:
        raise RequestError(f"{server} must answer one `alpha_bytes`. Received: {sorted(answer.outputs)}")
    return answer.outputs["alpha_bytes"].string_val[0]


if __name__ == "__main__":
    command_line.main(request_matte, __doc__.splitlines()[0], "127.0.0.1:8500")
