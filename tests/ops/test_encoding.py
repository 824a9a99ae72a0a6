"""Per-sample depthwise correlation against a loop over the filter's taps."""

import keras
import numpy as np
import pytest
from keras import ops

from a2u_tf.ops import compiled, composite, encoding
from a2u_tf.ops.encoding import encode_by_composite
from tests.helpers import assert_close, gradients, numeric_gradient, run, to_numpy, value_and_gradients


def by_taps(*arguments):
    return encoding._encode_by_windows(composite.reassemble, *arguments)


def by_op(*arguments):
    if reason := compiled.unavailable():
        pytest.skip(f"the compiled op: {reason}")
    return encoding._encode_by_windows(compiled.reassemble, *arguments)


FORMS = [by_taps, by_op, encoding.encode_by_convolution]
SHAPES = [  # height, width, filter size, stride
    (6, 8, 6, 2),
    (7, 5, 6, 2),
    (4, 5, 3, 1),
    (5, 6, 4, 1),
    (1, 1, 6, 2),
    (2, 3, 5, 2),
    (7, 8, 2, 3),
    (8, 7, 1, 3),
]


def _loop(guidance, filters, stride):
    """The definition, one filter after another: zeros, `(k - 1) // 2` in front, a window every `stride` pixels."""
    return np.concatenate([_by_one(guidance, each, stride) for each in filters])


def _by_one(guidance, filters, stride):
    batch, height, width, channels = guidance.shape
    size = filters.shape[1]
    before = (size - 1) // 2
    rows, columns = -(-height // stride), -(-width // stride)
    padded = np.pad(guidance, [(0, 0), (before, size + stride), (before, size + stride), (0, 0)])
    filters = np.broadcast_to(filters, (batch, size, size, channels))
    outputs = np.zeros((batch, rows, columns, channels))
    for i, j in np.ndindex(size, size):
        window = padded[:, i : i + rows * stride : stride, j : j + columns * stride : stride]
        outputs += filters[:, i, j][:, None, None] * window
    return outputs


def test_by_hand():
    guidance = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]).reshape(1, 2, 3, 1)
    filters = np.array([[[1.0, 10.0], [100.0, 1000.0]], [[1, 0], [0, 0]]]).reshape(2, 1, 2, 2, 1)
    expected = np.array([1 + 20 + 400 + 5000, 3 + 600, 1, 3]).reshape(2, 1, 2, 1)
    assert_close(run(lambda *tensors: encode_by_composite(*tensors, stride=2), guidance, filters), expected)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(("height", "width", "size", "stride"), SHAPES)
@pytest.mark.parametrize(("own", "channels"), [(2, 3), (2, 1), (1, 3), (1, 1)])
def test_feature_equals_the_definition(rng, form, height, width, size, stride, own, channels):
    guidance, filters = rng.normal(size=(2, height, width, 3)), rng.normal(size=(2, own, size, size, channels))
    outputs = run(lambda *tensors: form(*tensors, stride), guidance, filters)
    assert_close(outputs, _loop(guidance, filters, stride))


def test_convention_even_filter_starts_k_minus_one_half_before_its_pixel():
    guidance = np.zeros((1, 1, 12, 1))
    guidance[0, 0, 4] = 1
    filters = np.zeros((1, 1, 6, 6, 1))
    filters[0, 0, 2, :, 0] = [1, 2, 3, 4, 5, 6]
    # Output x reads pixels 2 x - 2 .. 2 x + 3.
    outputs = to_numpy(run(lambda *tensors: encode_by_composite(*tensors, stride=2), guidance, filters))
    assert outputs[0, 0, :, 0].tolist() == [0, 5, 3, 1, 0, 0]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize(("own", "channels"), [(2, 2), (2, 1), (1, 2), (1, 1)])
def test_gradcheck(rng, form, stride, own, channels):
    guidance, filters = rng.normal(size=(2, 3, 4, 2)), rng.normal(size=(3, own, 3, 3, channels))
    cotangent = rng.normal(size=_loop(guidance, filters, stride).shape)
    expected = numeric_gradient(lambda *arrays: _loop(*arrays, stride), guidance, filters, cotangent=cotangent)
    actual = gradients(lambda *tensors: form(*tensors, stride), guidance, filters, cotangent=cotangent)
    for x, y in zip(actual, expected, strict=True):
        assert_close(x, y, atol=1e-8)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32"])
def test_precision(rng, form, dtype):
    guidance = ops.convert_to_tensor(rng.normal(size=(2, 6, 5, 3)), dtype)
    filters = ops.convert_to_tensor(rng.normal(size=(2, 2, 4, 4, 3)) / 4, dtype)
    outputs = run(lambda *tensors: form(*tensors, 2), guidance, filters)
    assert keras.backend.standardize_dtype(outputs.dtype) == dtype
    assert_close(outputs, _loop(to_numpy(guidance).astype("float64"), to_numpy(filters), 2), dtype)


@pytest.mark.tensorflow
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("jit", [False, True], ids=["graph", "xla"])
@pytest.mark.parametrize("own", [2, 1])
def test_jit_of_unknown_sizes(rng, form, own, jit):
    import tensorflow as tf

    batch = 1 if own == 1 else None
    if jit and form is by_op:
        pytest.skip("the compiled op does not run inside XLA")
    shapes = [[None] * 3 + [2], [2, batch, 3, 3, 2], [None] * 3 + [2]]
    function = value_and_gradients(lambda *tensors: form(*tensors, 2))
    signature = [tf.TensorSpec(shape, "float64") for shape in shapes]
    traced = tf.function(function, jit_compile=jit, input_signature=signature)
    guidance, filters = rng.normal(size=(2, 5, 4, 2)), rng.normal(size=(2, own, 3, 3, 2))
    expected = _loop(guidance, filters, 2)
    tensors = [tf.constant(array) for array in (guidance, filters, rng.normal(size=expected.shape))]
    results = traced(*tensors)
    assert_close(results[0], expected)
    for actual, eager in zip(results, function(*tensors), strict=True):
        assert_close(actual, eager)


@pytest.mark.tensorflow
@pytest.mark.parametrize(("jit", "expected"), [(True, ["_encode_by_windows"]), (False, ["encode_by_convolution"])])
def test_jit_decides_the_form(rng, monkeypatch, jit, expected):
    import tensorflow as tf

    used = []
    for form in ("_encode_by_windows", "encode_by_convolution"):
        original = getattr(encoding, form)

        def spy(*args, form=form, original=original):
            used.append(form)
            return original(*args)

        monkeypatch.setattr(encoding, form, spy)
    function = tf.function(lambda *x: encode_by_composite(*x, 1), jit_compile=jit)
    function(tf.ones((1, 4, 4, 2)), tf.ones((1, 1, 3, 3, 2)))
    assert used == expected
