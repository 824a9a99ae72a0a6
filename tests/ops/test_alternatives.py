"""Which of two ways a TensorFlow graph runs and which it holds; the two here differ, to be told apart."""

import keras
import numpy as np
import pytest

from a2u_tf.ops import alternatives

pytestmark = pytest.mark.tensorflow


def portable(a, b, factor=1.0):
    return a * b * factor


def fast(a, b, factor=1.0):
    return a * b * factor + 100.0


def call(a, b, **settings):
    return alternatives.call(portable, fast, a, b, **settings)


@pytest.fixture
def tensors():
    import tensorflow as tf

    return tf.constant([1.0, 2.0]), tf.constant([3.0, 5.0])


FAST = [103.0, 110.0]


def elsewhere(folder):
    """What a SavedModel answers where functions of this process are out of sight."""
    import tensorflow as tf

    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        signature = tf.compat.v1.saved_model.load(session, ["serve"], str(folder)).signature_def["serving_default"]
        feed = {signature.inputs[name].name: array for name, array in (("a", [1.0, 2.0]), ("b", [3.0, 5.0]))}
        (outputs,) = session.run([tensor.name for tensor in signature.outputs.values()], feed)
    return outputs


def test_fast_way_runs_in_every_kind_of_graph(tensors):
    import tensorflow as tf

    inner = tf.function(call)

    def loop(a, b):
        return tf.while_loop(lambda n, _: n < 1, lambda n, _: (n + 1, call(a, b)), (0, a))[1]

    for function in (call, lambda a, b: inner(a, b) + 0.0, loop):
        np.testing.assert_allclose(tf.function(function)(*tensors), FAST)
    np.testing.assert_allclose(call(*tensors), FAST)
    np.testing.assert_allclose(tf.function(call)(*tensors, factor=2.0), [106.0, 120.0])


def test_fast_way_outlives_the_cache(tensors):
    import tensorflow as tf

    function = tf.function(call)
    function.get_concrete_function(*tensors)
    alternatives._functions.cache_clear()
    np.testing.assert_allclose(function(*tensors), FAST)


@pytest.mark.parametrize("way", ["function", "concrete", "archive"])
def test_files_hold_the_portable_way_also_of_what_ran_before(tensors, tmp_path, way):
    import tensorflow as tf

    function = tf.function(call, input_signature=[tf.TensorSpec([2])] * 2)
    np.testing.assert_allclose(function(*tensors), FAST)
    if way == "archive":
        archive = keras.export.ExportArchive()
        archive.add_endpoint("serving_default", function)
        archive.write_out(tmp_path, verbose=False)
    else:
        signature = function.get_concrete_function() if way == "concrete" else function
        tf.saved_model.save(tf.Module(), str(tmp_path), signature)
    np.testing.assert_allclose(elsewhere(tmp_path), [3.0, 10.0])


def test_files_may_hold_both(tensors, tmp_path):
    import tensorflow as tf

    function = tf.function(lambda a, b: call(a, b, in_files=True), input_signature=[tf.TensorSpec([2])] * 2)
    tf.saved_model.save(tf.Module(), str(tmp_path), function.get_concrete_function())
    np.testing.assert_allclose(elsewhere(tmp_path), FAST)


def test_steps_of_keras_hold_the_fast_way_alone():
    class Square(keras.layers.Layer):
        def call(self, x):
            return call(x, x)

    inputs = keras.Input((2,))
    model = keras.Model(inputs, Square()(inputs))
    model.compile("sgd", "mse", jit_compile=False)
    x = np.array([[1.0, 2.0]], "float32")
    np.testing.assert_allclose(model.predict_on_batch(x), [[101.0, 104.0]])
    functions = model.predict_function.get_concrete_function([(x,)]).graph._functions
    assert not any("portable" in str(name) for name in functions)


def cube(a, b):
    return a * b * b


def cubed(a, b):
    return cube(a, b) * 1.0


def test_gradients_of_both_orders_and_forward_mode(tensors):
    import tensorflow as tf

    def all_of_them(function, a, b):
        with tf.autodiff.ForwardAccumulator(b, tf.ones_like(b)) as forward:
            outputs = function(a, b)
        with tf.GradientTape() as outer:
            outer.watch([a, b])
            with tf.GradientTape() as inner:
                inner.watch([a, b])
                loss = tf.reduce_sum(function(a, b) ** 2)
            first = inner.gradient(loss, [a, b])
        return [forward.jvp(outputs), *first, *outer.gradient(first, [a, b])]

    expected = all_of_them(cube, *tensors)
    actual = tf.function(lambda a, b: all_of_them(lambda *x: alternatives.call(cube, cubed, *x), a, b))(*tensors)
    for x, y in zip(actual, expected, strict=True):
        np.testing.assert_allclose(x, y, rtol=1e-6)


@pytest.mark.parametrize("run_eagerly", [False, True])
def test_gradients_in_steps_of_keras(run_eagerly):
    class Cubes(keras.layers.Layer):
        def build(self, shape):
            self.factor = self.add_weight(shape=(), initializer="ones")

        def call(self, x):
            a = self.factor * x
            return alternatives.call(cube, cubed, a, 2.0 * a)  # the second depends on the first

    inputs = keras.Input((2,))
    model = keras.Model(inputs, Cubes()(inputs))
    model.compile(keras.optimizers.SGD(0.01), lambda _, y: y, jit_compile=False, run_eagerly=run_eagerly)
    x = np.array([[1.0, 0.5]], "float32")
    model.train_on_batch(x, x)
    # The mean over two of 4 (factor x)^3, by the factor.
    np.testing.assert_allclose(model.get_weights()[0], 1 - 0.01 * 12 * (1.0 + 0.125) / 2, rtol=1e-5)


def test_gradients_run_the_fast_way_and_hold_the_differentiable_one(tensors):
    import tensorflow as tf

    def gradient(a, b):
        with tf.GradientTape() as tape:
            tape.watch(a)
            outputs = alternatives.call(portable, cubed, a, b, differentiable=cube)
        return tape.gradient(outputs, a)

    function = tf.function(gradient)
    np.testing.assert_allclose(function(*tensors), [9.0, 25.0])
    names = " ".join(map(str, function.get_concrete_function(*tensors).graph._functions))
    assert "gradients_of_cube_" in names
    assert "cubed" not in names


def test_vectorized_map_takes_the_portable_way(tensors):
    import tensorflow as tf

    outputs = tf.vectorized_map(lambda pair: call(pair[0][None], pair[1][None])[0], tensors)
    np.testing.assert_allclose(outputs, [3.0, 10.0])
