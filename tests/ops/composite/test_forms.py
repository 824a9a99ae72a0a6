"""What both forms of the composite share: choice, dtypes, second order, memory."""

import keras
import ml_dtypes
import numpy as np
import pytest
from keras import ops

from a2u_tf.ops import composite
from a2u_tf.ops.composite import matmul, taps
from tests.helpers import assert_close, gradient_tensors, run, to_numpy, value_and_gradients
from tests.ops.oracle import Case

HALF_DTYPES = {"float16": np.float16, "bfloat16": ml_dtypes.bfloat16}
FORMS = [("taps", "up"), ("matmul", "up"), ("taps", "down")]


def _case(direction, **settings):
    return Case(direction, (5, 6), 3 if direction == "up" else 4, groups=2, **settings)


@pytest.fixture
def forms_used(monkeypatch):
    used = []
    for name, module in (("taps", taps), ("matmul", matmul)):

        def forward(*args, name=name, original=module.forward, **settings):
            used.append(name)
            return original(*args, **settings)

        monkeypatch.setattr(module, "forward", forward)
    return used


@pytest.mark.parametrize(("direction", "expected"), [("up", "matmul"), ("down", "taps")])
def test_feature_choice_of_the_form(rng, forms_used, direction, expected):
    case = _case(direction)
    features, kernels, _ = case.arrays(rng, "float32")
    run(lambda *tensors: case.public(*tensors, implementation="composite"), features, kernels)
    assert forms_used == ["taps" if keras.backend.backend() == "jax" else expected]


@pytest.mark.tensorflow
@pytest.mark.parametrize(("jit", "expected"), [(True, "taps"), (False, "matmul")])
def test_jit_decides_the_form(rng, forms_used, jit, expected):
    import tensorflow as tf

    case = _case("up")
    features, kernels, _ = case.arrays(rng, "float32")
    tf.function(lambda *x: case.public(*x, implementation="composite"), jit_compile=jit)(features, kernels)
    assert forms_used == [expected]


@pytest.mark.parametrize(("form", "direction"), FORMS)
@pytest.mark.parametrize(
    ("dtypes", "expected"),
    [
        (("float16", "float16"), "float16"),
        (("bfloat16", "bfloat16"), "bfloat16"),
        (("float16", "float32"), "float32"),
        (("float32", "bfloat16"), "float32"),
        (("float64", "float32"), "float64"),
    ],
)
def test_precision_dtypes_of_results(rng, form, direction, dtypes, expected):
    case = _case(direction)
    features, kernels, cotangent = case.arrays(rng)
    features, kernels = ops.convert_to_tensor(features, dtypes[0]), ops.convert_to_tensor(kernels, dtypes[1])
    function = case.form(form)
    outputs = run(function, features, kernels)
    assert keras.backend.standardize_dtype(outputs.dtype) == expected
    assert_close(outputs, case.reference(to_numpy(features), to_numpy(kernels)), min(dtypes, key=_digits))

    to_features, to_kernels = gradient_tensors(function, features, kernels, cotangent=cotangent)
    assert keras.backend.standardize_dtype(to_features.dtype) == dtypes[0]
    assert keras.backend.standardize_dtype(to_kernels.dtype) == dtypes[1]


def _digits(dtype):
    return ["bfloat16", "float16", "float32", "float64"].index(dtype)


def _rounding_error(exact, dtype):
    return np.abs(exact.astype(dtype).astype("float64") - exact).max()


@pytest.mark.parametrize(("form", "direction"), FORMS)
@pytest.mark.parametrize("dtype", HALF_DTYPES)
def test_precision_half_is_accumulated_in_float32(rng, form, direction, dtype):
    """At most twice the error of rounding the exact result, which sums in half precision exceed."""
    case = Case(direction, (9, 8), 7, channels=16, batch=1)
    half = HALF_DTYPES[dtype]
    features, kernels, cotangent = (np.abs(array).astype(half) for array in case.arrays(rng))
    tensors = [ops.convert_to_tensor(array.astype("float32"), dtype) for array in (features, kernels, cotangent)]
    exact = [array.astype("float64") for array in (features, kernels, cotangent)]
    expected = [case.reference(*exact[:2]), *case.reference_gradients(*exact)]
    naive = [case.reference(features, kernels), *case.reference_gradients(features, kernels, cotangent)]

    function = case.form(form)
    actual = [run(function, *tensors[:2]), *gradient_tensors(function, *tensors[:2], cotangent=tensors[2])]
    for x, y, by_halves in zip(actual, expected, naive, strict=True):
        allowed = 2 * _rounding_error(y, half)
        assert np.abs(to_numpy(x) - y).max() <= allowed
        assert np.abs(by_halves.astype("float64") - y).max() > allowed


@pytest.mark.tensorflow
@pytest.mark.parametrize(("form", "direction"), FORMS)
def test_gradcheck_second_order(rng, form, direction):
    import tensorflow as tf

    case = Case(direction, (3, 2), 3 if direction == "up" else 2, groups=2, channels=2, batch=1)
    arrays = case.arrays(rng)
    weights = [rng.normal(size=array.shape) for array in arrays[:2]]
    first = value_and_gradients(case.form(form))

    def projected(*tensors):
        _, *both = first(*tensors)
        return sum(tf.reduce_sum(x * y) for x, y in zip(both, weights, strict=True))

    tensors = [tf.constant(array) for array in arrays]
    with tf.GradientTape() as tape:
        tape.watch(tensors)
        value = projected(*tensors)
    # Along one random direction for each of features, kernels and upstream gradient.
    for position, second in enumerate(tape.gradient(value, tensors)):
        step = 1e-3 * rng.normal(size=arrays[position].shape)
        above, below = (
            projected(*(x + sign * step if n == position else x for n, x in enumerate(tensors))) for sign in (1, -1)
        )
        np.testing.assert_allclose(np.sum(second.numpy() * step), (above - below) / 2, rtol=1e-8, atol=1e-12)


@pytest.mark.tensorflow
@pytest.mark.parametrize("groups", [1, 4])
@pytest.mark.parametrize("direction", ["up", "down"])
@pytest.mark.parametrize("jit", [False, True], ids=["graph", "xla"])
def test_jit_equals_eager(rng, direction, groups, jit):
    import tensorflow as tf

    case = Case(direction, (5, 3), 3 if direction == "up" else 2, groups=groups, channels=4)
    arrays = [tf.constant(array) for array in case.arrays(rng, "float32")]
    function = value_and_gradients(case.public)
    for actual, expected in zip(tf.function(function, jit_compile=jit)(*arrays), function(*arrays), strict=True):
        assert_close(actual, expected)


def _kept_for_backward(function, *arrays):
    """Numbers of elements that TensorFlow hands from the graph of `function` to that of its gradient."""
    import tensorflow as tf

    inner = tf.function(function)

    @tf.function
    def outer(*tensors):
        with tf.GradientTape() as tape:
            tape.watch(tensors)
            outputs = inner(*tensors)
        return tape.gradient(outputs, tensors)

    operations = outer.get_concrete_function(*map(tf.constant, arrays)).graph.get_operations()
    forward, backward = (op for op in operations if op.type in ("PartitionedCall", "StatefulPartitionedCall"))
    assert any(x.op is forward or x.op.type == "Placeholder" for x in backward.inputs)
    return [x.shape.num_elements() for x in backward.inputs]


@pytest.mark.tensorflow
@pytest.mark.parametrize(("form", "direction"), FORMS)
def test_feature_nothing_grows_with_the_window_between_forward_and_backward(rng, form, direction):
    case = Case(direction, (8, 8), 3, channels=32, batch=1)
    features, kernels, cotangent = case.arrays(rng, "float32")
    largest = max(features.size, kernels.size, cotangent.size)
    assert max(_kept_for_backward(case.form(form), features, kernels)) <= largest


@pytest.mark.tensorflow
def test_feature_without_a_gradient_of_its_own_the_windows_would_be_kept(rng):
    case = Case("up", (8, 8), 5, channels=32, batch=1)
    features, kernels, _ = case.arrays(rng, "float32")

    def plain(features, kernels):
        return matmul.forward(features, kernels, case.kernel_size, case.scale, 1, (4, 4))

    assert max(_kept_for_backward(plain, features, kernels)) == features.size * case.kernel_size**2


def test_feature_reassemble_as_takes_the_settings_of_reassemble(rng):
    case = _case("up")
    features, kernels, _ = case.arrays(rng)
    outputs = run(lambda *tensors: composite.reassemble(*tensors, 3, up=2, groups=2), features, kernels)
    assert_close(outputs, case.reference(features, kernels))
