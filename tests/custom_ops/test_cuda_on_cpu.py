"""The CUDA kernels behind TensorFlow's ops, run on the CPU: answers, refusals, and what a library is not loaded for."""

import contextlib
import functools
import importlib.util
import json
import subprocess
import sys

import keras
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from a2u_tf.ops import compiled, composite
from a2u_tf.ops.compiled import build_record, library
from custom_ops.tests import run_cuda_on_cpu
from custom_ops.toolchain import ROOT, BuildError, publish
from tests.helpers import SEED, assert_close
from tests.ops.compiled.test_fuzz import fitting
from tests.ops.oracle import CASES, GOLDEN_CASES, load_golden
from tests.ops.test_affinity import ENCODINGS, MAPS, cells, encodings

pytestmark = [pytest.mark.tensorflow, pytest.mark.slow]
DTYPES = ["float16", "bfloat16", "float32", "float64"]


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


@pytest.mark.parametrize("case", CASES, ids=str)
@pytest.mark.parametrize("dtype", DTYPES)
def test_every_case_and_type(ops, case, dtype):
    check(ops, case, dtype)


@settings(max_examples=500, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(fitting(), st.sampled_from(DTYPES))
def test_fitting_sizes(ops, case, dtype):
    if case.channels:  # the reference divides by it; cuda_test.cu has cases without
        check(ops, case, dtype)


def check(ops, case, dtype):
    """The answer and the gradients are those of the reference for the tensors as this dtype rounds them."""
    import tensorflow as tf

    arrays = [tf.cast(array, dtype) for array in case.arrays(np.random.default_rng(SEED))]
    exact = [np.asarray(tf.cast(array, "float64")) for array in arrays]
    expected = [case.reference(*exact[:2]), *case.reference_gradients(*exact)]
    for x, y in zip(run(ops, case, arrays), expected, strict=True):
        assert_close(x, y, dtype, scale=max(1, np.abs(y).max(initial=0)))


@pytest.mark.parametrize(("direction", "number"), GOLDEN_CASES)
def test_golden(ops, golden_dir, direction, number):
    case, (*arrays, output, to_features, to_kernels) = load_golden(golden_dir, direction, number)
    for x, y in zip(run(ops, case, arrays), (output, to_features, to_kernels), strict=True):
        assert_close(x, y, scale=10)


@pytest.mark.parametrize("case", ENCODINGS, ids=str)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_affinities(ops, case, dtype):
    arrays, settings, cotangent = encodings(np.random.default_rng(SEED), *case)
    of_op = {name: settings[name] for name in ("rank", "norm_groups")} | {
        "epsilon_bits": library.bits_of(settings["epsilon"])
    }
    ways = ops.a2u_affinity, ops.a2u_affinity_grad, functools.partial(composite.affinity, **settings)
    check_against_composite(*ways, arrays, cotangent, of_op, dtype)


@pytest.mark.parametrize("shared", [False, True])
@pytest.mark.parametrize("case", MAPS, ids=str)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_kernel_maps(ops, case, dtype, shared):
    arrays, settings, _, taps, cotangent = cells(np.random.default_rng(SEED), *case, shared=shared)
    portable = functools.partial(composite.kernel_maps, **settings, **taps)
    ways = ops.a2u_kernel_maps, ops.a2u_kernel_maps_grad, portable
    check_against_composite(*ways, arrays, cotangent, settings | taps, dtype)


def check_against_composite(forward, backward, portable, arrays, cotangent, settings, dtype):
    """The answer and the gradients are those of `portable` in float64, which is held to the definition elsewhere."""
    import tensorflow as tf

    @tf.function(autograph=False)
    def graph(*tensors):
        with labelled():
            return forward(*tensors[:-1], **settings), *backward(*tensors, **settings)

    exact = [tf.constant(array, tf.float64) for array in (*arrays, cotangent)]
    with tf.GradientTape() as tape:
        tape.watch(exact)
        outputs = portable(*exact[:-1])
    gradients = tape.gradient(outputs, exact[:-1], exact[-1], unconnected_gradients="zero")
    for x, y in zip(graph(*(tf.cast(x, dtype) for x in exact)), (outputs, *gradients), strict=True):
        assert_close(x, y, dtype, scale=10 * max(1, np.abs(y).max(initial=0)))


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


@pytest.mark.process
def test_the_report_of_a_gpu_is_rehearsed(tmp_path):
    if importlib.util.find_spec("jax") is None:
        pytest.skip("jax is not installed: pip install 'a2u_tf[jax]'")
    output = tmp_path / "report.json"
    command = [sys.executable, "-m", "custom_ops.tests.gpu_report", f"--output={output}", "--rehearse"]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=500)
    assert result.returncode == 0, result.stdout[-3000:] + result.stderr[-3000:]
    report = json.loads(output.read_text())
    assert "0 failures" in report["checks"]
    assert {row["dtype"] for row in report["times"]["results"]} == {"float32", "bfloat16", "float16"}
    steps = {row["side"]: row["median_ms"] for row in report["training steps on JAX"]["results"]}
    assert steps["a2u, composite, float32"] > 0
    assert not report["failures"]
