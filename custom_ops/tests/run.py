"""Build the CPU kernels with sanitizers and run them: in programs of their own, and as the op in Python.

python -m custom_ops.tests.run              # AddressSanitizer and UndefinedBehaviorSanitizer: programs, then op
python -m custom_ops.tests.run thread       # ThreadSanitizer: programs
python -m custom_ops.tests.run bench        # no sanitizer: time of each kernel beside a copy of the same bytes

The op runs its fuzz tests and those of crafted graphs, through TensorFlow, whose tensors the sanitizer watches.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from custom_ops import build
from custom_ops.toolchain import (
    FLAGS,
    ROOT,
    SOURCES,
    BuildError,
    compile_units,
    compiler_version,
    find_compiler,
    find_tensorflow,
    publish,
    run,
)

SANITIZERS = {
    "address": ["-O1", "-g1", "-fno-omit-frame-pointer", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"],
    "thread": ["-O1", "-g1", "-fsanitize=thread"],
    "bench": [],
}
# Without the op these tests would be skipped, and nothing checked.
TESTS = """
import sys, pathlib, pytest
from a2u_tf.ops import compiled
from a2u_tf.ops.compiled import library
library.LIBRARY = pathlib.Path(sys.argv[1])
if reason := compiled.unavailable():
    sys.exit(f"error: {reason}")
tests = "tests/ops/compiled/test_fuzz.py", "tests/hostile/test_operator.py", "tests/hostile/test_kernel_maps.py"
sys.exit(pytest.main(["-n0", "-pno:cacheprovider", *tests]))
"""


def main(mode="address", *rest):
    if rest or mode not in SANITIZERS:
        sys.exit(f"error: expected one of {', '.join(SANITIZERS)}. Received: {' '.join([mode, *rest])}")
    flags = [*FLAGS, *SANITIZERS[mode]]
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        try:
            compiler = find_compiler()
            kernels = compile_units(compiler, build.cpu_units(), folder, flags)
            status = run_program(compiler, flags, kernels, folder, mode)
            if mode == "address" and status == 0:
                status = run_op(compiler, flags, kernels, folder)
        except BuildError as error:
            sys.exit(f"error: {error}")
    sys.exit(status)


def run_program(compiler, flags, kernels, folder, mode):
    """Link the kernels with their tests and run these; returns the first status that is not 0."""
    for name in ("cpu_test", "kernel_maps_test"):
        program = folder / name
        run([compiler, *flags, "-I", ROOT, "-o", program, *kernels, SOURCES / "tests" / f"{name}.cc"])
        command = [program, *(["bench"] if mode == "bench" else [])]
        if mode == "thread":
            command = [*fixed_addresses(), *command]
        if status := subprocess.run(command, check=False).returncode:
            return status
    return 0


def run_op(compiler, flags, kernels, folder):
    """Link the kernels as the op and run its fuzz tests; returns their status."""
    tensorflow, version = find_tensorflow()
    built = folder / "built.so"
    sources = sorted((SOURCES / "tensorflow").glob("*.cc"))
    headers = ["-I", ROOT, "-isystem", tensorflow / "include"]
    framework = tensorflow / "libtensorflow_framework.so.2"
    run([compiler, *flags, "-shared", *headers, "-o", built, *kernels, *sources, framework])
    library = folder / build.build_record.LIBRARY
    facts = {"compiler": compiler_version(compiler), "instruction_sets": build.instruction_sets()}
    publish(built, library, tensorflow=version, **facts)
    # Python was linked without the sanitizers' library, which must come first all the same; and it leaks at its end.
    sanitized = {"LD_PRELOAD": " ".join(runtimes(compiler)), "ASAN_OPTIONS": "detect_leaks=0"}
    backend = {"KERAS_BACKEND": "tensorflow", "CUDA_VISIBLE_DEVICES": ""}
    command = [sys.executable, "-c", TESTS, library]
    return subprocess.run(command, cwd=ROOT, env={**os.environ, **backend, **sanitized}, check=False).returncode


def runtimes(compiler):
    """Return the paths of the sanitizers' libraries; the second brings that of C++, which the first needs."""
    paths = []
    for name in ("libasan.so", "libubsan.so"):
        command = [compiler, f"-print-file-name={name}"]
        path = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
        if not Path(path).is_file():
            raise BuildError(f"{compiler} has no {name} to load before Python. Name g++ in CXX")
        paths.append(path)
    return paths


def fixed_addresses():
    """Return what to put before a command so that it has fixed addresses, where this is allowed.

    ThreadSanitizer before GCC 14 ends at once where the kernel randomises addresses by more than 28 bits.
    """
    prefix = ["setarch", "-R"]
    allowed = shutil.which("setarch") and subprocess.run([*prefix, "true"], check=False).returncode == 0
    return prefix if allowed else []


if __name__ == "__main__":
    main(*sys.argv[1:])
