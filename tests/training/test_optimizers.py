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


def trained(optimizer, rng, steps=5, **compile_settings):
    model = make_model()
    model.compile(optimizer, "mean_squared_error", **compile_settings)
    x = rng.normal(size=(4 * steps, 3)).astype("float32")
    model.fit(x, x[:, :1], batch_size=4, shuffle=False, verbose=0)
    return named(model)


@pytest.mark.parametrize(
    ("settings", "compile_settings"),
    [
        ({}, {}),
        ({}, {"jit_compile": True}),
        ({}, {"run_eagerly": True}),
        ({"amsgrad": True}, {}),
        ({"beta_1": 0.8, "beta_2": 0.9, "epsilon": 1e-3, "weight_decay": 0.01, "global_clipnorm": 0.1}, {}),
        ({"gradient_accumulation_steps": 3, "use_ema": True, "ema_overwrite_frequency": 4}, {}),
    ],
    ids=str,
)
def test_without_factors_it_is_adam(settings, compile_settings):
    if compile_settings.get("jit_compile") and keras.backend.backend() == "torch":
        pytest.skip("does not run inside XLA on torch")
    results = []
    for optimizer in (LayerwiseAdam, keras.optimizers.Adam):
        results.append(trained(optimizer(0.01, **settings), np.random.default_rng(SEED), **compile_settings))
    for path, value in results[0].items():
        assert_close(value, results[1][path])


def test_sparse_gradients_are_those_of_adam(rng):
    words = rng.integers(0, 5, (32, 2))
    results = []
    for optimizer in (LayerwiseAdam, keras.optimizers.Adam):
        keras.utils.set_random_seed(SEED)
        model = keras.Sequential([keras.Input((2,), dtype="int32"), keras.layers.Embedding(9, 3)])
        model.compile(optimizer(0.01), "mean_squared_error")
        model.fit(words, np.ones((32, 2, 3)), batch_size=4, shuffle=False, verbose=0)
        results.append(to_numpy(model.trainable_variables[0]))
    assert_close(*results)


@pytest.mark.tensorflow
@pytest.mark.parametrize("policy", ["float64", "mixed_float16"])
def test_other_dtypes_are_those_of_adam(policy):
    keras.config.set_dtype_policy(policy)
    try:
        results = [trained(kind(0.01), np.random.default_rng(SEED)) for kind in (LayerwiseAdam, keras.optimizers.Adam)]
    finally:
        keras.config.set_dtype_policy("float32")
    for path, value in results[0].items():
        assert_close(value, results[1][path])


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
