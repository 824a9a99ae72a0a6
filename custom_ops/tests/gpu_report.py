"""All that is to be known of the kernels on a GPU, in one JSON file and less than ten minutes.

    python -m custom_ops.tests.gpu_report --output=gpu.json
    python -m custom_ops.tests.gpu_report --output=cpu.json --rehearse     # no GPU: small, over tests/cuda_on_cpu

The kernels against their definition; their times against a copy of the device, against a thread per element and, for
gradients, atomics; bfloat16 against float32; training steps of the matting network on JAX, A2U against bilinear
upsampling. The first parts need nvcc alone. The steps need JAX with CUDA, and Keras; without a network,

    pip download --no-deps --only-binary=:all: --python-version=3.12 -d wheels keras namex optree

on another machine fetches what such a machine may lack, and `--wheels=wheels` installs it for this run alone.
"""

import argparse
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from custom_ops.build_cuda import architecture_flags, cuda_sources, find_nvcc
from custom_ops.tests.run_cuda_on_cpu import Program
from custom_ops.toolchain import ROOT, SOURCES, BuildError, run

SECONDS = {"checks": 120, "times": 120, "training steps on JAX": 300}
QUERY = ["nvidia-smi", "--query-gpu=name,driver_version,compute_cap,memory.total", "--format=csv,noheader"]


def build(folder, rehearse):
    """Return the program of cuda_test.cu."""
    if rehearse:
        test = Program("plain", folder)
        test.link()
        return test.program
    nvcc, _ = find_nvcc()
    program = folder / "cuda_test"
    sources = [*sorted((SOURCES / "tests").glob("*.cu")), *cuda_sources(), SOURCES / "kernels" / "checks.cc"]
    run([nvcc, "-std=c++17", "-O3", *architecture_flags(), "-I", ROOT, "-o", program, *sources])
    return program


def training_steps(folder, rehearse, wheels):
    """Return the command and the environment of the training steps, and the file that they write."""
    site, environment = folder / "site", {**os.environ, "KERAS_BACKEND": "jax"}
    if wheels:
        install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps", "--target", site]
        run([*install, *sorted(Path(wheels).glob("*.whl"))])
        environment["PYTHONPATH"] = os.pathsep.join([str(site), environment.get("PYTHONPATH", "")])
    elif missing := [name for name in ("jax", "keras") if importlib.util.find_spec(name) is None]:
        raise BuildError(f"training steps need {' and '.join(missing)}: pip install {' '.join(missing)}, or --wheels")
    settings = ["--side=512", "--batch=8", "--starts=1", "--rounds=15", "--width=1", "--dtypes=float32,mixed_bfloat16"]
    if rehearse:
        settings = ["--side=32", "--batch=1", "--starts=1", "--rounds=1", "--width=0.0625"]
    output = folder / "steps.json"
    return [sys.executable, "-m", "benchmarks.matting_step", f"--output={output}", *settings], environment, output


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--output", type=Path, required=True, help="JSON file to write")
    parser.add_argument("--rehearse", action="store_true", help="run the same on this CPU, with small sizes")
    parser.add_argument("--wheels", help="folder of wheels of what Python lacks here")
    args = parser.parse_args()
    device = "none: a rehearsal on a CPU"
    if not args.rehearse:
        try:
            device = subprocess.run(QUERY, capture_output=True, text=True, check=True).stdout.strip()
        except (OSError, subprocess.CalledProcessError) as error:
            sys.exit(f"error: no GPU answers: {error}. Without one: --rehearse")
    report = {"device": device, "failures": []}

    def step(name, command, environment=None):
        """Run one part, and return what it printed; what fails is noted, and the others go on."""
        print(name, flush=True)
        start = time.perf_counter()
        try:
            result = subprocess.run(
                command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=SECONDS[name], check=True
            )
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
            report["failures"].append({"part": name, "reason": str(error), "said": str(error.stdout)[-4000:]})
            print(f"FAILED: {name}: {error}\n{error.stdout}\n{error.stderr}", flush=True)
            return None
        print(f"{result.stdout}{time.perf_counter() - start:.0f} s", flush=True)
        return result.stdout

    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        try:
            program = build(folder, args.rehearse)
            report["checks"] = step("checks", [program, *(["quick"] if args.rehearse else [])])
            if times := step("times", [program, "bench", "1" if args.rehearse else "256"]):
                report["times"] = json.loads(times)
            command, environment, steps = training_steps(folder, args.rehearse, args.wheels)
            if step("training steps on JAX", command, environment) is not None:
                report["training steps on JAX"] = json.loads(steps.read_text())
        except BuildError as error:
            report["failures"].append({"part": "preparation", "reason": str(error)})
            print(f"error: {error}", file=sys.stderr)
        args.output.write_text(json.dumps(report, indent=2) + "\n")
    sys.exit(bool(report["failures"]))


if __name__ == "__main__":
    main()
