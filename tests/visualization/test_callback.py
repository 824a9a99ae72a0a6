"""Kernels after every epoch."""

import importlib.util

import cv2
import keras
import numpy as np
import pytest

from a2u_tf.layers import A2UUpSampling2D
from a2u_tf.visualization import KernelMaps, kernel_maps, kernel_sheet

PICTURE = np.zeros((1, 4, 4, 1))


def make_model(layer):
    model = keras.Sequential([keras.Input((4, 4, 1)), keras.layers.Conv2D(2, 1), layer, keras.layers.Conv2D(1, 1)])
    model.compile(keras.optimizers.SGD(1.0), "mse")
    return model


def events(folder):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    accumulator = EventAccumulator(str(folder), size_guidance={"tensors": 0})
    accumulator.Reload()
    return {tag: accumulator.Tensors(tag) for tag in accumulator.Tags()["tensors"]}


pytestmark = pytest.mark.tensorflow


@pytest.fixture(autouse=True)
def tensorboard():
    pytest.importorskip("tensorboard", reason="needs tensorboard")


def test_files_and_images_of_each_epoch(tmp_path, rng):
    model = make_model(A2UUpSampling2D(variant="hybrid"))
    pictures = rng.uniform(size=(2, 4, 4, 1)).astype("float32")
    before = kernel_maps(model, pictures)
    x, y = rng.uniform(size=(8, 4, 4, 1)), rng.uniform(size=(8, 8, 8, 1))
    model.fit(x, y, epochs=2, verbose=0, callbacks=[KernelMaps(pictures, tmp_path / "logs")])
    names = {f"kernels_{number}_epoch_{epoch:04d}.png" for number in (0, 1) for epoch in (1, 2)}
    assert {path.name for path in (tmp_path / "logs").glob("*.png")} == names
    expected = kernel_sheet(pictures, {"at first": before, "epoch 2": kernel_maps(model, pictures)}, number=1)
    shown = cv2.imread(str(tmp_path / "logs" / "kernels_1_epoch_0002.png"))[..., ::-1]
    np.testing.assert_array_equal(shown, expected)
    logged = events(tmp_path / "logs")
    assert set(logged) == {"kernels_0", "kernels_1"}
    assert [event.step for event in logged["kernels_1"]] == [0, 1]
    width, height, png = logged["kernels_1"][-1].tensor_proto.string_val
    assert (int(height), int(width)) == expected.shape[:2]
    image = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_COLOR)[..., ::-1]
    np.testing.assert_array_equal(image, expected)


def test_inputs_beside_the_pictures(tmp_path, rng):
    network = make_model(A2UUpSampling2D())
    outer = keras.Sequential([keras.Input((4, 4, 1)), network])
    outer.compile("sgd", "mse")
    pictures, inputs = np.zeros((1, 4, 4, 3), "float32"), rng.uniform(size=(1, 4, 4, 1)).astype("float32")
    before = kernel_maps(outer, inputs)
    outer.fit(inputs, np.zeros((1, 8, 8, 1)), verbose=0, callbacks=[KernelMaps(pictures, tmp_path, inputs)])
    shown = cv2.imread(str(tmp_path / "kernels_0_epoch_0001.png"))[..., ::-1]
    expected = kernel_sheet(pictures, {"at first": before, "epoch 1": kernel_maps(outer, inputs)})
    np.testing.assert_array_equal(shown, expected)


def test_exception_without_kernels(tmp_path):
    model = make_model(keras.layers.UpSampling2D())
    with pytest.raises(ValueError, match="no upsampling kernels"):
        model.fit(PICTURE, np.zeros((1, 8, 8, 1)), verbose=0, callbacks=[KernelMaps(PICTURE, tmp_path / "logs")])
    assert not (tmp_path / "logs").exists()


@pytest.mark.parametrize("missing", ["tensorboard", "tensorflow"])
def test_exception_no_tensorboard(missing, monkeypatch, tmp_path):
    find_spec = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == missing else find_spec(name))
    with pytest.raises(ImportError, match=r"pip install 'a2u_tf\[tensorboard\]'"):
        KernelMaps(PICTURE, tmp_path)
