"""Build the compiled reassembly op with g++ or clang++, against the TensorFlow that is installed.

    python -m custom_ops.build          # into a2u_tf/lib, where a2u_tf looks for it

One library holds the ops and their CPU kernels for several instruction sets, chosen when it runs. It uses TensorFlow's
C API alone, so that it serves every TensorFlow 2.x. Beside it lies a build record, which is checked at load. The CUDA
kernels, a second library, follow where there is a GPU to run them; see build_cuda.py.

Nothing beyond Python's own library is imported: `pip install .` runs this, too.
"""

import argparse
import concurrent.futures
import importlib.metadata
import importlib.util
import json
import os
import platform
import runpy
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import types
from pathlib import Path

SOURCES = Path(__file__).parent
ROOT = SOURCES.parent
LIBRARY_FOLDER = ROOT / "a2u_tf" / "lib"
FLAGS = [
    "-std=c++17",
    "-O3",
    "-fPIC",
    "-fvisibility=hidden",
    "-pthread",
    "-Wall",
    "-Wextra",
    "-Wno-maybe-uninitialized",
]
AVX2_FLAGS = ["-mavx2", "-mfma", "-mf16c"]
INSTRUCTION_SETS = {
    "baseline": [],
    "avx2": AVX2_FLAGS,
    # The header of GCC 12 for AVX-512 makes it warn of itself.
    "avx512": [*AVX2_FLAGS, "-mavx512f", "-mavx512bw", "-mavx512dq", "-mavx512vl", "-Wno-uninitialized"],
}

# By path: importing the package would import Keras, which pip's build environment lacks.
build_record = types.SimpleNamespace(**runpy.run_path(str(ROOT / "a2u_tf" / "ops" / "build_record.py")))


class BuildError(RuntimeError):
    """Why the op cannot be built here, and what to do."""


def build(folder=LIBRARY_FOLDER):
    """Build the library and its record into `folder`; returns the library's path.

    Raises:
        BuildError: Where a compiler or TensorFlow is missing, or the compiler fails.
    """
    compiler = find_compiler()
    tensorflow, version = find_tensorflow()
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    library = folder / build_record.LIBRARY
    with tempfile.TemporaryDirectory(dir=folder) as temporary:
        built = Path(temporary) / library.name
        objects = compile_all(compiler, tensorflow / "include", Path(temporary))
        framework = tensorflow / "libtensorflow_framework.so.2"
        run([compiler, "-shared", "-pthread", "-o", built, *objects, framework])
        publish(
            built, library, tensorflow=version, compiler=compiler_version(compiler), instruction_sets=instruction_sets()
        )
    return library


def publish(built, library, **facts):
    """Write the record of a library that was just built, and move both into place."""
    record = build_record.record_path(built)
    record.write_text(json.dumps(build_record.make_record(built, SOURCES, **facts), indent=2) + "\n")
    # A library without its record is not loaded: at no moment do the two disagree.
    build_record.record_path(library).unlink(missing_ok=True)
    os.replace(built, library)
    os.replace(record, build_record.record_path(library))


def instruction_sets():
    """Return the names of the instruction sets that are built for this machine's architecture."""
    return list(INSTRUCTION_SETS) if platform.machine() in ("x86_64", "AMD64") else ["baseline"]


def cpu_units():
    """Return `(source, flags)` of each translation unit of the kernels that are free of TensorFlow."""
    units = [(SOURCES / "kernels" / f"{name}.cc", []) for name in ("checks", "cpu", "thread_pool")]
    for name in instruction_sets():
        units.append((SOURCES / "kernels" / "cpu_isa.cc", [f"-DA2U_ISA={name}", *INSTRUCTION_SETS[name]]))
    return units


def compile_all(compiler, tensorflow_headers, folder):
    """Compile every source of the library into `folder`; returns the object files."""
    units = cpu_units()
    for source in sorted((SOURCES / "tensorflow").glob("*.cc")):
        units.append((source, ["-isystem", tensorflow_headers]))
    return compile_units(compiler, units, folder)


def compile_units(compiler, units, folder, flags=FLAGS):
    """Compile translation units on all cores; returns the object files."""
    objects = [folder / f"{number}.o" for number in range(len(units))]
    commands = [
        [compiler, *flags, *own, "-I", ROOT, "-c", source, "-o", target]
        for (source, own), target in zip(units, objects, strict=True)
    ]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        # The longest first.
        list(pool.map(run, reversed(commands)))
    return objects


def run(command):
    """Run a command, or raise `BuildError` with what it printed."""
    result = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False)
    if result.returncode:
        shown = " ".join(str(part) for part in command)
        raise BuildError(f"this command failed:\n{shown}\n{result.stderr[-4000:]}")


def find_compiler():
    """Return the C++ compiler: $CXX, g++ or clang++."""
    for name in (os.environ.get("CXX"), "g++", "clang++"):
        if name and shutil.which(name):
            return shutil.which(name)
    raise BuildError("no C++ compiler found. Install g++ (Debian: apt-get install g++), or name one in CXX")


def compiler_version(compiler):
    """Return the first line of what the compiler says of itself."""
    return subprocess.run([compiler, "--version"], capture_output=True, text=True, check=True).stdout.splitlines()[0]


def find_tensorflow():
    """Return `(folder, version)` of the installed TensorFlow without importing it."""
    spec = importlib.util.find_spec("tensorflow")
    # pip builds in an environment of its own; purelib is still that of the environment that is installed into.
    folders = [*(spec.submodule_search_locations or [] if spec else []), f"{sysconfig.get_path('purelib')}/tensorflow"]
    for folder in map(Path, folders):
        if (folder / "include" / "tensorflow" / "c" / "ops.h").exists():
            found = importlib.metadata.distributions(name="tensorflow", path=[str(folder.parent)])
            return folder, next((distribution.version for distribution in found), "unknown")
    raise BuildError("TensorFlow is not installed here. Install a2u_tf first, then run the build in that environment")


def main():
    from custom_ops import build_cuda  # which imports from this module

    parser = argparse.ArgumentParser(prog="python -m custom_ops.build", description="Build the compiled reassembly op.")
    parser.add_argument("--output", default=LIBRARY_FOLDER, help="folder for the libraries (default: a2u_tf/lib)")
    folder = parser.parse_args().output
    try:
        print(f"built {build(folder)}")
    except BuildError as error:
        sys.exit(f"error: the compiled op was not built: {error}")
    try:
        print(build_cuda.build_where_useful(folder))
    except build_cuda.BuildError as error:  # another class than above where this file runs as __main__
        sys.exit(f"error: the CUDA kernels were not built: {error}")


if __name__ == "__main__":
    main()
