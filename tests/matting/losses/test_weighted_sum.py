"""Mixes of losses."""

import keras
import numpy as np
import pytest

from a2u_tf.matting.losses import AlphaLoss, CompositionLoss, GradientLoss, LaplacianLoss, WeightedSum
from tests.helpers import assert_close, to_numpy
from tests.matting.losses.targets import make_prediction, make_target


def test_sum_of_its_parts(rng):
    target, prediction = make_target(rng, (2, 8, 8)), make_prediction(rng, (2, 8, 8))
    parts = [AlphaLoss(), CompositionLoss(), LaplacianLoss(3), GradientLoss()]
    weights = [1, 0.5, 0.25, 3]
    expected = sum(w * to_numpy(part(target, prediction)) for w, part in zip(weights, parts, strict=True))
    assert_close(to_numpy(WeightedSum(parts, weights)(target, prediction)), expected)


def test_keras_losses_see_alpha_and_the_unknown_region(rng):
    target, prediction = make_target(rng, (2, 8, 8)), make_prediction(rng, (2, 8, 8))
    error = (prediction - target[..., :1]) * target[..., 1:2]
    mix = WeightedSum([keras.losses.MeanSquaredError(), keras.losses.MeanAbsoluteError()], [2, 1])
    expected = 2 * np.mean(error**2) + np.mean(np.abs(error))
    np.testing.assert_allclose(to_numpy(mix(target, prediction)), expected, rtol=1e-5)


@pytest.mark.parametrize("loss", [AlphaLoss(), CompositionLoss(), GradientLoss(), LaplacianLoss(3)])
def test_serialization_of_its_parts(loss):
    copy = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(loss))
    assert type(copy) is type(loss)
    assert copy.get_config() == loss.get_config()


def test_trains_and_survives_saving(rng, tmp_path):
    model = keras.Sequential([keras.Input((8, 8, 4)), keras.layers.Conv2D(1, 3, padding="same")])
    model.compile("adam", WeightedSum([AlphaLoss(), LaplacianLoss(2), keras.losses.MeanSquaredError()], [0.5, 0.1, 1]))
    x, target = rng.normal(size=(4, 8, 8, 4)).astype("float32"), make_target(rng, (4, 8, 8))
    losses = model.fit(x, target, epochs=3, verbose=0).history["loss"]
    assert losses[-1] < losses[0]
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert loaded.loss.weights == [0.5, 0.1, 1.0]
    np.testing.assert_allclose(loaded.evaluate(x, target, verbose=0), model.evaluate(x, target, verbose=0), rtol=1e-5)


@pytest.mark.parametrize(("losses", "weights"), [([], []), ([AlphaLoss()], [1, 2]), (["mse"], [1])])
def test_exception(losses, weights):
    with pytest.raises(ValueError, match=r"lists of one length, of Keras losses and of numbers. Received: losses="):
        WeightedSum(losses, weights)
