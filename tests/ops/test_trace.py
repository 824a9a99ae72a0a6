"""Whether what is being traced goes to XLA, and sums over channels, which go another way there."""

import keras
import numpy as np
import pytest

from a2u_tf.ops.trace import in_keras_step, in_xla_trace, sum_channels
from tests.helpers import assert_close, run


@pytest.fixture
def seen():
    return []


@pytest.fixture
def probe(seen):
    """A function of one tensor that notes what `in_xla_trace` says where it is traced."""

    def function(x):
        seen.append(in_xla_trace())
        return x + 1.0

    return function


def test_outside_of_any_trace():
    assert in_xla_trace() is (keras.backend.backend() == "jax")


@pytest.mark.tensorflow
@pytest.mark.parametrize("jit", [False, True])
@pytest.mark.parametrize("construct", ["plain", "function", "while_loop", "map_fn", "cond"])
def test_everything_inside_a_function(probe, seen, construct, jit):
    import tensorflow as tf

    inner = tf.function(probe)
    functions = {
        "plain": probe,
        "function": lambda x: tf.function(lambda x: inner(x) * 2.0)(x),
        "while_loop": lambda x: tf.while_loop(
            lambda x: tf.reduce_sum(x) < 10.0, lambda x: (probe(x),), (x,), maximum_iterations=9
        ),
        "map_fn": lambda x: tf.map_fn(probe, x),
        "cond": lambda x: tf.cond(tf.reduce_sum(x) < 10.0, lambda: probe(x), lambda: probe(-x)),
    }
    tf.function(functions[construct], jit_compile=jit)(tf.constant([1.0, 2.0]))
    assert seen
    assert set(seen) == {jit}


@pytest.mark.tensorflow
@pytest.mark.parametrize("steps_per_execution", [1, 2])
def test_steps_of_keras_and_no_other_function(seen, steps_per_execution, tmp_path):
    import tensorflow as tf

    class Probe(keras.layers.Layer):
        def call(self, x):
            seen.append(None if tf.executing_eagerly() else in_keras_step())
            return x * 1.0

    x = np.zeros((4, 3), "float32")
    inputs = keras.Input((3,))
    model = keras.Model(inputs, keras.layers.Dense(3)(Probe()(inputs)))
    model.compile("sgd", "mse", steps_per_execution=steps_per_execution, jit_compile=False)
    each = {"batch_size": 2, "verbose": 0}
    steps = [
        *(lambda: model.fit(x, x, **each), lambda: model.evaluate(x, x, **each), lambda: model.predict(x, **each)),
        *(lambda: model.train_on_batch(x, x), lambda: model.test_on_batch(x, x), lambda: model.predict_on_batch(x)),
    ]
    for step in steps:
        seen.clear()
        model.compile("sgd", "mse", steps_per_execution=steps_per_execution, jit_compile=False)  # traces anew
        step()
        assert set(seen) == {True}

    seen.clear()
    model.export(tmp_path / "keras", verbose=False)
    tf.saved_model.save(model, str(tmp_path / "tensorflow"))
    tf.function(model)(x)
    model(x)
    assert set(seen) == {None, False}


@pytest.mark.tensorflow
def test_compiled_function_called_from_a_plain_one(probe, seen):
    import tensorflow as tf

    inner = tf.function(probe, jit_compile=True)
    tf.function(lambda x: probe(inner(x)))(tf.constant(1.0))
    assert seen == [True, False]


@pytest.mark.tensorflow
def test_gradient_function(seen):
    import tensorflow as tf

    @tf.custom_gradient
    def identity(x):
        def gradient(upstream):
            seen.append(in_xla_trace())
            return upstream

        return x, gradient

    def function(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = identity(x)
        return tape.gradient(y, x)

    for jit in (False, True):
        tf.function(function, jit_compile=jit)(tf.constant(1.0))
    assert seen == [False, True]
    assert in_xla_trace() is False


@pytest.mark.parametrize("shape", [(2, 3, 4, 8), (5, 8), (3, 40), (2, 1, 3, 1, 2, 8), (0, 3, 8), (2, 3, 1)])
@pytest.mark.parametrize("groups", [1, 2, 8])
def test_sums_of_any_rank(rng, shape, groups):
    x = rng.normal(size=shape)
    groups = min(groups, shape[-1])
    expected = x.reshape(*shape[:-1], groups, shape[-1] // groups).sum(axis=-1)
    assert_close(run(lambda x: sum_channels(x, groups), x), expected)


@pytest.mark.tensorflow
@pytest.mark.parametrize("known", [True, False], ids=["static", "unknown"])
@pytest.mark.parametrize("jit", [False, True], ids=["graph", "xla"])
@pytest.mark.parametrize("groups", [1, 2, 6])
def test_traced_sums_equal_numpy(rng, groups, jit, known):
    import tensorflow as tf

    x = rng.normal(size=(2, 3, 36))
    signature = [tf.TensorSpec([2, 3, 36] if known else [None] * 3, "float64")]
    traced = tf.function(lambda x: sum_channels(x, groups), jit_compile=jit, input_signature=signature)
    assert_close(traced(tf.constant(x)), x.reshape(2, 3, groups, -1).sum(axis=-1))
