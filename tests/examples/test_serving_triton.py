"""An exported model behind NVIDIA's Triton: a server, a client and a protocol none of which are ours."""

import os
import shutil
import signal
import socket
import subprocess
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from a2u_tf.export import export_saved_model
from examples import serving_triton
from examples.serving_triton.start import command
from tests.examples.conftest import WAIT
from tests.examples.test_serving import check_matte, files, hostile_pictures
from tests.export.networks import one_level

SERVER = os.environ.get("A2U_TRITON")
pytestmark = [
    pytest.mark.process,
    pytest.mark.tensorflow,
    pytest.mark.slow,
    pytest.mark.skipif(not SERVER, reason="A2U_TRITON must name the folder of a server, see examples/serving_triton"),
]


def free_ports():
    with socket.socket() as first, socket.socket() as second:
        for bound in (first, second):
            bound.bind(("127.0.0.1", 0))
        return first.getsockname()[1], second.getsockname()[1]


def lay_out(exported, repository, name, version=1):
    """A version of a model as Triton wants it, at once: it looks for new folders all the time."""
    own = Path(serving_triton.__file__).with_name("matting")
    model = Path(repository, name)
    model.mkdir(parents=True, exist_ok=True)
    config = own.joinpath("config.pbtxt").read_text().replace('name: "matting"', f'name: "{name}"')
    if not (model / "config.pbtxt").exists():
        (model / "config.pbtxt").write_text(config)
    staging = Path(repository).parent / f"{name}_{version}"
    shutil.copytree(exported, staging)
    shutil.copy2(own / "model.py", staging)
    staging.rename(model / str(version))


@pytest.fixture(scope="module")
def repository(served, tmp_path_factory):
    folder = tmp_path_factory.mktemp("triton") / "repository"
    lay_out(served["folder"] / "matting" / "1", folder, "matting")
    lay_out(served["folder"] / "matting" / "1", folder, "other")
    return folder


@pytest.fixture(scope="module")
def client(repository, tmp_path_factory):
    grpc = pytest.importorskip("tritonclient.grpc", reason="needs a2u_tf[serving]")
    http_port, grpc_port = free_ports()
    line, environment = command(SERVER, tmp_path_factory.mktemp("server"), repository, http_port, grpc_port)
    with (
        subprocess.Popen(line, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process,
        grpc.InferenceServerClient(f"127.0.0.1:{grpc_port}") as client,
    ):
        try:
            wait_for(lambda: is_ready(client, "matting") and is_ready(client, "other"), process)
            yield client
        finally:
            process.send_signal(signal.SIGINT)


def is_ready(client, model, version=""):
    from tritonclient.utils import InferenceServerException

    try:
        return client.is_model_ready(model, version)
    except InferenceServerException:
        return False  # the server starts still


def wait_for(condition, process=None):
    end = time.monotonic() + WAIT
    while not condition():
        assert process is None or process.poll() is None, f"the server ended with exit status {process.returncode}"
        assert time.monotonic() < end
        time.sleep(0.1)


def ask(client, photo, trimap, model="matting", version=""):
    import tritonclient.grpc as grpc

    inputs = []
    for name, data in (("image_bytes", photo), ("trimap_bytes", trimap)):
        tensor = grpc.InferInput(name, [1], "BYTES")
        tensor.set_data_from_numpy(np.array([data], object))
        inputs.append(tensor)
    (alpha,) = client.infer(model, inputs, version, client_timeout=WAIT).as_numpy("alpha_bytes")
    return alpha


def test_mattes_of_two_models(client, served):
    for model in ("matting", "other"):
        check_matte(ask(client, *files(served), model), served)


def test_hostile_picture_files(client, served):
    from tritonclient.utils import InferenceServerException

    picture, trimap = files(served)
    for data, message in hostile_pictures(picture).values():
        for pair in ((data, trimap), (picture, data)):
            with pytest.raises(InferenceServerException, match=message):
                ask(client, *pair)
    check_matte(ask(client, picture, trimap), served)


def test_new_version_under_load_and_a_broken_one(client, served, repository, tmp_path):
    first = ask(client, *files(served))
    export_saved_model(one_level(seed=1), tmp_path / "new")
    answers, ended = [], threading.Event()

    def load():
        while not ended.is_set():
            answers.append(ask(client, *files(served)))

    thread = threading.Thread(target=load)
    thread.start()
    try:
        lay_out(tmp_path / "new" / "1", repository, "matting", version=2)
        wait_for(lambda: is_ready(client, "matting", "2"))
        second = ask(client, *files(served))
        broken = tmp_path / "broken"
        broken.mkdir()
        (broken / "saved_model.pb").write_bytes(b"no model")
        lay_out(broken, repository, "matting", version=3)
        time.sleep(5)  # until the server has looked twice
        assert not is_ready(client, "matting", "3")
        assert ask(client, *files(served)) == second
    finally:
        ended.set()
        thread.join()
    assert second != first
    assert set(answers) == {first, second}  # one or the other all the time, no error
