"""An exported model through programs of TensorFlow's own that know nothing of this project."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from examples.serving_cpp.build import build
from tests.examples.conftest import WAIT

pytestmark = [
    pytest.mark.process,
    pytest.mark.tensorflow,
    pytest.mark.skipif(sys.platform != "linux", reason="needs the shared libraries of TensorFlow's Linux wheel"),
]


def model_of(served):
    return served["folder"] / "matting" / "1"


def test_saved_model_cli(served, tmp_path):
    np.save(tmp_path / "image.npy", served["image"][None])
    np.save(tmp_path / "trimap.npy", served["trimap"][None, ..., None])
    program = Path(sys.executable).with_name("saved_model_cli")
    inputs = ";".join(f"{name}={tmp_path / name}.npy" for name in ("image", "trimap"))
    command = [program, "run", f"--dir={model_of(served)}", "--tag_set=serve", "--signature_def=serving_default"]
    subprocess.run([*command, f"--inputs={inputs}", f"--outdir={tmp_path}"], timeout=WAIT, check=True)
    np.testing.assert_allclose(np.load(tmp_path / "alpha.npy")[0, ..., 0], served["alpha"], atol=1e-5)


def test_c_api(served, tmp_path):
    import tensorflow as tf

    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        signatures = tf.compat.v1.saved_model.load(session, ["serve"], str(model_of(served))).signature_def
        signature = signatures["serving_default"]
    names = [signature.inputs["image"].name, signature.inputs["trimap"].name, signature.outputs["alpha"].name]
    assert all(name.endswith(":0") for name in names)
    program = build(tmp_path / "c_api", Path(__file__).with_name("c_api.cc"))
    height, width, _ = served["image"].shape
    command = [program, model_of(served), str(height), str(width), *(name.removesuffix(":0") for name in names)]
    pixels = served["image"].tobytes() + served["trimap"].tobytes()
    run = subprocess.run(command, input=pixels, stdout=subprocess.PIPE, timeout=WAIT, check=True)
    alpha = np.frombuffer(run.stdout, np.float32).reshape(height, width)
    np.testing.assert_allclose(alpha, served["alpha"], atol=1e-5)


def test_configuration_of_several_versions_and_models(served):
    """The text of docs/serving.md, by the schema of the real server."""
    pytest.importorskip("tensorflow_serving", reason="needs a2u_tf[serving]")
    from google.protobuf import text_format
    from tensorflow_serving.config import model_server_config_pb2

    page = (Path(__file__).parents[2] / "docs" / "serving.md").read_text()
    text = page.split("```proto\n")[1].split("```")[0]
    config = text_format.Parse(text, model_server_config_pb2.ModelServerConfig())
    models = {model.name: model for model in config.model_config_list.config}
    assert sorted(models) == ["matting", "small"]
    assert list(models["matting"].model_version_policy.specific.versions) == [1, 2]
    assert all(model.model_platform == "tensorflow" for model in models.values())
