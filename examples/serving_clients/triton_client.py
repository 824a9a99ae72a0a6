"""Matte a picture by a model that NVIDIA's Triton serves, over gRPC. Needs a2u_tf[serving].

    python -m examples.serving_clients.triton_client --server=127.0.0.1:8001 photo.png trimap.png alpha.png

Reference: https://github.com/triton-inference-server/client
"""

from examples.serving_clients import command_line
from examples.serving_clients.command_line import RequestError


def request_matte(server, model, photo, trimap, timeout):
    """Return the PNG file of a matte, as bytes; arguments and errors are those of `grpc_client.request_matte`."""
    try:
        import numpy as np
        from tritonclient import grpc
        from tritonclient.utils import InferenceServerException
    except ImportError as error:
        raise RequestError(f"{error}. Install what this client needs: pip install 'a2u_tf[serving]'") from error

    inputs = []
    for name, file in (("image_bytes", photo), ("trimap_bytes", trimap)):
        inputs.append(grpc.InferInput(name, [1], "BYTES"))
        inputs[-1].set_data_from_numpy(np.array([file], object))
    try:
        with grpc.InferenceServerClient(server) as client:
            answer = client.infer(model, inputs, client_timeout=timeout).as_numpy("alpha_bytes")
    except InferenceServerException as error:
        if error.status() in ("StatusCode.UNAVAILABLE", "StatusCode.DEADLINE_EXCEEDED"):
            raise RequestError(f"no answer from {server}: {error.message()}. Is a server there?") from error
        raise RequestError(f"{server} answered {error.status()}: {error.message()}") from error
    if answer is None or answer.shape != (1,):
        raise RequestError(f"{server} must answer one `alpha_bytes`. Received: {answer}")
    return bytes(answer[0])


if __name__ == "__main__":
    command_line.main(request_matte, __doc__.splitlines()[0], "127.0.0.1:8001")
