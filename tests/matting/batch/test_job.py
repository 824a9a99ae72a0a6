"""Hundreds of pictures through Ray, with broken ones among them, and processes killed on the way."""

import csv
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import cv2
import keras
import numpy as np
import pytest

pytest.importorskip("a2u_tf.matting.batch", exc_type=ImportError)  # which says how to install what it needs

import pyarrow as pa
import pyarrow.parquet as pq

from a2u_tf.matting.batch.job import ray_running, read_checked, run_job
from a2u_tf.matting.pictures import write_alpha
from a2u_tf.matting.prediction import predict_alpha
from a2u_tf.matting.weights.loading import load_matting
from tests.helpers import tiny_matting

pytestmark = [
    pytest.mark.tensorflow,
    pytest.mark.skipif(sys.platform != "linux", reason="finds the processes to kill in /proc"),
]
ROOT = Path(__file__).parents[3]
TOTAL = 300
BROKEN = {
    "007": "is empty",
    "020": "cut short",
    "021": "has no partner",
    "150": "Sizes",
    "299": "no picture of the formats",
}
PATIENCE = 600  # seconds until a test gives up; on a quiet machine a job takes about 20


@pytest.fixture(scope="module")
def model_path(tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "model.keras"
    tiny_matting().save(path)
    return path


@pytest.fixture
def folders(tmp_path, rng):
    for name in ("images", "trimaps"):
        (tmp_path / name).mkdir()
    for number in range(TOTAL):
        size = ((32, 48), (48, 32))[number % 2]
        image = rng.integers(0, 256, (*size, 3), dtype="uint8")
        trimap = rng.choice(np.array([0, 128, 255], "uint8"), size)
        cv2.imwrite(str(tmp_path / "images" / f"{number:03}.png"), image)
        cv2.imwrite(str(tmp_path / "trimaps" / f"{number:03}.png"), trimap)
    return tmp_path


def break_some(folders):
    images, trimaps = folders / "images", folders / "trimaps"
    (images / "007.png").write_bytes(b"")
    (images / "020.png").write_bytes((images / "020.png").read_bytes()[:90])
    (trimaps / "021.png").unlink()
    (trimaps / "150.png").write_bytes((trimaps / "151.png").read_bytes())
    (trimaps / "299.png").write_bytes(b"GIF89a")


class Job:
    """`a2u batch`, in a process of its own."""

    def __init__(self, folder, **flags):
        command = [sys.executable, "-m", "a2u_program", "batch", *(f"--{key}={value}" for key, value in flags.items())]
        self._log = folder / "log.txt"
        self._deadline = time.monotonic() + PATIENCE
        options = {"cwd": ROOT, "env": os.environ | {"PYTHONPATH": f"{folder}:{ROOT}"}, "stderr": subprocess.STDOUT}
        with open(self._log, "w") as log:
            self.process = subprocess.Popen(command, stdout=log, **options)

    def log(self):
        return self._log.read_text()

    def wait_for(self, condition, running=True):
        while not (result := condition()):
            assert time.monotonic() < self._deadline, self.log()
            assert not running or self.process.poll() is None, self.log()
            time.sleep(0.01)
        return result

    def end(self):
        """Wait for the process; kill it where the test fails before."""
        try:
            return self.process.wait(max(0, self._deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            raise AssertionError(self.log()) from None
        finally:
            self.process.kill()
            self.process.wait()

    def workers(self):
        """Return the ids of the processes with a model, which are the driver's grandchildren."""
        parents, names = {}, {}
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                parents[int(folder.name)] = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
                names[int(folder.name)] = (folder / "cmdline").read_text()
            except OSError:  # has just ended
                continue
        models = [process for process, name in names.items() if "MattingActor" in name]
        return [process for process in models if parents.get(parents[process]) == self.process.pid]


def files(folder):
    """Return number, time and size of each matte: a file that is written again gets another number."""
    stats = {path.name: path.stat() for path in folder.glob("*.png")}
    return {name: (stat.st_ino, stat.st_mtime_ns, stat.st_size) for name, stat in stats.items()}


@pytest.mark.process
@pytest.mark.slow
def test_driver_and_worker_are_killed_and_nothing_is_lost_or_done_twice(model_path, folders):
    break_some(folders)
    alphas = folders / "alphas"
    flags = {"model": model_path, "image": folders / "images", "trimap": folders / "trimaps", "output": alphas}
    good = {f"{number:03}.png" for number in range(TOTAL)} - {f"{name}.png" for name in BROKEN}
    # The process that leads the job is killed when the first mattes are there, and Ray ends with it.
    job = Job(folders, **flags)
    try:
        job.wait_for(lambda: files(alphas))
        workers = job.workers()
        assert workers
        job.process.kill()
        job.wait_for(lambda: not any(Path(f"/proc/{worker}").exists() for worker in workers), running=False)
    finally:
        assert job.end() == -signal.SIGKILL, job.log()
    first = files(alphas)
    assert 0 < len(first) < len(good), "killed too late"
    assert not (alphas / "_failures.csv").exists()

    # The same command again; now a process with a model is killed.
    job = Job(folders, **flags)
    try:
        job.wait_for(lambda: len(files(alphas)) > len(first))
        second = files(alphas)
        (worker,) = job.workers()
        os.kill(worker, signal.SIGKILL)
        assert len(second) < len(good), "killed too late"
    finally:
        code = job.end()
    log = job.log()
    assert code == 1, log
    assert f"{TOTAL} pictures: {len(first)} done before" in log
    assert re.search(rf"{len(good) - len(first)} of {TOTAL - 1 - len(first)} done .*pictures/s", log)
    assert "error: 5 pictures failed" in log
    last = files(alphas)
    assert set(last) == good
    assert {name: last[name] for name in first} == first
    assert {name: last[name] for name in second} == second
    failures = read_failures(alphas)
    assert failures.keys() == BROKEN.keys()
    assert all(reason in failures[name]["error"] for name, reason in BROKEN.items())
    assert all(failures[name]["image"] == str(folders / "images" / f"{name}.png") for name in BROKEN)
    assert {path.name for path in alphas.iterdir() if path.suffix != ".png"} == {"_failures.csv", "_settings.json"}
    check_mattes(model_path, folders, {name[:-4]: (alphas / name).read_bytes() for name in sorted(good)[::50]})


def read_failures(folder):
    with open(folder / "_failures.csv", newline="") as file:
        return {row["name"]: row for row in csv.DictReader(file)}


def check_mattes(model_path, folders, mattes):
    model = keras.saving.load_model(model_path, compile=False)
    for name, png in mattes.items():
        image = cv2.imread(str(folders / "images" / f"{name}.png"))[..., ::-1]
        trimap = cv2.imread(str(folders / "trimaps" / f"{name}.png"), cv2.IMREAD_GRAYSCALE)
        write_alpha(folders / "expected.png", predict_alpha(model, image, trimap))
        expected = cv2.imread(str(folders / "expected.png"), cv2.IMREAD_UNCHANGED)
        found = cv2.imdecode(np.frombuffer(png, "uint8"), cv2.IMREAD_UNCHANGED)
        assert found.dtype == np.uint8
        np.testing.assert_allclose(found.astype(int), expected.astype(int), atol=1)


@pytest.mark.process
@pytest.mark.slow
def test_table_to_parquet_with_a_picture_that_kills_its_workers(model_path, folders):
    # Python imports this module in every process that it starts.
    (folders / "sitecustomize.py").write_text(
        "import os, sys\n"
        "sys.addaudithook(lambda event, values:\n"
        "    event == 'open' and 'poison' in str(values[0]) and os.kill(os.getpid(), 9))\n"
    )
    (folders / "images" / "003.png").rename(folders / "images" / "poison.png")
    numbers = [f"{number:03}" for number in range(0, TOTAL, 2)]
    images = [f"file://{folders}/images/{number}.png" for number in numbers]
    trimaps = [str(folders / "trimaps" / f"{number}.png") for number in numbers]
    images[40], images[60] = str(folders / "images" / "poison.png"), str(folders / "images" / "missing.png")
    names = [f"{number[0]}/{number}" for number in numbers]
    pq.write_table(pa.table({"image": images, "trimap": trimaps, "name": names}), folders / "list.parquet")

    job = Job(folders, model=model_path, list=folders / "list.parquet", output=folders / "alphas.parquet")
    code = job.end()
    log = job.log()
    assert code == 1, log
    assert f"{len(names) - 2} of {len(names)} done" in log
    failures = read_failures(folders / "alphas.parquet")
    assert failures.keys() == {names[40], names[60]}
    assert "3 workers died while reading it" in failures[names[40]]["error"]
    assert "No such file" in failures[names[60]]["error"]
    table = pq.read_table(folders / "alphas.parquet")
    assert sorted([*table["name"].to_pylist(), *failures]) == names
    mattes = dict(zip(table["name"].to_pylist(), table["alpha"].to_pylist(), strict=True))
    check_mattes(model_path, folders, {number: mattes[f"{number[0]}/{number}"] for number in numbers[1::30]})


@pytest.mark.process
@pytest.mark.slow
def test_the_job_ends_at_a_signal_by_its_exit_code(model_path, folders):
    """Ray has a handler of its own, which would end the process at once."""
    alphas = folders / "alphas"
    job = Job(folders, model=model_path, image=folders / "images", trimap=folders / "trimaps", output=alphas)
    try:
        job.wait_for(lambda: files(alphas))
        job.process.terminate()
    finally:
        code = job.end()
    assert code == 143, job.log()
    assert job.log().endswith(
        "The same command goes on with what is left.\nerror: stopped; files that were written are whole\n"
    )


@pytest.mark.parametrize("address", ["127.0.0.1:1", "127.0.0.1:x", "127.0.0.1:70000"])
def test_cluster_that_is_not_there(address):
    with pytest.raises(ConnectionError, match=f"no Ray cluster at {address}"), ray_running(address):
        pass


def test_the_model_that_comes_with_the_package(tmp_path):
    (content, digest), (_, again) = read_checked("small"), read_checked("small")
    assert digest == again
    (tmp_path / "model.keras").write_bytes(content)
    theirs, ours = (load_matting(path).get_weights() for path in ("small", tmp_path / "model.keras"))
    for one, other in zip(theirs, ours, strict=True):
        np.testing.assert_array_equal(one, other)


def test_refusals_before_ray_starts(tmp_path):
    (tmp_path / "a.png").write_bytes(b"")
    folders = str(tmp_path), str(tmp_path)
    with pytest.raises(ValueError, match=r"a\.png is an input"):
        run_job(folders, str(tmp_path))
    with pytest.raises(ValueError, match=r"a\.png cannot be read as a Keras model"):
        run_job(folders, str(tmp_path / "alphas"), str(tmp_path / "a.png"))
    assert not (tmp_path / "alphas").exists()
