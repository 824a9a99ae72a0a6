"""An exported model in a C++ program, and behind a stand-in for TensorFlow Serving with our clients before it."""

import base64
import json
import os
import struct
import subprocess
import sys
import urllib.error
import urllib.request

import cv2
import numpy as np
import pytest

from custom_ops.toolchain import ROOT
from examples.serving_clients import grpc_client, rest_client
from examples.serving_clients.command_line import RequestError
from tests.examples.conftest import WAIT
from tests.matting.pictures.files import chunk

pytestmark = [
    pytest.mark.process,
    pytest.mark.tensorflow,
    pytest.mark.skipif(sys.platform != "linux", reason="needs the shared libraries of TensorFlow's Linux wheel"),
]


def files(served):
    return [(served["folder"] / name).read_bytes() for name in ("photo.png", "trimap.png")]


def check_matte(png, served):
    levels = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_UNCHANGED)
    assert levels.dtype == np.uint8
    assert levels.shape == served["alpha"].shape
    difference = np.abs(levels - 255.0 * served["alpha"]).max()
    print(f"largest difference from Keras: {difference:.3f} of 255 levels")
    assert difference < 0.51  # rounding to whole levels
    assert len(np.unique(levels)) > 10


def run_program(program, *arguments):
    result = subprocess.run([program, *arguments], capture_output=True, text=True, timeout=WAIT, check=False)
    return result.returncode, result.stderr


def test_program(program, served):
    folder = served["folder"]
    arguments = folder / "matting" / "1", folder / "photo.png", folder / "trimap.png", folder / "program.png"
    code, errors = run_program(program, *arguments)
    assert code == 0, errors
    check_matte((folder / "program.png").read_bytes(), served)


@pytest.mark.parametrize(
    ("model", "photo", "message"),
    [
        ("matting/1", "missing.png", "missing.png; No such file"),
        ("matting", "photo.png", "holds no saved_model.pb. Name the version folder of an export"),
        ("matting/1", "matting/1/saved_model.pb", "Unknown image file format"),
    ],
)
def test_program_errors(program, served, model, photo, message):
    folder = served["folder"]
    before = sorted(folder.iterdir())
    code, errors = run_program(program, folder / model, folder / photo, folder / "trimap.png", folder / "no.png")
    assert code == 1
    assert "error: " in errors
    assert message in errors
    assert sorted(folder.iterdir()) == before
    code, errors = run_program(program, "matting/1")
    assert code == 2
    assert errors.splitlines()[-1] == f"usage: {program} MODEL_DIR PHOTO TRIMAP ALPHA"


def test_rest_client(rest, served):
    folder = served["folder"]
    paths = [str(folder / name) for name in ("photo.png", "trimap.png", "rest.png")]
    command = [sys.executable, "-m", "examples.serving_clients.rest_client", f"--server={rest}", *paths]
    subprocess.run(command, cwd=ROOT, env={**os.environ, "no_proxy": "*"}, timeout=WAIT, check=True)
    check_matte((folder / "rest.png").read_bytes(), served)


def test_grpc_client(grpc_server, served):
    check_matte(grpc_client.request_matte(grpc_server, "matting", *files(served), WAIT), served)


def post(server, body):
    url = f"http://{server}/v1/models/matting:predict"
    try:
        with urllib.request.urlopen(url, json.dumps(body).encode(), timeout=WAIT) as response:
            return response.status, json.load(response)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def test_rest_rows_and_columns(rest, served):
    row = {"image": served["image"].tolist(), "trimap": served["trimap"][..., None].tolist()}
    for key, value in (("instances", [row] * 2), ("inputs", {name: [value] for name, value in row.items()})):
        status, answer = post(rest, {key: value})
        assert status == 200, answer
        for alpha in answer["predictions" if key == "instances" else "outputs"]:
            difference = np.abs(np.array(alpha) - served["alpha"][..., None]).max()
            print(f"largest difference from Keras: {difference:.1e}")
            assert difference < 1e-5


def small(image=(1, 4, 5, 3), trimap=(1, 4, 5, 1), dtype="uint8"):
    return {"image": np.zeros(image, dtype), "trimap": np.zeros(trimap, "uint8")}


HOSTILE = {
    "dtype": small(dtype="float32") | {"image": np.full((1, 4, 5, 3), 0.5, "float32")},
    "rank": small(image=(4, 5, 3)),
    "more ranks": small(image=(1, 4, 5, 3, 1)),
    "a number": small(image=()),
    "channels": small(image=(1, 4, 5, 4)),
    "one channel": small(image=(1, 4, 5, 1)),  # which arithmetic would broadcast to three
    "channels of the trimap": small(trimap=(1, 4, 5, 3)),
    "batch": small(image=(2, 4, 5, 3)),
    "size": small(trimap=(1, 5, 4, 1)),
    "missing": {"image": np.zeros((1, 4, 5, 3), "uint8")},
    "surplus": small() | {"alpha": np.zeros((1, 4, 5, 1), "uint8")},
}


def header(width, height):
    """A PNG of a few bytes that asks for as many pixels."""
    size = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", size) + chunk(b"IDAT", b"") + chunk(b"IEND", b"")


def hostile_pictures(picture):
    jpeg = cv2.imencode(".jpg", np.zeros((8, 8, 3), np.uint8))[1].tobytes()
    sized = jpeg.replace(b"\x08\0\x08\0\x08", b"\x08" + struct.pack(">HH", 60_000, 60_000))
    return {
        "empty": (b"", "Unknown image file format"),
        "garbage": (b"no picture", "Unknown image file format"),
        "gif": (b"GIF89a" + bytes(40), "Unknown image file format"),
        "bmp": (cv2.imencode(".bmp", np.zeros((4, 5, 3), np.uint8))[1].tobytes(), "Unknown image file format"),
        "signature alone": (picture[:8], "Unknown image file format"),
        "cut png": (picture[:60], "Invalid PNG"),
        "cut jpeg": (jpeg[:200], "Invalid JPEG"),
        "no pixels": (header(0, 5), "Invalid PNG"),
        "png bomb": (header(20_000, 20_000), "Pictures may have up to 268435456 pixels"),
        "larger png bomb": (header(2**31 - 1, 2**31 - 1), "Pictures may have up to 268435456 pixels"),
        "jpeg bomb": (sized, "Pictures may have up to 268435456 pixels"),
    }


def test_hostile_picture_files(rest, served):
    picture, trimap = files(served)
    for name, (data, message) in hostile_pictures(picture).items():
        for pair in ((data, trimap), (picture, data)):
            row = {
                key: {"b64": base64.b64encode(file).decode()}
                for key, file in zip(("image_bytes", "trimap_bytes"), pair, strict=True)
            }
            status, answer = post(rest, {"signature_name": "serve_encoded", "instances": [row]})
            assert status == 400, name
            assert message in answer["error"], name
    check_alive(rest, served)


def check_alive(rest, served):
    with urllib.request.urlopen(f"http://{rest}/v1/models/matting", timeout=WAIT) as response:
        assert json.load(response)["model_version_status"][0]["state"] == "AVAILABLE"
    check_matte(rest_client.request_matte(rest, "matting", *files(served), WAIT), served)


def test_hostile_grpc_requests(grpc_server, rest, served):
    import grpc
    import tensorflow as tf
    from tensorflow_serving.apis import predict_pb2, prediction_service_pb2_grpc

    def request(inputs, model="matting", signature="serving_default"):
        message = predict_pb2.PredictRequest()
        message.model_spec.name, message.model_spec.signature_name = model, signature
        for name, array in inputs.items():
            message.inputs[name].CopyFrom(tf.make_tensor_proto(array))
        return message

    broken = request(small())
    broken.inputs["image"].tensor_content = b"too short"
    no_picture = {"image_bytes": [b"no picture"], "trimap_bytes": [b""]}
    two_and_one = {"image_bytes": files(served)[:1] * 2, "trimap_bytes": files(served)[1:]}
    requests = [
        *((request(inputs), "INVALID_ARGUMENT") for inputs in HOSTILE.values()),
        (broken, "INVALID_ARGUMENT"),
        (request(no_picture, signature="serve_encoded"), "INVALID_ARGUMENT"),
        (request(two_and_one, signature="serve_encoded"), "INVALID_ARGUMENT"),
        (request(no_picture), "INVALID_ARGUMENT"),
        (request({name: [[b"x"]] for name in no_picture}, signature="serve_encoded"), "INVALID_ARGUMENT"),
        (request({name: [1.0] for name in no_picture}, signature="serve_encoded"), "INVALID_ARGUMENT"),
        (request(small(), signature="classify"), "INVALID_ARGUMENT"),
        (request(small(), model="other"), "NOT_FOUND"),
    ]
    with grpc.insecure_channel(grpc_server) as channel:
        stub = prediction_service_pb2_grpc.PredictionServiceStub(channel)
        for message, code in requests:
            with pytest.raises(grpc.RpcError) as info:
                stub.Predict(message, timeout=WAIT)
            assert info.value.code().name == code, info.value
    check_alive(rest, served)


def test_warm_up_requests(grpc_server, served):
    import grpc
    import tensorflow as tf
    from tensorflow_serving.apis import prediction_log_pb2, prediction_service_pb2_grpc

    path = served["folder"] / "matting" / "1" / "assets.extra" / "tf_serving_warmup_requests"
    records = list(tf.data.TFRecordDataset(str(path)).as_numpy_iterator())
    assert records
    with grpc.insecure_channel(grpc_server) as channel:
        for record in records:
            request = prediction_log_pb2.PredictionLog.FromString(record).predict_log.request
            request.model_spec.name = "matting"
            prediction_service_pb2_grpc.PredictionServiceStub(channel).Predict(request, timeout=WAIT)


@pytest.mark.parametrize("client", [rest_client, grpc_client], ids=["rest", "grpc"])
def test_client_says_why(client, request, served, closed_port):
    server = request.getfixturevalue("rest" if client is rest_client else "grpc_server")
    with pytest.raises(RequestError, match=r"answered .*Servable not found for request: Latest\(other\)"):
        client.request_matte(server, "other", *files(served), WAIT)
    with pytest.raises(RequestError, match=r"answered .*Unknown image file format"):
        client.request_matte(server, "matting", b"no picture", files(served)[1], WAIT)
    with pytest.raises(RequestError, match=r"no answer from 127.*[Rr]efused.* Is a server there"):
        client.request_matte(closed_port, "matting", *files(served), WAIT)


def test_ports_confused(rest, grpc_server, served):
    with pytest.raises(RequestError, match="must be host:port of the REST interface, by default at 8501"):
        rest_client.request_matte(grpc_server, "matting", *files(served), WAIT)
    with pytest.raises(RequestError, match="no answer from"):
        grpc_client.request_matte(rest, "matting", *files(served), WAIT)
