"""Run the CUDA kernels on this CPU, where no GPU is: the same sources, compiled by g++ over tests/cuda_on_cpu.

python -m custom_ops.tests.run_cuda_on_cpu              # AddressSanitizer and UndefinedBehaviorSanitizer
python -m custom_ops.tests.run_cuda_on_cpu races        # order of all accesses to global and to shared memory
python -m custom_ops.tests.run_cuda_on_cpu faults       # faults planted into copies of the kernels: each must be found

The program is that of cuda_test.cu, as on a GPU. Grids have at most `MAX_BLOCKS` blocks, so that their loops run, too.
"""

import dataclasses
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from custom_ops.build_cuda import cuda_sources
from custom_ops.tests.run import SANITIZERS
from custom_ops.toolchain import ROOT, SOURCES, BuildError, compile_units, find_compiler, find_tensorflow, run

MAX_BLOCKS = 7
FLAGS = ["-std=c++17", "-Wall", "-Wextra", "-Wno-unknown-pragmas", "-Wno-comment", f"-DA2U_MAX_BLOCKS={MAX_BLOCKS}"]
CUDA = ["-I", SOURCES / "tests" / "cuda_on_cpu", "-x", "c++"]


@dataclasses.dataclass(frozen=True)
class Mode:
    """How a program is compiled: flags of all of it, those of the kernels, and what observes them."""

    flags: tuple[str, ...]
    kernels: tuple[str, ...] = ()
    observer: str = "unobserved"


MODES = {
    "plain": Mode(("-O2",)),
    "address": Mode(tuple(SANITIZERS["address"])),
    # ThreadSanitizer's instrumentation without its library: accesses.cc says why.
    "races": Mode(("-O1", "-g1"), ("-fsanitize=thread",), "accesses"),
}


@dataclasses.dataclass(frozen=True)
class Fault:
    """A change of a kernel's source, the mode that finds it, and a part of what is said then."""

    name: str
    file: str
    before: str
    after: str
    mode: str
    found: str


FAULTS = [
    Fault("a bound", "forward.cuh", "u >= s.source_width) continue", "u > s.source_width) continue", "address", ""),
    Fault("a bound below", "forward.cuh", "if (v < 0 || v >=", "if (v < -1 || v >=", "address", ""),
    Fault(
        "packets across groups",
        "reassemble.cu",
        "return p.group_channels() % kPacket<T> == 0;",
        "return p.channels % kPacket<T> == 0;",
        "address",
        "forward",
    ),
    Fault(
        "a warp too many",
        "gradients.cuh",
        "for (int w = 1; w < kThreads / kWarp; ++w)",
        "for (int w = 1; w <= kThreads / kWarp; ++w)",
        "address",
        "out of bounds",
    ),
    Fault("a lane's channels", "gradients.cuh", "begin + lane * V;", "begin + lane / 2 * V;", "address", "gradient"),
    Fault(
        "half a warp's sum",
        "warp.cuh",
        "for (int offset = kWarp / 2; offset > 0;",
        "for (int offset = kWarp / 4; offset > 0;",
        "address",
        "gradient to kernels",
    ),
    Fault(
        "a lane that passes by a shuffle",
        "gradients.cuh",
        "const A sum = WarpSum(sums[tap]);",
        "const A sum = lane == 3 ? sums[tap] : WarpSum(sums[tap]);",
        "address",
        "a shuffle in a diverged warp",
    ),
    Fault(
        "a thread that leaves before a barrier",
        "gradients.cuh",
        "const Index count = s.height * s.width * s.group_channels;",
        "const Index count = s.height * s.width * s.group_channels;\n  if (threadIdx.x >= kThreads - kWarp) return;",
        "address",
        "ended before the barrier",
    ),
    Fault(
        "no barrier after writing",
        "gradients.cuh",
        "= sum;\n    __syncthreads();",
        "= sum;",
        "races",
        "that nobody of its block has written",
    ),
    Fault(
        "no barrier before the next round",
        "gradients.cuh",
        "    }\n    __syncthreads();\n  }",
        "    }\n  }",
        "races",
        "in shared memory, with no barrier between",
    ),
    Fault(
        "two threads that write one result",
        "gradients.cuh",
        "if (threadIdx.x == 0) {",
        "if (threadIdx.x < 2) {",
        "races",
        "in global memory, with no barrier between",
    ),
    Fault(
        "a chunk beyond the map",
        "affinity.cuh",
        "end = min((chunk + 1) * kChunkPixels, t.pixels);",
        "end = (chunk + 1) * kChunkPixels;",
        "address",
        "",
    ),
    Fault(
        "half a warp's moments",
        "affinity.cuh",
        "for (int offset = kWarp / 2; offset > 0;",
        "for (int offset = kWarp / 4; offset > 0;",
        "address",
        "affinity",
    ),
    Fault(
        "scratch memory that is used twice",
        "affinity.cuh",
        "totals = take(batch * 4 * width);",
        "totals = sums;",
        "races",
        "in global memory, with no barrier between",
    ),
    Fault(
        "two lanes that write one product",
        "affinity.cuh",
        "if (lane == 0) affinity[item]",
        "if (lane < 2) affinity[item]",
        "races",
        "in global memory, with no barrier between",
    ),
    Fault(
        "samples that share a projection",
        "kernel_maps.cuh",
        "parts = t.shared ? t.batch * t.chunks : t.chunks;",
        "parts = t.chunks;",
        "address",
        "gradient of the projection",
    ),
    Fault(
        "shared memory that nobody wrote",
        "gradients.cuh",
        "if (threadIdx.x % kWarp == 0) warps",
        "if (threadIdx.x % kWarp == 0 && threadIdx.x > kWarp) warps",
        "races",
        "that nobody of its block has written",
    ),
]


class Program:
    """The test over the header, compiled in one mode; the kernels again for each source of theirs."""

    def __init__(self, mode, folder):
        self.how, self.folder, self.compiler = MODES[mode], folder / mode, find_compiler()
        self.folder.mkdir()
        plain = ("tests/cuda_on_cpu/grid.cc", f"tests/cuda_on_cpu/{self.how.observer}.cc", "kernels/checks.cc")
        units = [
            *((SOURCES / source, []) for source in plain),
            *((source, CUDA) for source in sorted((SOURCES / "tests").glob("*.cu"))),
        ]
        self.objects = compile_units(self.compiler, units, self.folder, [*FLAGS, *self.how.flags])

        self.program = self.folder / "cuda_test"

    def link(self, root=ROOT):
        """Compile the kernels of `root`, and make the program."""
        folder = self.folder / "kernels"
        folder.mkdir(exist_ok=True)
        flags = [*FLAGS, *self.how.flags, *self.how.kernels, "-I", root]
        kernels = compile_units(self.compiler, [(s, CUDA) for s in cuda_sources(root / "custom_ops")], folder, flags)
        run([self.compiler, *self.how.flags, "-o", self.program, *self.objects, *kernels])

    def run(self, *arguments, root=ROOT, **settings):
        """Link the program with the kernels of `root` and run it; returns the finished process."""
        self.link(root)
        return subprocess.run([self.program, *arguments], check=False, **settings)


def build_ops(folder):
    """Compile the kernels and TensorFlow's wrappers of them for the CPU; returns the library.

    Nodes of a graph get them where their attribute `_kernel` is `cuda_on_cpu`; the ops are those of the other library.
    """
    compiler, (tensorflow, _) = find_compiler(), find_tensorflow()
    library, flags = folder / "liba2u_cuda_on_cpu.so", [*FLAGS, "-O1", "-fPIC", "-fvisibility=hidden"]
    headers = ["-isystem", tensorflow / "include", "-DEIGEN_MAX_ALIGN_BYTES=64", "-DA2U_CUDA_ON_CPU"]
    sources = ("tests/cuda_on_cpu/grid.cc", "tests/cuda_on_cpu/unobserved.cc", "kernels/checks.cc")
    units = [*((SOURCES / source, []) for source in sources), *((source, CUDA) for source in cuda_sources())]
    units += [(source, headers) for source in sorted((SOURCES / "cuda").glob("*.cc"))]
    objects = compile_units(compiler, units, folder, flags)
    frameworks = [tensorflow / "libtensorflow_framework.so.2", tensorflow / "libtensorflow_cc.so.2"]
    run([compiler, "-shared", "-o", library, *objects, *frameworks])
    return library


def find_faults(folder):
    """Plant each of `FAULTS` into a copy of the sources and run the test; returns how many were not found."""
    programs = {mode: Program(mode, folder) for mode in ("address", "races")}
    root, missed = folder / "planted", 0
    for fault in FAULTS:
        shutil.copytree(SOURCES, root / "custom_ops", ignore=shutil.ignore_patterns("*.py", "__pycache__"))
        path = root / "custom_ops" / "cuda" / fault.file
        text = path.read_text()
        if text.count(fault.before) != 1:
            raise BuildError(f"{fault.name}: expected {fault.before!r} once in {path.name}. Adapt the fault.")
        path.write_text(text.replace(fault.before, fault.after))
        result = programs[fault.mode].run("quick", root=root, capture_output=True, text=True)
        said = result.stdout + result.stderr
        found = result.returncode != 0 and fault.found in said
        missed += not found
        print(f"{'found' if found else 'MISSED'}: {fault.name} ({fault.mode})", flush=True)
        if not found:
            print(said[-2000:])
        shutil.rmtree(root)
    return missed


def main(mode="address", *rest):
    if rest or mode not in (*MODES, "faults"):
        sys.exit(f"error: expected one of {', '.join((*MODES, 'faults'))}. Received: {' '.join([mode, *rest])}")
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        try:
            if mode == "faults":
                sys.exit(find_faults(folder))
            status = Program(mode, folder).run().returncode
        except BuildError as error:
            sys.exit(f"error: {error}")
    sys.exit(status)


if __name__ == "__main__":
    main(*sys.argv[1:])
