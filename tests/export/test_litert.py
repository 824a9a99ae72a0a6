"""LiteRT files in TensorFlow's interpreter."""

import numpy as np
import pytest
import tensorflow as tf

from a2u_tf.export import export_litert
from tests.export.networks import one_level, whole_network

pytestmark = [pytest.mark.network, pytest.mark.tensorflow, pytest.mark.filterwarnings("ignore::UserWarning")]


@pytest.fixture(scope="module", params=[one_level, pytest.param(whole_network, marks=pytest.mark.slow)])
def model(request):
    return request.param()


def test_picture_of_odd_size(model, tmp_path, rng):
    exported = export_litert(model, tmp_path / "matting.tflite", size=(33, 50))
    assert exported.size == (tmp_path / "matting.tflite").stat().st_size
    assert exported.difference < 1e-4
    assert [path.name for path in tmp_path.iterdir()] == ["matting.tflite"]
    image = rng.integers(0, 256, (1, 33, 50, 3), dtype="uint8")
    trimap = rng.choice(np.array([0, 128, 255], "uint8"), (1, 33, 50, 1))
    interpreter = tf.lite.Interpreter(str(exported.path))
    assert not any(operation["op_name"].startswith("Flex") for operation in interpreter._get_ops_details())
    alpha = interpreter.get_signature_runner("serving_default")(image=image, trimap=trimap)["alpha"]
    expected = model({"image": image, "trimap": trimap})["alpha"]
    assert np.std(expected) > 0.05
    np.testing.assert_allclose(alpha, expected, atol=1e-4)


def test_weights_in_fewer_bits(tmp_path):
    import keras

    inputs = keras.Input((8, 8, 16), name="image")
    small = keras.Model(inputs, keras.layers.Conv2D(64, 3, name="map")(inputs))
    exported = {
        weights: export_litert(small, tmp_path / f"{weights}.tflite", weights=weights)
        for weights in ("float32", "float16", "int8")
    }
    sizes = [exported[weights].size for weights in ("float32", "float16", "int8")]
    assert sizes[1] < 0.65 * sizes[0]
    assert sizes[2] < 0.5 * sizes[0]
    assert exported["float32"].difference < 1e-5 < exported["float16"].difference < exported["int8"].difference < 0.1


def test_exceptions(model, tmp_path):
    path = tmp_path / "model.tflite"
    for arguments, message in (
        ((tmp_path / "model.bin", (32, 32)), "must end in .tflite"),
        ((path,), r"pictures of any size, and this format needs one. Pass it, as in size=\(512, 512\)"),
        ((path, (32, 32), "int4"), "must be one of .*Received: weights='int4'"),
    ):
        with pytest.raises(ValueError, match=message):
            export_litert(model, *arguments)
    assert not list(tmp_path.iterdir())
