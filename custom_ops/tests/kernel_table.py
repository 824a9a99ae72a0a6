"""Tabulate what the CUDA compiler and the addresses of accesses tell of each kernel; no GPU is needed.

    python -m custom_ops.tests.kernel_table --output=results/cuda_kernels      # needs nvcc; minutes

Registers, spills, stack and shared memory are ptxas' (-Xptxas -v); occupancy is theoretical, by the calculator of the
CUDA toolkit. Sectors, banks and traffic come from the kernels' addresses as they run on this CPU, see cuda_on_cpu/.
"""

import argparse
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from custom_ops.build_cuda import ARCHITECTURES, cuda_sources, find_nvcc
from custom_ops.tests.run_cuda_on_cpu import CUDA, FLAGS, MODES
from custom_ops.toolchain import ROOT, SOURCES, BuildError, compile_units, find_compiler, run

THREADS = 256
HERE = SOURCES / "tests" / "cuda_on_cpu"
ENTRY = re.compile(
    r"Compiling entry function '(?P<name>\w+)'.*?(?P<stack>\d+) bytes stack frame, (?P<stores>\d+) bytes spill stores, "
    r"(?P<loads>\d+) bytes spill loads.*?Used (?P<registers>\d+) registers(?:[^\n]*?(?P<shared>\d+) bytes smem)?",
    re.DOTALL,
)
TYPES = {"__half": "float16", "__nv_bfloat16": "bfloat16", "float": "float32", "double": "float64"}
COLUMNS = ["kernel", "element", "index", "capability", "registers", "spilled bytes", "shared bytes", "occupancy"]


def architectures(nvcc):
    """Return the compute capabilities that are shipped, and the newest that the toolkit has."""
    listed = subprocess.run([nvcc, "--list-gpu-arch"], capture_output=True, text=True, check=True).stdout
    newest = max(int(number) for number in re.findall(r"compute_(\d+)", listed))
    return [*ARCHITECTURES, *([str(newest)] if str(newest) not in ARCHITECTURES else [])]


def compiled_kernels(nvcc, architecture, folder):
    """Return a row for each kernel, as ptxas describes it for one architecture."""
    command = [nvcc, "-std=c++17", "-O3", f"-arch=sm_{architecture}", "-cubin", "-Xptxas", "-v", "-I", str(ROOT)]
    found = []
    for source in cuda_sources():
        compilation = [*command, str(source), "-o", str(folder / "kernels.cubin")]
        result = subprocess.run(compilation, capture_output=True, text=True, check=False)
        if result.returncode:
            raise BuildError(f"nvcc failed for compute capability {architecture}:\n{result.stderr[-4000:]}")
        found += [match.groupdict("0") for match in ENTRY.finditer(result.stderr)]
    names = "\n".join(entry["name"] for entry in found)
    demangled = subprocess.run(["c++filt"], input=names, capture_output=True, text=True, check=True).stdout.splitlines()
    return [describe(entry, name, architecture) for entry, name in zip(found, demangled, strict=True)]


def describe(entry, name, architecture):
    """Return the row of one kernel."""
    kernel, arguments = re.search(r"a2u::cuda::(\w+)<([^>]*)>", name).groups()
    element, *others = [argument.strip() for argument in arguments.split(",")]
    index, *numbers = others or ["long"]  # what makes kernel maps has no other
    return {
        "kernel": f"{kernel}<{', '.join(numbers)}>" if numbers else kernel,
        "element": TYPES[element],
        "index": "int32" if index == "int" else "int64",
        "capability": f"{architecture[:-1]}.{architecture[-1]}",
        "registers": int(entry["registers"]),
        "spilled bytes": int(entry["stores"]) + int(entry["loads"]),
        "shared bytes": int(entry["shared"]),
    }


def add_occupancy(rows, nvcc, folder):
    """Add the share of a multiprocessor's warps that are there at once."""
    program = folder / "occupancy"
    run([nvcc, "-std=c++17", "-o", program, HERE / "occupancy.cc"])  # which knows where the toolkit's headers are
    asked = "".join(
        f"{row['capability'].replace('.', ' ')} {row['registers']} {row['shared bytes']} {THREADS}\n" for row in rows
    )
    told = subprocess.run([program], input=asked, capture_output=True, text=True, check=True).stdout.splitlines()
    for row, line in zip(rows, told, strict=True):
        warps, most = map(int, line.split())
        row["occupancy"] = warps / most


def traffic(folder):
    """Return what the kernels' accesses tell, a row for each case, pass and element type."""
    compiler, mode = find_compiler(), MODES["races"]
    units = [(HERE / f"{name}.cc", CUDA) for name in ("grid", "accesses", "traffic")]
    units += [(SOURCES / "kernels" / "checks.cc", []), (SOURCES / "cuda" / "reassemble.cu", [*CUDA, *mode.kernels])]
    flags = [flag for flag in FLAGS if not flag.startswith("-DA2U_MAX_BLOCKS")]
    objects = compile_units(compiler, units, folder, [*flags, *mode.flags])
    run([compiler, "-o", folder / "traffic", *objects])
    return json.loads(subprocess.run([folder / "traffic"], capture_output=True, text=True, check=True).stdout)


def table(columns, rows):
    """Return rows of texts as a Markdown table."""
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def report(record):
    """Return the page of a record."""
    least = {
        row["kernel"]: row["index"] for row in sorted(record["kernels"], key=lambda row: row["index"], reverse=True)
    }
    shown = [row for row in record["kernels"] if row["element"] == "float32" and row["index"] == least[row["kernel"]]]
    kernels = [[str(row[c]) if c != "occupancy" else f"{row[c]:.0%}" for c in COLUMNS] for row in shown]
    names = ("features", "kernels", "upstream", "result")
    access = []
    for row in record["traffic"]:
        cells = [f"{row[n]['sectors']:.1f} of {row[n]['least_sectors']:.1f}" if n in row else "" for n in names]
        banks = [row[n]["passes"] for n in ("shared read", "shared written") if n in row]
        access.append(
            [row["case"], row["pass"], row["dtype"], *cells, f"{max(banks):.1f}" if banks else "",
             f"{row['moved_over_least']:.2f}"]
        )  # fmt: skip
    spilled = sum(row["spilled bytes"] > 0 for row in record["kernels"])
    return f"""# The CUDA kernels, as their compiler and their addresses tell

CUDA {record["cuda"]}, blocks of {THREADS} threads. Of {len(record["kernels"])} kernels for {len(TYPES)} element types,
{spilled} spill registers. float32 with indices of 32 bits where there are such; the JSON file beside this page has all.

{table(COLUMNS, kernels)}

Sectors of 32 bytes that a request of a warp touches, and how many its bytes would fill; passes over shared memory for a
request (1: no banks conflict); bytes between cache and memory over the least possible, every input read once and the
result written once. The cache is one of 256 KiB, as the first level of one multiprocessor, with nothing behind it but
the memory; blocks come one after another, and the sector used longest ago makes room.

{table(["case", "pass", "element", *names, "passes", "moved"], access)}

Made by

    python -m custom_ops.tests.kernel_table --output=results/cuda_kernels
"""


def main():
    parser = argparse.ArgumentParser(
        prog="python -m custom_ops.tests.kernel_table", description=__doc__.splitlines()[0]
    )
    parser.add_argument("--output", type=Path, required=True, help="path without ending of the .json and .md files")
    output = parser.parse_args().output
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        try:
            nvcc, cuda = find_nvcc()
            rows = [row for each in architectures(nvcc) for row in compiled_kernels(nvcc, each, folder)]
            add_occupancy(rows, nvcc, folder)
            record = {"cuda": cuda, "threads": THREADS, "kernels": rows, "traffic": traffic(folder)}
        except BuildError as error:
            sys.exit(f"error: {error}")
    output.with_suffix(".json").write_text(json.dumps(record, indent=1) + "\n")
    output.with_suffix(".md").write_text(report(record))
    print(output.with_suffix(".md").read_text())


if __name__ == "__main__":
    main()
