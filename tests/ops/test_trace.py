"""Whether what is being traced goes to XLA."""

import keras
import pytest

from a2u_tf.ops.trace import in_xla_trace


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
@pytest.mark.parametrize("jit", [None, False, True])
def test_function(probe, seen, jit):
    import tensorflow as tf

    tf.function(probe, jit_compile=jit)(tf.constant(1.0))
    assert seen == [bool(jit)]


@pytest.mark.tensorflow
@pytest.mark.parametrize("jit", [False, True])
def test_plain_function_called_from_a_function(probe, seen, jit):
    import tensorflow as tf

    inner = tf.function(probe)
    middle = tf.function(lambda x: inner(x) * 2.0)
    tf.function(lambda x: middle(x), jit_compile=jit)(tf.constant(1.0))
    assert seen == [jit]


@pytest.mark.tensorflow
def test_compiled_function_called_from_a_plain_one(probe, seen):
    import tensorflow as tf

    inner = tf.function(probe, jit_compile=True)
    tf.function(lambda x: probe(inner(x)))(tf.constant(1.0))
    assert seen == [True, False]


@pytest.mark.tensorflow
@pytest.mark.parametrize("jit", [False, True])
@pytest.mark.parametrize("construct", ["while_loop", "map_fn", "cond"])
def test_bodies_of_control_flow(probe, seen, construct, jit):
    import tensorflow as tf

    def function(x):
        if construct == "while_loop":
            return tf.while_loop(lambda x: tf.reduce_sum(x) < 10.0, lambda x: (probe(x),), (x,), maximum_iterations=9)
        if construct == "map_fn":
            return tf.map_fn(probe, x)
        return tf.cond(tf.reduce_sum(x) < 10.0, lambda: probe(x), lambda: probe(-x))

    tf.function(function, jit_compile=jit)(tf.constant([1.0, 2.0]))
    assert seen
    assert set(seen) == {jit}


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
