"""What version 0.1.0 wrote before its modules moved loads as it did: registered names are for ever.

`saved_by_0_1_0` was made by that code, with the outputs that it gave. `layers.keras` holds every layer and method.
"""

from pathlib import Path

import keras
import numpy as np
import pytest

from a2u_tf.training import PSNR, SSIM, LayerwiseAdam
from tests.helpers import assert_close

FOLDER = Path(__file__).parent / "saved_by_0_1_0"


@pytest.fixture(scope="module")
def arrays():
    with np.load(FOLDER / "arrays.npz") as file:
        return dict(file)


def of(arrays, prefix):
    return {name.removeprefix(prefix): value for name, value in arrays.items() if name.startswith(prefix)}


def test_layers_of_every_method(arrays):
    model = keras.models.load_model(FOLDER / "layers.keras")
    outputs = model(of(arrays, "layers/in/"))
    expected = of(arrays, "layers/out/")
    assert outputs.keys() == expected.keys()
    for name, value in outputs.items():
        assert_close(value, expected[name], scale=10)  # sums of up to a hundred terms of order one, in any order


def test_network_compiled_with_metrics_and_optimizer(arrays):
    model = keras.models.load_model(FOLDER / "reconstruction.keras")
    pictures = arrays["reconstruction/in"]
    assert_close(model(pictures), arrays["reconstruction/out"])
    evaluated = model.evaluate(pictures, pictures, verbose=0)
    np.testing.assert_allclose(evaluated, arrays["reconstruction/evaluated"], rtol=1e-4)
    assert [type(metric) for metric in model.metrics[1].metrics] == [PSNR, SSIM]
    assert type(model.optimizer) is LayerwiseAdam
    assert int(model.optimizer.iterations) == 1


def test_every_loss(arrays):
    model = keras.models.load_model(FOLDER / "losses.keras")
    evaluated = model.evaluate(arrays["losses/in"], arrays["losses/target"], verbose=0)
    np.testing.assert_allclose(evaluated, arrays["losses/evaluated"], rtol=1e-4)


def test_matting_model(arrays):
    model = keras.models.load_model(FOLDER / "matting.keras")
    matte = model({name: arrays[f"matting/{name}"] for name in ("image", "trimap")})["alpha"]
    assert_close(matte, arrays["matting/alpha"], scale=10)


@pytest.mark.tensorflow
def test_saved_model(arrays):
    import tensorflow as tf

    served = tf.saved_model.load(str(FOLDER / "saved_model" / "1")).signatures["serving_default"]
    (output,) = served(tf.constant(arrays["saved_model/in"])).values()
    assert_close(output, arrays["saved_model/out"])
