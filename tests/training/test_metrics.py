"""PSNR and SSIM: by hand, against TensorFlow's, and as streaming metrics."""

import keras
import numpy as np
import pytest

from a2u_tf.training.metrics import PSNR, SSIM, psnr, ssim
from tests.helpers import to_numpy

METRICS = [(PSNR, psnr), (SSIM, ssim)]


def pictures(rng, count, channels=1):
    y_true = rng.uniform(size=(count, 16, 13, channels)).astype("float32")
    noise = rng.uniform(0.01, 0.3, size=(count, 1, 1, 1)) * rng.normal(size=y_true.shape)
    return y_true, np.clip(y_true + noise, 0, 1).astype("float32")


def test_feature_psnr_by_hand():
    """At most 100, and 60 for an error of a thousandth."""
    y_true = np.zeros((6, 2, 2, 1), "float32")
    y_pred = y_true + np.reshape(np.array([1, 0.1, 0, 0, 1e-6, 1e-3], "float32"), (6, 1, 1, 1))
    y_pred[2, 0, 0] = 0.2  # MSE 0.04 / 4
    np.testing.assert_allclose(to_numpy(psnr(y_true, y_pred)), [0, 20, 20, 100, 100, 60], atol=1e-3)


def test_feature_ssim_of_equal_and_inverted_pictures(rng):
    y_true, _ = pictures(rng, 2)
    np.testing.assert_allclose(to_numpy(ssim(y_true, y_true)), 1, atol=1e-5)
    assert (to_numpy(ssim(y_true, 1 - y_true)) < -0.5).all()


@pytest.mark.tensorflow
@pytest.mark.parametrize("channels", [1, 3])
def test_feature_equals_tensorflow(rng, channels):
    import tensorflow as tf

    y_true, y_pred = pictures(rng, 3, channels)
    np.testing.assert_allclose(psnr(y_true, y_pred), tf.image.psnr(y_true, y_pred, 1.0), rtol=1e-5)
    np.testing.assert_allclose(ssim(y_true, y_pred), tf.image.ssim(y_true, y_pred, 1.0), rtol=1e-4)


@pytest.mark.parametrize(("metric_class", "function"), METRICS)
def test_feature_mean_over_unequal_batches(rng, metric_class, function):
    y_true, y_pred = pictures(rng, 7)
    metric = metric_class()
    for part in (slice(0, 4), slice(4, 6), slice(6, 7)):
        metric.update_state(y_true[part], y_pred[part])
    expected = to_numpy(function(y_true, y_pred)).mean()
    np.testing.assert_allclose(to_numpy(metric.result()), expected, rtol=1e-5)
    metric.reset_state()
    assert float(to_numpy(metric.result())) == 0


@pytest.mark.parametrize("function", [psnr, ssim])
def test_precision_of_half_predictions(rng, function):
    y_true, y_pred = pictures(rng, 2)
    outputs = function(y_true, keras.ops.cast(y_pred, "float16"))
    assert keras.backend.standardize_dtype(outputs.dtype) == "float32"
    np.testing.assert_allclose(to_numpy(outputs), to_numpy(function(y_true, y_pred)), rtol=1e-2)


def test_serialization_in_a_compiled_model(tmp_path, rng):
    inputs = keras.Input((16, 13, 1))
    model = keras.Model(inputs, keras.layers.Conv2D(1, 1)(inputs))
    model.compile("sgd", "mse", metrics=[PSNR(), SSIM(name="mine")], jit_compile=False)
    y_true, y_pred = pictures(rng, 3)
    expected = model.evaluate(y_pred, y_true, batch_size=2, verbose=0, return_dict=True)
    assert set(expected) == {"loss", "psnr", "mine"}
    outputs = model.predict_on_batch(y_pred)
    np.testing.assert_allclose(expected["psnr"], to_numpy(psnr(y_true, outputs)).mean(), rtol=1e-4)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    actual = loaded.evaluate(y_pred, y_true, batch_size=2, verbose=0, return_dict=True)
    assert actual == pytest.approx(expected, rel=1e-5)
