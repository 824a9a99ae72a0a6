"""The choice of an implementation: by argument, by environment, by context, by trace."""

import threading

import pytest

import a2u_tf
from a2u_tf.ops import compiled
from a2u_tf.ops.compiled import library
from a2u_tf.ops.implementation import IMPLEMENTATIONS, VARIABLE, implementation_here, resolve_implementation
from tests.helpers import run_python


@pytest.fixture(autouse=True)
def unforced(monkeypatch):
    monkeypatch.delenv(VARIABLE, raising=False)


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
        "import a2u_tf.layers, a2u_tf.matting\n"
        "from a2u_tf.ops.compiled import library\n"
        "assert library.load.cache_info().currsize == 0\n"
        f"assert {library.LIBRARY.name!r} not in open('/proc/self/maps').read()\n"
        "import keras\n"
        "a2u_tf.layers.A2UUpSampling2D()\n"
        "if keras.backend.backend() == 'tensorflow':\n"
        "    import tensorflow as tf\n"
        "    tf.config.threading.set_intra_op_parallelism_threads(1)  # an error once devices are there"
    )
    run_python(program)


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


def test_context_holds_in_threads_that_run_meanwhile(missing):
    seen = []

    def look():
        seen.append(resolve_implementation("composite")[1])

    with a2u_tf.ops.use_implementation("composite"):
        thread = threading.Thread(target=look)
        thread.start()
        thread.join()
    look()
    assert seen == ["forced by `use_implementation`", "asked for"]


def test_contexts_that_end_in_another_order(missing):
    first, second = a2u_tf.ops.use_implementation("auto"), a2u_tf.ops.use_implementation("composite")
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert resolve_implementation("auto")[1] == "forced by `use_implementation`"
    second.__exit__(None, None, None)
    assert resolve_implementation("composite")[1] == "asked for"


@pytest.mark.tensorflow
@pytest.mark.process
def test_context_holds_in_replicas():
    program = (
        "import tensorflow as tf\n"
        "(cpu,) = tf.config.list_physical_devices('CPU')\n"
        "tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)\n"
        "from a2u_tf.ops import use_implementation\n"
        "from tests.ops.test_implementation import note\n"
        "with use_implementation('composite'), tf.distribute.MirroredStrategy(['CPU:0', 'CPU:1']).scope():\n"
        "    tf.distribute.get_strategy().run(note)\n"
    )
    assert run_python(program).splitlines()[:2] == ["forced by `use_implementation`"] * 2


def note():
    print(resolve_implementation("auto")[1])
