"""The public functions: eager, in graphs, in functional models, and their choice of implementation."""

import functools

import keras
import numpy as np
import pytest

import a2u_tf
from a2u_tf.ops.reassembly import Reassemble
from tests.helpers import FLOAT_DTYPES, assert_close, gradients, run, value_and_gradients
from tests.ops.oracle import CASES, GOLDEN_CASES, Case, load_golden

UNKNOWN_CASES = [
    Case("up", (5, 7), 3, groups=2),
    Case("up", (4, 3), 1, scale=1, groups=4),
    Case("up", (1, 1), 1),
    Case("down", (7, 5), 3),
    Case("down", (5, 7), 2, scale=3, groups=4),
    Case("down", (3, 4), 2, groups=2, batch=0),
]


@pytest.mark.parametrize("direction", ["up", "down"])
def test_smoke_eager_numpy_and_defaults(rng, direction):
    case = Case(direction, (5, 6), 3)
    features, kernels, _ = case.arrays(rng)
    function = a2u_tf.ops.reassemble_up if direction == "up" else a2u_tf.ops.reassemble_down
    assert_close(function(features, kernels, 3), case.reference(features, kernels))


@pytest.mark.parametrize("implementation", ["auto", "composite"])
@pytest.mark.parametrize("case", CASES[1::4], ids=str)  # the forms' tests have them all
def test_feature_equals_reference(rng, case, implementation):
    function = functools.partial(case.public, implementation=implementation)
    case.assert_equals_reference(function, case.arrays(rng))


@pytest.mark.parametrize("dtype", FLOAT_DTYPES)
@pytest.mark.parametrize(("direction", "number"), GOLDEN_CASES)
def test_golden(golden_dir, direction, number, dtype):
    case, (*arrays, output, to_features, to_kernels) = load_golden(golden_dir, direction, number)
    features, kernels, cotangent = (array.astype(dtype) for array in arrays)
    outputs = run(case.public, features, kernels)
    assert keras.backend.standardize_dtype(outputs.dtype) == dtype
    assert_close(outputs, output, dtype, scale=np.abs(output).max())
    actual = gradients(case.public, features, kernels, cotangent=cotangent)
    for x, y in zip(actual, (to_features, to_kernels), strict=True):
        assert_close(x, y, dtype, scale=np.abs(y).max())


@pytest.mark.tensorflow
@pytest.mark.parametrize("jit", [False, True], ids=["graph", "xla"])
@pytest.mark.parametrize("case", UNKNOWN_CASES, ids=str)
def test_jit_of_unknown_sizes(rng, case, jit):
    import tensorflow as tf

    arrays = case.arrays(rng)
    signature = [tf.TensorSpec([None] * 4, "float64")] * 3
    traced = tf.function(value_and_gradients(case.public), jit_compile=jit, input_signature=signature)
    outputs, *actual = traced(*map(tf.constant, arrays))
    assert_close(outputs, case.reference(*arrays[:2]))
    for x, y in zip(actual, case.reference_gradients(*arrays), strict=True):
        assert_close(x, y)


@pytest.mark.parametrize("case", [Case("up", (4, 6), 3, groups=2), Case("down", (5, 6), 4, groups=2)], ids=str)
def test_serialization_of_a_functional_model(rng, tmp_path, case):
    features, kernels, _ = case.arrays(rng, "float32")
    inputs = [
        keras.Input((None, None, case.channels), name="features"),
        keras.Input((None, None, kernels.shape[3]), name="kernels"),
    ]
    outputs = case.public(*inputs)
    assert isinstance(outputs, keras.KerasTensor)
    assert outputs.shape == (None, None, None, case.channels)
    model = keras.Model(inputs, outputs)
    expected = case.reference(features, kernels)
    assert_close(model([features, kernels]), expected)

    path = tmp_path / "model.keras"
    model.save(path)
    restored = keras.saving.load_model(path)
    assert_close(restored([features, kernels]), expected)
    assert_close(restored.predict([features, kernels], verbose=0), expected)


def test_feature_spec_of_symbolic_tensors():
    features, kernels = keras.KerasTensor((2, 3, 4, 6), "float16"), keras.KerasTensor((2, 5, 8, 18), "float32")
    outputs = a2u_tf.ops.reassemble_up(features, kernels, 3, groups=2)
    assert outputs.shape == (2, 5, 8, 6)
    assert outputs.dtype == "float32"


def test_serialization_of_the_operation(rng):
    case = Case("down", (4, 6), 4, groups=2)
    features, kernels, _ = case.arrays(rng)
    config = Reassemble("down", 4, groups=2, implementation="composite").get_config()
    assert_close(run(Reassemble.from_config(config), features, kernels), case.reference(features, kernels))
    assert Reassemble.from_config(config).implementation == "composite"
