"""The CUDA kernels behind TensorFlow's ops, run on the CPU: answers, refusals, and what a library is not loaded for."""

import contextlib

import keras
import numpy as np
import pytest

from a2u_tf.ops import compiled
from a2u_tf.ops.compiled import build_record, library
from custom_ops.tests import run_cuda_on_cpu
from custom_ops.toolchain import BuildError, publish
from tests.helpers import assert_close
from tests.ops.oracle import CASES, GOLDEN_CASES, Case, load_golden

pytestmark = [pytest.mark.tensorflow, pytest.mark.slow]
RANDOM = np.random.default_rng(0)
FUZZED = [
    Case(
        direction,
        (RANDOM.integers(0, 6), RANDOM.integers(0, 6)),
        2 * RANDOM.integers(0, 6) + 1 if direction == "up" else RANDOM.integers(1, 13),
        scale=RANDOM.integers(1, 5),
        groups=groups,
        channels=groups * RANDOM.integers(1, 257 // groups + 1),
        batch=RANDOM.integers(0, 3),
    )
    for direction in ("up", "down")
    for groups in (1, 1, 1, 2)
]


@pytest.fixture(scope="module")
def ops(tmp_path_factory):
    """The ops' Python wrappers, once the library with the kernels is loaded, too."""
    if keras.backend.backend() == "tensorflow" and (reason := compiled.unavailable()):
        pytest.skip(f"the compiled op: {reason}")
    import tensorflow as tf

    try:
        tf.load_library(str(run_cuda_on_cpu.build_ops(tmp_path_factory.mktemp("cuda_on_cpu"))))
    except BuildError as error:
        pytest.skip(str(error))
    return library.load()[0][0]


@contextlib.contextmanager
def labelled():
    """Nodes made within get the CUDA kernels."""
    import tensorflow as tf

    label = tf.compat.v1.AttrValue(s=b"cuda_on_cpu")
    with tf.compat.v1.get_default_graph()._attr_scope({"_kernel": label}):
        yield


def run(ops, case, arrays):
    """Output and both gradients of one case."""
    import tensorflow as tf

    attributes = {"kernel_size": int(case.kernel_size), "groups": int(case.groups)}
    attributes["up" if case.direction == "up" else "down"] = int(case.scale)

    @tf.function(autograph=False)
    def graph(features, kernels, upstream):
        with labelled():
            output = ops.a2u_reassemble(features, kernels, **attributes)
            return output, *ops.a2u_reassemble_grad(features, kernels, upstream, **attributes)

    return graph(*map(tf.constant, arrays))


@pytest.mark.parametrize("case", [*CASES, *FUZZED], ids=str)
@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
def test_every_shape_and_type(ops, rng, case, dtype):
    import tensorflow as tf

    arrays = [tf.cast(array, dtype) for array in case.arrays(rng)]
    exact = [np.asarray(tf.cast(array, "float64")) for array in arrays]
    expected = [case.reference(*exact[:2]), *case.reference_gradients(*exact)]
    for x, y in zip(run(ops, case, arrays), expected, strict=True):
        assert_close(x, y, dtype, scale=max(1, np.abs(y).max(initial=0)))


@pytest.mark.parametrize(("direction", "number"), GOLDEN_CASES)
def test_golden(ops, golden_dir, direction, number):
    case, (*arrays, output, to_features, to_kernels) = load_golden(golden_dir, direction, number)
    for x, y in zip(run(ops, case, arrays), (output, to_features, to_kernels), strict=True):
        assert_close(x, y, scale=10)


@pytest.mark.parametrize(
    ("features", "kernels", "attributes", "message"),
    [
        ((1, 2, 2, 3), (1, 4, 4, 8), {"kernel_size": 3, "up": 2}, "kernels"),
        ((1, 2, 2, 3), (1, 4, 4, 18), {"kernel_size": 3, "up": 2, "groups": 2}, "groups"),
        ((1, 2, 2, 3), (1, 9, 9, 9), {"kernel_size": 3, "up": 2}, "kernels"),
    ],
)
def test_refusals_are_errors_of_the_op(ops, features, kernels, attributes, message):
    import tensorflow as tf

    @tf.function(autograph=False, input_signature=[tf.TensorSpec(None, tf.float32)] * 2)
    def graph(features, kernels):
        with labelled():
            return ops.a2u_reassemble(features, kernels, **attributes)

    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        graph(tf.zeros(features), tf.zeros(kernels))


def test_a_library_of_another_tensorflow_is_refused_in_one_line(tmp_path, monkeypatch):
    if keras.backend.backend() == "tensorflow" and (reason := compiled.unavailable()):
        pytest.skip(f"the compiled op: {reason}")
    import tensorflow as tf

    path = tmp_path / build_record.gpu_library(tf.__version__)
    (tmp_path / "built.so").write_bytes(b"a library")
    publish(tmp_path / "built.so", path, tensorflow="2.20.9")
    monkeypatch.setattr(library, "LIBRARY", tmp_path / build_record.LIBRARY)
    reason = library._load_gpu_kernels.__wrapped__()
    assert f"it was built with TensorFlow 2.20.9, this is {tf.__version__}" in reason
    assert build_record.GPU_BUILD_COMMAND in reason
    assert "\n" not in reason
