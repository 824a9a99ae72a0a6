"""Checkpoints made to do harm: nothing in them runs, nothing is written, and the error is ours."""

import contextlib
import json
import pickle
import zipfile

import keras
import numpy as np
import pytest

from a2u_tf.matting.pytorch_release.checkpoint import CheckpointError, read_checkpoint, released_network
from a2u_tf.matting.weights.loading import load_matting, read_model
from tests.hostile.mutations import mutated, mutated_member, zipped

TORCH_FORMATS = {
    "zip": lambda torch, content, path: torch.save(content, path),
    "legacy": lambda torch, content, path: torch.save(content, path, _use_new_zipfile_serialization=False),
    "bare pickle": lambda torch, content, path: path.write_bytes(pickle.dumps(content)),
}


pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")  # of torch and zipfile at what they find


@pytest.fixture(scope="module")
def torch():
    return pytest.importorskip("torch", reason="needs torch")


@pytest.fixture(scope="module")
def dense(tmp_path_factory):
    """The bytes of a small `.keras` archive."""
    path = tmp_path_factory.mktemp("model") / "model.keras"
    keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)]).save(path)
    return path.read_bytes()


class Malicious:
    """Makes a file when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (open, (str(self.path), "w"))


@pytest.mark.parametrize("save", TORCH_FORMATS.values(), ids=TORCH_FORMATS)
def test_malicious_pickle_does_not_run(torch, tmp_path, save):
    harm, path = tmp_path / "harm", tmp_path / "bad.pth"
    save(torch, {"state_dict": {"x": Malicious(harm)}}, path)
    with pytest.raises(CheckpointError, match=r"bad\.pth is not a checkpoint of tensors alone .*nothing of it ran"):
        read_checkpoint(path)
    assert not harm.exists()
    with contextlib.suppress(RuntimeError):  # at what follows in a bare pickle
        torch.load(path, weights_only=False)
    assert harm.exists()  # the proof proves something: read carelessly, the file does its harm


def test_mutated_torch_checkpoints(torch, tmp_path, rng):
    content = {"state_dict": {"a": torch.zeros(2, 1, 3, 3), "b": torch.ones(4, dtype=torch.float16)}, "epoch": 1}
    path, refused = tmp_path / "checkpoint.pth", 0
    for name in ("zip", "legacy"):
        TORCH_FORMATS[name](torch, content, path)
        valid = path.read_bytes()
        for number in range(250):
            inside = name == "zip" and number % 2
            path.write_bytes(mutated_member(valid, rng, ("data.pkl",)) if inside else mutated(valid, rng))
            try:
                state = read_checkpoint(path)
            except CheckpointError:
                refused += 1
            else:
                assert all(isinstance(value, np.ndarray) for value in state.values())
    assert refused > 250


def test_odd_torch_tensors(torch, tmp_path):
    path = tmp_path / "checkpoint.pth"
    for tensor in (torch.zeros(2).to_sparse(), torch.empty(2, device="meta")):
        torch.save({"a": tensor}, path)
        with pytest.raises(CheckpointError, match=r"\.pth must hold plain tensors. Received: a, torch.float32"):
            read_checkpoint(path)
    torch.save({1: torch.zeros(2)}, path)
    with pytest.raises(CheckpointError, match="must hold a dict of tensors"):
        read_checkpoint(path)
    torch.save({"a": torch.nn.Parameter(torch.ones(2))}, path)
    np.testing.assert_array_equal(read_checkpoint(path)["a"], [1, 1])


def test_released_network_of_absurd_size_is_not_built():
    kernels = np.broadcast_to(np.float32(0), (4 * 10**8, 1, 1, 1))
    with pytest.raises(CheckpointError, match=r"sides of up to 9. Received: 10000"):
        released_network({"module.bconv_UP.1.weight": kernels, "module.bconv_U.1.weight": np.float32(0)})


@pytest.mark.parametrize("ending", [".keras", ".h5"])
def test_code_in_a_keras_file_does_not_run(tmp_path, ending):
    harm, path = tmp_path / "harm", tmp_path / f"bad{ending}"
    function = eval(f"lambda x: (open({str(harm)!r}, 'w'), x)[1]")
    keras.Sequential([keras.Input((2,)), keras.layers.Lambda(function)]).save(path)
    harm.unlink(missing_ok=True)  # the layer ran when the model was made
    with pytest.raises(ValueError, match="Lambda" if ending == ".keras" else r"no \.keras archive"):
        load_matting(path)
    assert not harm.exists()
    keras.saving.load_model(path, compile=False, safe_mode=False)
    assert harm.exists()


@pytest.mark.parametrize(
    ("module", "name", "config"),
    [("os", "system", "touch {}"), ("builtins", "open", {"file": "{}", "mode": "w"}), ("pathlib", "Path", ["{}"])],
)
def test_config_cannot_name_any_function(tmp_path, dense, module, name, config):
    path, harm = tmp_path / "bad.keras", tmp_path / "harm"
    config = json.loads(json.dumps(config).replace("{}", str(harm)))
    layer = {"module": module, "class_name": name, "registered_name": None, "config": config}
    path.write_bytes(dense)
    with zipfile.ZipFile(path) as archive:
        members = {member: archive.read(member) for member in archive.namelist()}
    members["config.json"] = json.dumps(layer).encode()
    path.write_bytes(zipped(members))
    with pytest.raises(ValueError, match=r"bad\.keras cannot be read as a Keras model"):
        read_model(path)
    assert not harm.exists()


def test_keras_archive_that_leads_out_of_itself(tmp_path, dense):
    path = tmp_path / "folder" / "bad.keras"
    path.parent.mkdir()
    path.write_bytes(dense)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("../harm", "outside")
        archive.writestr("assets/../../harm", "outside")
    read_model(path)
    assert sorted(file.name for file in tmp_path.rglob("*")) == ["bad.keras", "folder"]


def test_folders_and_archives_that_grow(tmp_path, dense):
    (tmp_path / "folder.keras" / "1").mkdir(parents=True)  # which Keras takes for a checkpoint of another kind
    with pytest.raises(ValueError, match=r"folder\.keras cannot be read as a Keras model: it is missing, or no"):
        load_matting(tmp_path / "folder.keras")
    path = tmp_path / "bomb.keras"
    path.write_bytes(zipped({"model.weights.h5": bytes(2**26)}, zipfile.ZIP_DEFLATED))
    assert path.stat().st_size < 2**17
    with pytest.raises(ValueError, match=r"bomb\.keras cannot be read .*grows more than 10 times"):
        read_model(path)


def test_mutated_keras_archives(tmp_path, dense, rng):
    path = tmp_path / "model.keras"
    for number in range(120):
        inside = number % 4  # the sums of zip find nearly all other damage
        members = ("config.json", "metadata.json", "weights.h5")
        path.write_bytes(mutated_member(dense, rng, members) if inside else mutated(dense, rng))
        with pytest.raises(ValueError, match=r"model\.keras"):  # if only for not being a matting model
            load_matting(path)
