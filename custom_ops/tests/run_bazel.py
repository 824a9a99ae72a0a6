"""Build the op with Bazel, offline, run the tests that link it, then load the library and compare one reassembly.

python -m custom_ops.tests.run_bazel
"""

import os
import shutil
import subprocess
import sys

import numpy as np

from custom_ops.toolchain import ROOT

# No link to the output is left in the repository, and no server runs on.
BAZEL = ["bazel", "--batch"]
OPTIONS = ["--symlink_prefix=/", "--experimental_repository_disable_download", "--test_output=errors"]


def main():
    version = run("bazel", "--version").split()[-1] if shutil.which("bazel") else "missing"
    if not version.startswith(("4.", "no_version")):  # the latter is Debian's
        print(f"skipped: Bazel 4 is needed (Debian: apt-get install bazel-bootstrap). Received: {version}")
        return
    run(*BAZEL, "test", *OPTIONS, "//...")
    library = run(*BAZEL, "info", "bazel-bin").strip() + "/custom_ops/liba2u_ops.so"
    print(f"Bazel's library and the programs that link it work: largest error {largest_error(library):.1e}")


def run(*command):
    """Run a command with this Python's TensorFlow; returns what it printed, or ends with it."""
    environment = {**os.environ, "A2U_PYTHON": sys.executable}
    result = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    if result.returncode:
        sys.exit(f"error: this command failed:\n{' '.join(command)}\n{result.stdout[-4000:]}{result.stderr[-4000:]}")
    return result.stdout


def largest_error(library):
    """Return how far the library's reassembly lies from the reference, in float64."""
    import tensorflow as tf

    from a2u_tf.ops import reference

    rng = np.random.default_rng(0)
    features, kernels = rng.normal(size=(2, 5, 4, 6)), rng.normal(size=(2, 10, 8, 2 * 9))
    outputs = tf.load_op_library(library).a2u_reassemble(features, kernels, kernel_size=3, up=2, groups=2)
    expected = reference.reassemble_up(features, kernels, kernel_size=3, scale=2, groups=2)
    np.testing.assert_allclose(outputs, expected, atol=1e-12)
    return np.abs(outputs - expected).max()


if __name__ == "__main__":
    main()
