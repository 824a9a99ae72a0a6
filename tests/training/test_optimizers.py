"""Learning rates by layer."""

import keras
import numpy as np
import pytest

from a2u_tf.training.optimizers import LayerwiseAdam
from tests.helpers import SEED, assert_close, to_numpy


def make_model():
    keras.utils.set_random_seed(SEED)
    layers = [keras.layers.Dense(4, name="encoder_1"), keras.layers.Dense(1, name="head")]
    return keras.Sequential([keras.Input((3,)), *layers])


def named(model):
    return {v.path.split("/", 1)[1]: to_numpy(v) for v in model.trainable_variables}


def trained(optimizer, rng, steps=8):
    model = make_model()
    model.compile(optimizer, "mean_squared_error")
    x = rng.normal(size=(4 * steps, 3)).astype("float32")
    model.fit(x, x[:, :1], batch_size=4, shuffle=False, verbose=0)
    return named(model)


def test_without_factors_it_is_adam():
    ours = trained(LayerwiseAdam(0.01), np.random.default_rng(SEED))
    theirs = trained(keras.optimizers.Adam(0.01), np.random.default_rng(SEED))
    for path, value in ours.items():
        assert_close(value, theirs[path])


def test_a_factor_is_a_learning_rate(rng):
    """The first step of Adam moves every weight by the learning rate."""
    after = trained(LayerwiseAdam(0.01, factors={"encoder_": 0.1}, epsilon=1e-12), rng, steps=1)
    for path, before in named(make_model()).items():
        step = np.abs(after[path] - before).max()
        assert step == pytest.approx(0.001 if path.startswith("encoder_") else 0.01, rel=1e-3)


def test_factor_zero_freezes(rng):
    before = named(make_model())
    after = trained(LayerwiseAdam(0.01, factors={"encoder_": 0}), rng)
    for path, value in after.items():
        assert np.array_equal(value, before[path]) == path.startswith("encoder_")


def test_serialization_and_exception():
    config = keras.saving.serialize_keras_object(LayerwiseAdam(0.5, factors={"a": 0.1}, global_clipnorm=2.0))
    again = keras.saving.deserialize_keras_object(config)
    assert again.factors == {"a": 0.1}
    assert again.global_clipnorm == 2.0
    with pytest.raises(ValueError, match=r"at least 0. Received: {'a': -1}"):
        LayerwiseAdam(factors={"a": -1, "b": 1})
