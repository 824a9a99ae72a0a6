"""The choice of an implementation: by argument, by environment, by context, by trace."""

import os
import subprocess
import sys

import keras
import numpy as np
import pytest

import a2u_tf
from a2u_tf.ops import compiled
from a2u_tf.ops.implementation import IMPLEMENTATIONS, VARIABLE, implementation_here, resolve_implementation


@pytest.fixture(autouse=True)
def unforced(monkeypatch):
    monkeypatch.delenv(VARIABLE, raising=False)


@pytest.fixture
def built():
    if reason := compiled.unavailable():
        pytest.skip(f"the compiled op: {reason}")


@pytest.fixture
def missing(monkeypatch):
    monkeypatch.setattr(compiled, "unavailable", lambda: "it is not built here. Build it with: something")


@pytest.mark.parametrize("implementation", ["cuda", "", None, "Auto"])
def test_exception_unknown_implementation(implementation):
    with pytest.raises(ValueError, match="must be one of") as info:
        resolve_implementation(implementation)
    assert str(IMPLEMENTATIONS) in str(info.value)
    assert f"Received: {implementation!r}" in str(info.value)


def test_without_the_op(missing):
    assert resolve_implementation("composite") == ("composite", "asked for")
    assert resolve_implementation("auto") == (
        "composite",
        "no compiled op: it is not built here. Build it with: something",
    )
    with pytest.raises(RuntimeError, match=r"asked for.*needs the compiled reassembly op: it is not built.*composite"):
        resolve_implementation("compiled")


@pytest.mark.parametrize("make", [a2u_tf.layers.A2UUpSampling2D, a2u_tf.layers.A2UKernels])
def test_without_the_op_a_layer_says_so_at_once(missing, make):
    with pytest.raises(RuntimeError, match="needs the compiled reassembly op"):
        make(implementation="compiled")


def test_with_the_op(built):
    assert resolve_implementation("auto") == ("compiled", "the compiled op is there")
    assert resolve_implementation("compiled") == ("compiled", "asked for")


def test_context_forces_and_ends(missing):
    with a2u_tf.ops.use_implementation("composite"):
        assert resolve_implementation("compiled") == ("composite", "forced by `use_implementation`")
        with a2u_tf.ops.use_implementation("auto"):
            assert resolve_implementation("composite")[1].startswith("no compiled op")
    assert resolve_implementation("composite") == ("composite", "asked for")


def test_context_of_something_impossible_is_refused(missing):
    with pytest.raises(RuntimeError, match="needs the compiled"), a2u_tf.ops.use_implementation("compiled"):
        pass
    assert resolve_implementation("composite") == ("composite", "asked for")


def test_environment_forces_and_the_context_goes_first(missing, monkeypatch):
    monkeypatch.setenv(VARIABLE, "composite")
    assert resolve_implementation("compiled") == ("composite", f"forced by {VARIABLE}")
    monkeypatch.setenv(VARIABLE, "compiled")
    with pytest.raises(RuntimeError, match=f"forced by {VARIABLE}"):
        resolve_implementation("auto")
    with pytest.raises(RuntimeError, match="forced by"), a2u_tf.ops.use_implementation("auto"):
        pass
    monkeypatch.setenv(VARIABLE, "fast")
    with pytest.raises(ValueError, match=f"{VARIABLE} must be one of.*'fast'"):
        resolve_implementation("auto")


@pytest.mark.process
def test_importing_loads_no_binary_and_layers_start_no_device():
    program = (
        "import a2u_tf.layers, a2u_tf.models\n"
        "from a2u_tf.ops import compiled\n"
        "assert compiled._load.cache_info().currsize == 0\n"
        f"assert {compiled.LIBRARY.name!r} not in open('/proc/self/maps').read()\n"
        "import keras\n"
        "a2u_tf.layers.A2UUpSampling2D()\n"
        "if keras.backend.backend() == 'tensorflow':\n"
        "    import tensorflow as tf\n"
        "    tf.config.threading.set_intra_op_parallelism_threads(1)  # an error once devices are there"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=200, env=dict(os.environ))


@pytest.mark.tensorflow
def test_trace_decides(built):
    import tensorflow as tf

    seen = []

    def probe(x):
        seen.append(implementation_here("auto"))
        return x + 1

    probe(tf.constant(1))
    tf.function(probe)(tf.constant(1))
    tf.function(probe, jit_compile=True)(tf.constant(1))
    assert seen == ["compiled", "compiled", "composite"]


traced = []


class Traced(keras.layers.Layer):
    """Notes which implementation a trace takes."""

    def call(self, x):
        traced.append(implementation_here("auto"))
        return x + 1


@pytest.mark.tensorflow
@pytest.mark.parametrize("way", ["keras", "tensorflow"])
def test_exports_take_the_composite(built, tmp_path, way):
    import tensorflow as tf

    inputs = keras.Input((3,))
    model = keras.Model(inputs, Traced()(inputs))
    model(np.zeros((1, 3), "float32"))
    assert traced[-1] == "compiled"
    traced.clear()
    if way == "keras":
        model.export(tmp_path / "model", verbose=False)
    else:
        tf.saved_model.save(model, str(tmp_path / "model"))
    assert set(traced) == {"composite"}
