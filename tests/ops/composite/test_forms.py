"""The forms of the composite against the reference; and what they share: choice, dtypes, second order, memory."""

import keras
import ml_dtypes
import numpy as np
import pytest
from keras import ops

from a2u_tf.ops import composite
from a2u_tf.ops.composite import matmul, taps
from tests.helpers import FLOAT_DTYPES, assert_close, gradient_tensors, run, to_numpy, value_and_gradients
from tests.ops.oracle import CASES, UP_CASES, Case

HALF_DTYPES = {"float16": np.float16, "bfloat16": ml_dtypes.bfloat16}
FORMS = [("taps", "up"), ("matmul", "up"), ("taps", "down")]
SHARED_CASES = [
    Case("down", size, kernel_size, scale, groups, shared=True)
    for size, kernel_size, scale in (((5, 6), 3, 2), ((4, 3), 4, 1), ((1, 1), 3, 2), ((7, 5), 2, 3))
    for groups in (1, 2, 4)
]
TRACED = [  # form, case, whether its sizes are known while tracing
    ("taps", Case("up", (3, 2), 3, groups=4), True),
    ("taps", Case("up", (4, 5), 1, scale=3), False),
    ("taps", Case("down", (7, 5), 3, groups=2), True),
    ("taps", Case("down", (8, 7), 2, scale=3, groups=4), False),
    ("taps", Case("down", (4, 5), 2, scale=1), True),
    ("taps", Case("down", (1, 1), 2), True),
    ("matmul", Case("up", (5, 7), 3, groups=2), False),
    ("matmul", Case("up", (3, 2), 3, groups=4), True),
    ("matmul", Case("up", (7, 8), 1, scale=3), False),
    ("matmul", Case("up", (1, 1), 3), True),
]


def _case(direction, **settings):
    return Case(direction, (5, 6), 3 if direction == "up" else 4, groups=2, **settings)


def maps(case):
    def function(*tensors):
        with composite.maps_only():
            return composite.reassemble(*tensors, case.window)

    return function


@pytest.mark.parametrize("dtype", FLOAT_DTYPES)
@pytest.mark.parametrize(
    ("form", "case"),
    [
        *(("taps", case) for case in (*CASES, *SHARED_CASES)),
        *(("matmul", case) for case in UP_CASES),
        *(("maps", case) for case in CASES),
    ],
    ids=str,
)
def test_feature_equals_reference(rng, form, case, dtype):
    function = maps(case) if form == "maps" else case.form(form)
    case.assert_equals_reference(function, case.arrays(rng), dtype)


@pytest.mark.tensorflow
@pytest.mark.parametrize("jit", [False, True], ids=["graph", "xla"])
@pytest.mark.parametrize(("form", "case", "static"), TRACED, ids=str)
def test_traced_equals_reference(rng, form, case, static, jit):
    import tensorflow as tf

    arrays = case.arrays(rng)
    signature = None if static else [tf.TensorSpec([None] * 4, "float64")] * 3
    traced = tf.function(value_and_gradients(case.form(form)), jit_compile=jit, input_signature=signature)
    expected = [case.reference(*arrays[:2]), *case.reference_gradients(*arrays)]
    for x, y in zip(traced(*map(tf.constant, arrays)), expected, strict=True):
        assert_close(x, y)


@pytest.mark.tensorflow
@pytest.mark.parametrize("case", [Case("up", (5, 7), 3, groups=2), Case("down", (5, 7), 6, groups=2)], ids=str)
def test_no_slice_of_maps_is_above_rank_four(rng, case):
    import tensorflow as tf

    features, kernels, _ = case.arrays(rng)
    operations = tf.function(maps(case)).get_concrete_function(features, kernels).graph.get_operations()
    slices = [operation for operation in operations if operation.type == "StridedSlice"]
    assert slices
    assert all(operation.inputs[0].shape.rank <= 4 for operation in slices)
    assert not [operation for operation in operations if "MatMul" in operation.type]


@pytest.mark.parametrize(
    ("direction", "jit", "expected"),
    [
        ("up", None, "matmul"),
        ("down", None, "taps"),
        *(pytest.param("up", *traced, marks=pytest.mark.tensorflow) for traced in ((False, "matmul"), (True, "taps"))),
    ],
)
def test_feature_choice_of_the_form(rng, monkeypatch, direction, jit, expected):
    used = []
    for name, module in (("taps", taps), ("matmul", matmul)):
        forward = module.forward
        monkeypatch.setattr(module, "forward", lambda *x, name=name, f=forward: used.append(name) or f(*x))
    case = _case(direction)
    features, kernels, _ = case.arrays(rng, "float32")

    def function(*tensors):
        return case.public(*tensors, implementation="composite")

    if jit is not None:
        import tensorflow as tf

        function = tf.function(function, jit_compile=jit)
    run(function, features, kernels)
    assert used == ["taps" if keras.backend.backend() == "jax" else expected]


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
    *arrays, cotangent = case.arrays(rng)
    features, kernels = (ops.convert_to_tensor(x, dtype) for x, dtype in zip(arrays, dtypes, strict=True))
    outputs = run(case.form(form), features, kernels)
    assert keras.backend.standardize_dtype(outputs.dtype) == expected
    coarser = min(dtypes, key=["bfloat16", "float16", "float32", "float64"].index)
    assert_close(outputs, case.reference(to_numpy(features), to_numpy(kernels)), coarser)
    gradients = gradient_tensors(case.form(form), features, kernels, cotangent=cotangent)
    assert tuple(keras.backend.standardize_dtype(x.dtype) for x in gradients) == dtypes


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
        allowed = 2 * np.abs(y.astype(half).astype("float64") - y).max()
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
    kept = _kept_for_backward(lambda *tensors: matmul.forward(*tensors, case.window), features, kernels)
    assert max(kept) == features.size * case.kernel_size**2
