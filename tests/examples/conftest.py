"""An exported model with a picture and its matte, the C++ program, and a stand-in for TensorFlow Serving."""

import socket
import threading

import cv2
import numpy as np
import pytest

from a2u_tf.export import export_saved_model
from custom_ops.toolchain import BuildError
from examples.serving_cpp.build import build
from tests.examples import stand_in
from tests.export.networks import one_level, whole_network
from tests.helpers import SEED

WAIT = 300  # seconds, for a machine with much else to do


@pytest.fixture(scope="module", params=[one_level, pytest.param(whole_network, marks=pytest.mark.slow)])
def served(request, tmp_path_factory):
    """A model's folder, a picture with its trimap, also as files in that folder, and the matte by Keras."""
    model = request.param()
    folder = tmp_path_factory.mktemp("serving")
    export_saved_model(model, folder / "matting")
    rng = np.random.default_rng(SEED)
    image = rng.integers(0, 256, (35, 50, 3), dtype=np.uint8)
    trimap = rng.choice(np.array([0, 128, 255], np.uint8), (35, 50), p=(0.1, 0.8, 0.1))
    cv2.imwrite(str(folder / "photo.png"), cv2.cvtColor(image, cv2.COLOR_RGB2BGR))
    cv2.imwrite(str(folder / "trimap.png"), trimap)
    alpha = model.predict_on_batch({"image": image[None], "trimap": trimap[None, ..., None]})["alpha"]
    return {"folder": folder, "image": image, "trimap": trimap, "alpha": alpha[0, ..., 0]}


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    try:
        return build(tmp_path_factory.mktemp("program") / "matte_picture")
    except BuildError as error:
        if "no C++ compiler" in str(error):
            pytest.skip(str(error))
        raise


@pytest.fixture(scope="module")
def loaded(served):
    return stand_in.LoadedModel("matting", str(served["folder"] / "matting" / "1"))


@pytest.fixture(scope="module")
def rest_server(loaded):
    with stand_in.make_rest_server(loaded) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture
def rest(rest_server, monkeypatch):
    monkeypatch.setenv("no_proxy", "*")
    return rest_server


@pytest.fixture(scope="module")
def grpc_server(loaded):
    pytest.importorskip("tensorflow_serving", reason="needs a2u_tf[serving]")
    server, port = stand_in.make_grpc_server(loaded)
    server.start()
    yield f"127.0.0.1:{port}"
    server.stop(None)


@pytest.fixture
def closed_port():
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))  # without listening
        yield f"127.0.0.1:{bound.getsockname()[1]}"
