"""Build the standalone test of the CUDA kernels with nvcc and, where there is a GPU, run it.

python -m custom_ops.tests.run_cuda             # checks
python -m custom_ops.tests.run_cuda bench       # times, as one JSON object; see cuda_test.cu
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from custom_ops.build_cuda import architecture_flags, cuda_sources, find_nvcc
from custom_ops.toolchain import ROOT, SOURCES, BuildError, run


def main(*modes):
    if modes not in ((), ("bench",)):
        sys.exit(f"error: expected nothing or bench. Received: {' '.join(modes)}")
    sources = [*sorted((SOURCES / "tests").glob("*.cu")), *cuda_sources(), SOURCES / "kernels" / "checks.cc"]
    with tempfile.TemporaryDirectory() as folder:
        program = Path(folder) / "cuda_test"
        try:
            nvcc, _ = find_nvcc()
            run([nvcc, "-std=c++17", "-O3", *architecture_flags(), "-I", ROOT, "-o", program, *sources])
        except BuildError as error:
            sys.exit(f"error: {error}")
        if shutil.which("nvidia-smi") is None:
            print("built, not run: this machine has no GPU driver (nvidia-smi)")
            return
        sys.exit(subprocess.run([program, *modes], check=False).returncode)


if __name__ == "__main__":
    main(*sys.argv[1:])
