"""The process that runs a SavedModel by TensorFlow alone: its answers, and one line where there is no model."""

import pickle
import subprocess
import sys

import numpy as np
import pytest

from a2u_tf.export import reload

pytestmark = [pytest.mark.tensorflow, pytest.mark.process]


def run(*arguments):
    command = [sys.executable, "-P", reload.__file__, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_answers_are_in_the_order_of_the_calls(tmp_path):
    import tensorflow as tf

    class Module(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec([None], name="x")])
        def double(self, x):
            return {"y": 2 * x}

        @tf.function(input_signature=[tf.TensorSpec([None], name="x")])
        def negative(self, x):
            return {"y": -x}

    module = Module()
    signatures = {"double": module.double, "negative": module.negative}
    tf.saved_model.save(module, str(tmp_path / "model"), signatures)
    x = np.array([1.0, 2.0], "float32")
    (tmp_path / "calls").write_bytes(pickle.dumps([("negative", {"x": x}), ("double", {"x": x + 1})]))
    done = run(tmp_path / "model", tmp_path / "calls", tmp_path / "answers")
    assert done.returncode == 0, done.stderr
    first, second = pickle.loads((tmp_path / "answers").read_bytes())
    np.testing.assert_array_equal(first["y"], -x)
    np.testing.assert_array_equal(second["y"], 2 * (x + 1))


def test_what_is_no_model_is_told_in_one_line(tmp_path):
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "saved_model.pb").write_bytes(b"no model")
    done = run(tmp_path / "model", tmp_path / "calls", tmp_path / "answers")
    assert done.returncode == 1
    assert "Cannot parse file" in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "answers").exists()
