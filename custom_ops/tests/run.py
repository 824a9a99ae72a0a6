"""Build the standalone test of the CPU kernels and run it, with sanitizers unless a benchmark is asked for.

python -m custom_ops.tests.run              # AddressSanitizer and UndefinedBehaviorSanitizer
python -m custom_ops.tests.run thread       # ThreadSanitizer
python -m custom_ops.tests.run bench        # no sanitizer: time of each kernel beside a copy of the same bytes
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from custom_ops.build import cpu_units
from custom_ops.toolchain import FLAGS, SOURCES, BuildError, compile_units, find_compiler, run

SANITIZERS = {
    "address": ["-O1", "-g1", "-fno-omit-frame-pointer", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"],
    "thread": ["-O1", "-g1", "-fsanitize=thread"],
    "bench": [],
}


def main(mode="address", *rest):
    if rest or mode not in SANITIZERS:
        sys.exit(f"error: expected one of {', '.join(SANITIZERS)}. Received: {' '.join([mode, *rest])}")
    flags = [*FLAGS, *SANITIZERS[mode]]
    with tempfile.TemporaryDirectory() as folder:
        program = Path(folder) / "cpu_test"
        try:
            compiler = find_compiler()
            units = [*cpu_units(), (SOURCES / "tests" / "cpu_test.cc", [])]
            run([compiler, *flags, "-o", program, *compile_units(compiler, units, Path(folder), flags)])
        except BuildError as error:
            sys.exit(f"error: {error}")
        command = [program, *(["bench"] if mode == "bench" else [])]
        if mode == "thread":
            command = [*fixed_addresses(), *command]
        sys.exit(subprocess.run(command, check=False).returncode)


def fixed_addresses():
    """Return what to put before a command so that it has fixed addresses, where this is allowed.

    ThreadSanitizer before GCC 14 ends at once where the kernel randomises addresses by more than 28 bits.
    """
    prefix = ["setarch", "-R"]
    allowed = shutil.which("setarch") and subprocess.run([*prefix, "true"], check=False).returncode == 0
    return prefix if allowed else []


if __name__ == "__main__":
    main(*sys.argv[1:])
