"""An exported model behind NVIDIA's Triton: a server, a client and a protocol none of which are ours."""

import concurrent.futures
import contextlib
import os
import signal
import socket
import subprocess
import threading
import time
from pathlib import Path

import pytest

from a2u_tf.export import export_saved_model
from examples import serving_triton
from examples.serving_clients.command_line import RequestError
from examples.serving_clients.triton_client import request_matte
from examples.serving_triton.add_version import add_version
from tests.examples.conftest import WAIT
from tests.examples.test_serving import check_matte, files, hostile_pictures
from tests.export.networks import one_level

PYTHON = os.environ.get("A2U_TRITON")
START = Path(serving_triton.__file__).with_name("start.py")
pytestmark = [
    pytest.mark.process,
    pytest.mark.tensorflow,
    pytest.mark.slow,
    pytest.mark.parametrize("served", [one_level], indirect=True, scope="module"),
    pytest.mark.skipif(not PYTHON, reason="A2U_TRITON must name the Python of an environment as in docs/serving.md"),
]


def free_ports():
    with socket.socket() as first, socket.socket() as second:
        for bound in (first, second):
            bound.bind(("127.0.0.1", 0))
        return first.getsockname()[1], second.getsockname()[1]


@pytest.fixture(scope="module")
def repository(served, tmp_path_factory):
    folder = tmp_path_factory.mktemp("triton") / "repository"
    for name in ("matting", "other"):
        add_version(served["folder"] / "matting" / "1", folder / name)
    return folder


@pytest.fixture(scope="module")
def server(repository):
    """Host and port of a running server."""
    pytest.importorskip("tritonclient", reason="needs a2u_tf[serving]")
    http_port, grpc_port = free_ports()
    line = [PYTHON, START, repository, f"--http-port={http_port}", f"--grpc-port={grpc_port}"]
    address = f"127.0.0.1:{grpc_port}"
    # A session of its own, so that an interrupt reaches the server, too, as Ctrl+C does.
    with (
        repository.with_name("log").open("w") as log,
        subprocess.Popen(line, stdout=log, stderr=log, start_new_session=True) as process,
    ):
        try:
            wait_for(lambda: is_ready(address, "matting") and is_ready(address, "other"), process)
            yield address
        finally:
            os.killpg(process.pid, signal.SIGINT)
            process.wait(WAIT)


def is_ready(server, model, version=""):
    from tritonclient import grpc
    from tritonclient.utils import InferenceServerException

    with grpc.InferenceServerClient(server) as client:
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


def test_mattes_of_two_models(server, served):
    for model in ("matting", "other"):
        check_matte(request_matte(server, model, *files(served), WAIT), served)


def test_hostile_picture_files(server, served):
    picture, trimap = files(served)
    for data, message in hostile_pictures(picture).values():
        for pair in ((data, trimap), (picture, data)):
            with pytest.raises(RequestError, match=f"(?s)answered StatusCode.INVALID_ARGUMENT: .*{message}"):
                request_matte(server, "matting", *pair, WAIT)
    check_matte(request_matte(server, "matting", picture, trimap, WAIT), served)


def test_client_says_why(server, served):
    with pytest.raises(RequestError, match=r"answered .*unknown model: 'another'"):
        request_matte(server, "another", *files(served), WAIT)
    with pytest.raises(RequestError, match=r"no answer from 127.* Is a server there"):
        request_matte("127.0.0.1:9", "matting", *files(served), WAIT)


def test_new_version_under_load_and_a_broken_one(server, served, repository, tmp_path):
    first = request_matte(server, "matting", *files(served), WAIT)
    export_saved_model(one_level(seed=1), tmp_path / "new", version=2)
    ended = threading.Event()

    def load():
        answers = []
        while not ended.is_set():
            answers.append(request_matte(server, "matting", *files(served), WAIT))
        return answers

    with concurrent.futures.ThreadPoolExecutor(1) as pool, contextlib.ExitStack() as stack:
        stack.callback(ended.set)
        loading = pool.submit(load)
        add_version(tmp_path / "new" / "2", repository / "matting")
        wait_for(lambda: is_ready(server, "matting", "2"))
        second = request_matte(server, "matting", *files(served), WAIT)
        broken = tmp_path / "3"
        broken.mkdir()
        (broken / "saved_model.pb").write_bytes(b"no model")
        add_version(broken, repository / "matting")
        time.sleep(5)  # until the server has looked, and tried
        assert not is_ready(server, "matting", "3")
        assert request_matte(server, "matting", *files(served), WAIT) == second
    assert second != first
    assert set(loading.result()) == {first, second}  # the one or the other all the time, and no error
    log = repository.with_name("log").read_text()
    for version in (1, 2):  # and once, though the server looks for changes
        assert log.count(f'"loading: matting:{version}"') == 1
