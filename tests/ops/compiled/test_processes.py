"""The compiled op in processes of its own: their settings, their children, modules that are loaded anew."""

import pytest

from tests.helpers import run_python

pytestmark = [pytest.mark.tensorflow, pytest.mark.process, pytest.mark.usefixtures("built")]


def test_feature_settings_are_followed():
    """TensorFlow's number of threads, and the instruction set that the environment names, or an error."""
    program = (
        "import os; os.environ['A2U_TF_INSTRUCTION_SET'] = 'sse9'\n"
        "import tensorflow as tf; tf.config.threading.set_intra_op_parallelism_threads(3)\n"
        "from a2u_tf.ops import compiled\n"
        "from a2u_tf.ops.compiled import library\n"
        "from a2u_tf.ops.layout import Window\n"
        "try: compiled.unavailable()\n"
        "except ValueError as error: print(error)\n"
        "os.environ['A2U_TF_INSTRUCTION_SET'] = 'baseline'\n"
        "compiled.reassemble(tf.ones((1, 2, 2, 1)), tf.ones((1, 2, 2, 1)), Window('up', 1, 1))\n"
        "print(library.load()[0][1].a2u_threads(), compiled.instruction_set())"
    )
    error, followed = run_python(program).splitlines()
    assert "A2U_TF_INSTRUCTION_SET must be one of ('baseline', 'avx2', 'avx512')" in error
    assert error.endswith("Received: 'sse9'")
    assert followed == "3 baseline"


def test_feature_works_in_a_forked_child():
    """A fork has none of the pool's threads."""
    program = (
        "import ctypes, os, numpy as np, tensorflow as tf\n"
        "from a2u_tf.ops import compiled\n"
        "from a2u_tf.ops.layout import Window\n"
        "x, k = tf.random.normal((2, 64, 64, 32)), tf.random.normal((2, 128, 128, 9))\n"
        "run = lambda: compiled.reassemble(x, k, Window('up', 3)).numpy()\n"
        "first = run()\n"
        "child = os.fork()\n"
        "if child == 0:\n"
        "    os._exit(0 if (run() == first).all() else 1)\n"
        "print('status', os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))"
    )
    assert run_python(program).split()[-1] == "0"


def test_modules_loaded_anew_go_on():
    program = (
        "import importlib, sys, tensorflow as tf\n"
        "import a2u_tf.layers\n"
        "x = tf.random.normal((1, 4, 4, 2))\n"
        "def run():\n"
        "    layer = a2u_tf.layers.A2UUpSampling2D()\n"
        "    with tf.GradientTape() as tape:\n"
        "        tape.watch(x)\n"
        "        y = layer(x)\n"
        "    print(y.shape, tape.gradient(y, x).shape)\n"
        "run()\n"
        "for name in sorted(name for name in sys.modules if name.startswith('a2u_tf')):\n"
        "    importlib.reload(sys.modules[name])\n"
        "run()"
    )
    assert run_python(program).splitlines() == ["(1, 8, 8, 2) (1, 4, 4, 2)"] * 2
