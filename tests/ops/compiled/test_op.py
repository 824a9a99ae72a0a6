"""The compiled op, called as the library calls it, and as TensorFlow sees it."""

import concurrent.futures

import keras
import numpy as np
import pytest

from a2u_tf.ops import compiled, composite
from a2u_tf.ops.compiled import library
from tests.helpers import assert_close, value_and_gradients
from tests.ops.oracle import CASES, Case

pytestmark = [pytest.mark.tensorflow, pytest.mark.usefixtures("built")]

SHARED_CASES = [
    Case("down", (9, 11), 6, groups=1, channels=64, batch=3, shared=True),
    Case("down", (9, 7), 6, groups=2, channels=18, shared=True),
    Case("down", (6, 7), 3, groups=20, channels=20, batch=17, shared=True),
    Case("down", (5, 8), 5, scale=1, groups=3, channels=6, shared=True),
    Case("down", (8, 5), 4, scale=3, channels=1, batch=1, shared=True),
    Case("down", (4, 4), 2, groups=2, batch=0, shared=True),
]


@pytest.fixture
def raw():
    """The op's own Python wrappers."""
    return library.load()[0][0]


def function(case, module=compiled):
    """Reassembly of one case by one implementation."""
    return lambda *tensors: module.reassemble(*tensors, case.window)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
@pytest.mark.parametrize("case", [*CASES, *SHARED_CASES], ids=str)
def test_feature_equals_reference(rng, case, dtype):
    case.assert_equals_reference(function(case), case.arrays(rng), dtype)


@pytest.mark.parametrize(
    "case",
    [
        Case("up", (3, 2), 3, groups=2, channels=2, batch=1),
        Case("down", (3, 4), 4, channels=2, batch=1),
        Case("down", (3, 4), 2, channels=2, batch=1, shared=True),
    ],
)
def test_gradcheck_of_second_order_is_numeric(rng, case):
    import tensorflow as tf

    first, tensors = value_and_gradients(function(case)), [tf.constant(array) for array in case.arrays(rng)]
    for index in (1, 2):
        theoretical, numerical = tf.test.compute_gradient(lambda *x, i=index: first(*x)[i], tensors)
        for x, y in zip(theoretical, numerical, strict=True):
            np.testing.assert_allclose(x, y, atol=1e-7)


def test_feature_mixed_dtypes_as_the_composite(rng):
    case = Case("up", (4, 5), 3)
    features, kernels, _ = case.arrays(rng)
    features, kernels = keras.ops.cast(features, "float16"), keras.ops.cast(kernels, "float32")
    outputs = function(case)(features, kernels)
    assert outputs.dtype == "float32"
    assert_close(outputs, function(case, composite)(features, kernels))


def test_determinism_bit_for_bit_with_any_threads(rng):
    import tensorflow as tf

    case = Case("down", (64, 66), 6, channels=32, batch=2)
    arrays = [array.astype("float32") for array in case.arrays(rng)]
    shared = [arrays[0], arrays[1][:, :1, :1], arrays[2]]
    raw, shared_library = library.load()[0]
    settings = {"kernel_size": 6, "down": 2}
    runs = set()
    for threads in (1, 2, 5):
        shared_library.a2u_set_threads(threads)
        for _ in range(3):
            parts = [raw.a2u_reassemble(*arrays[:2], **settings)]
            for tensors in (arrays, shared):
                parts += raw.a2u_reassemble_grad(*tensors, **settings)
            runs.add(b"".join(part.numpy().tobytes() for part in parts))
    shared_library.a2u_set_threads(tf.config.threading.get_intra_op_parallelism_threads())
    assert len(runs) == 1


def test_concurrency_many_callers_at_once(rng):
    cases = [Case("up", (30, 30), 3, channels=24), Case("down", (41, 40), 6, channels=16)]
    work = []
    for case in cases:
        arrays = [array.astype("float32") for array in case.arrays(rng)]
        both = value_and_gradients(function(case))
        tensors = [keras.ops.convert_to_tensor(array) for array in arrays]
        work.append((both, tensors, [x.numpy().tobytes() for x in both(*tensors)]))

    def call(number):
        both, tensors, expected = work[number % 2]
        return [x.numpy().tobytes() for x in both(*tensors)] == expected

    with concurrent.futures.ThreadPoolExecutor(12) as pool:
        assert all(pool.map(call, range(120)))


def test_feature_static_shapes(raw):
    import tensorflow as tf

    shapes = []

    @tf.function(autograph=False)
    def trace(features, kernels, call):
        shapes.append(call(features, kernels).shape.as_list())

    def spec(*shape):
        return tf.TensorSpec(shape, tf.float32)

    def bare(features, kernels):
        return raw.a2u_reassemble(features, kernels, kernel_size=3, down=2)

    trace.get_concrete_function(spec(None, None, None, 5), spec(2, None, None, 9), bare)
    trace.get_concrete_function(spec(3, 9, None, None), spec(None, 5, 7, 9), bare)
    assert shapes == [[2, None, None, 5], [None, 5, 7, None]]


@pytest.mark.parametrize(
    ("features", "kernels", "settings", "message"),
    [
        ((2, 4, 4), (2, 4, 4, 9), {}, r"must be of rank 4.*features.shape=\(2, 4, 4\)"),
        ((2, 4, 4, 1), (2, 4, 4, 9, 1), {}, r"must be of rank 4.*kernels.shape=\(2, 4, 4, 9, 1\)"),
        ((2, 4, 4, 3), (2, 4, 4, 18), {"groups": 2}, r"`groups` must divide.*groups=2.*features.shape=\(2, 4, 4, 3\)"),
        ((2, 4, 4, 3), (2, 4, 4, 8), {}, r"groups \* kernel_size\*\*2 = 9.*kernels.shape=\(2, 4, 4, 8\)"),
        ((2, 4, 4, 3), (3, 4, 4, 9), {}, r"same batch size. Received: features.shape=\(2, 4, 4, 3\)"),
        ((2, 4, 4, 3), (2, 4, 5, 9), {}, r"must be 1 and 1, or those of `features` divided by down=1.*\(2, 4, 5, 9\)"),
        ((2, 4, 4, 3), (2, 9, 8, 9), {"up": 2}, r"must be those of `kernels` divided by up=2.*\(2, 9, 8, 9\)"),
        ((2, 4, 4, 3), (2, 1, 1, 9), {"up": 2}, r"must be those of `kernels` divided by up=2.*\(2, 1, 1, 9\)"),
        ((2, 4, 4, 3), (2, 8, 8, 9), {"up": 2, "down": 2}, r"One of `up` and `down` must be 1. Received: up=2, down=2"),
        ((2, 4, 4, 3), (2, 8, 8, 16), {"up": 2, "kernel_size": 4}, r"must be odd.*kernel_size=4. Use 3 or 5"),
        ((2, 4, 4, 3), (2, 4, 4, 9), {"kernel_size": 2**40}, r"`kernel_size` must lie between 1 and 1023"),
        ((2, 4, 4, 3), (2, 4, 4, 9), {"down": 2**40}, r"`up` and `down` must lie between"),
        ((0, 2**31, 2**31, 4), (0, 2**31, 2**31, 9), {}, "cannot be counted in 63 bits"),
    ],
)
def test_exception_says_what_came(raw, features, kernels, settings, message):
    import tensorflow as tf

    tensors = tf.zeros(features), tf.zeros(kernels)
    settings = {"kernel_size": 3, **settings}
    with pytest.raises((ValueError, tf.errors.InvalidArgumentError), match=message):
        raw.a2u_reassemble(*tensors, **settings)
    with pytest.raises((ValueError, tf.errors.InvalidArgumentError), match=message):
        raw.a2u_reassemble_grad(*tensors, tensors[0], **settings)


def test_exception_of_ranks_while_tracing(raw):
    import tensorflow as tf

    @tf.function
    def trace(features, kernels):
        return raw.a2u_reassemble(features, kernels, kernel_size=3)

    with pytest.raises(ValueError, match=r"`kernels` must be a tensor of rank 4, .*Received: rank 3"):
        trace.get_concrete_function(tf.TensorSpec([None] * 4, tf.float32), tf.TensorSpec([None] * 3, tf.float32))


def test_exception_of_a_wrong_upstream(raw):
    import tensorflow as tf

    tensors = tf.zeros((2, 2, 2, 3)), tf.zeros((2, 4, 4, 9)), tf.zeros((2, 4, 4, 2))
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"shape of the output, \(2, 4, 4, 3\). Received: \(2, 4"):
        raw.a2u_reassemble_grad(*tensors, kernel_size=3, up=2)


@pytest.mark.parametrize("bad", [{"kernel_size": 0}, {"groups": 0}, {"up": -1}])
def test_exception_of_attributes_outside_the_schema(raw, bad):
    import tensorflow as tf

    with pytest.raises((ValueError, tf.errors.InvalidArgumentError)):
        raw.a2u_reassemble(tf.zeros((1, 2, 2, 1)), tf.zeros((1, 2, 2, 1)), **{"kernel_size": 1, **bad})


def test_function_traced_outside_xla_runs_inside():
    import tensorflow as tf

    tensors, reassemble = (tf.random.normal((1, 2, 2, 1)), tf.random.normal((1, 4, 4, 9))), function(Case("up", (), 3))
    plain = tf.function(reassemble).get_concrete_function(*tensors)
    actual = tf.function(lambda *x: plain(*x), jit_compile=True)(*tensors)
    np.testing.assert_allclose(actual, reassemble(*tensors), atol=1e-5)
