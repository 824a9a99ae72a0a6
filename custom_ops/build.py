"""Build the compiled reassembly op with g++ or clang++, against the TensorFlow that is installed.

    python -m custom_ops.build          # into a2u_tf/lib, where a2u_tf looks for it
    python -m custom_ops.build --where_possible     # unless it is there; where it cannot be, says why and succeeds

One library holds the ops and their CPU kernels for several instruction sets, chosen when it runs. It uses TensorFlow's
C API alone, so that it serves every TensorFlow 2.x. Beside it lies a build record, which is checked at load. The CUDA
kernels, a second library, follow where there is a GPU to run them; see build_cuda.py.
"""

import argparse
import platform
import sys
import tempfile
from pathlib import Path

from custom_ops.build_cuda import build_where_useful
from custom_ops.toolchain import (
    LIBRARY_FOLDER,
    SOURCES,
    BuildError,
    build_record,
    compile_units,
    compiler_version,
    find_compiler,
    find_tensorflow,
    publish,
    run,
)

AVX2_FLAGS = ["-mavx2", "-mfma", "-mf16c"]
INSTRUCTION_SETS = {
    "baseline": [],
    "avx2": AVX2_FLAGS,
    # The header of GCC 12 for AVX-512 makes it warn of itself.
    "avx512": [*AVX2_FLAGS, "-mavx512f", "-mavx512bw", "-mavx512dq", "-mavx512vl", "-Wno-uninitialized"],
}


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


def main():
    parser = argparse.ArgumentParser(prog="python -m custom_ops.build", description="Build the compiled reassembly op.")
    parser.add_argument("--output", default=LIBRARY_FOLDER, help="folder for the libraries (default: a2u_tf/lib)")
    parser.add_argument(
        "--where_possible",
        action="store_true",
        help="do nothing where the library is there and fits; where it cannot be built say why and succeed",
    )
    arguments = parser.parse_args()
    folder = arguments.output
    if arguments.where_possible:
        try:
            find_compiler()
            _, version = find_tensorflow()
        except BuildError as error:
            print(f"The compiled op is not built, the composite does its work: {error}")
            return
        if build_record.problem(Path(folder) / build_record.LIBRARY, SOURCES, version) is None:
            return
        print("Building the compiled op, once, in about a minute ...", flush=True)
    what = "compiled op was"
    try:
        print(f"built {build(folder)}", flush=True)
        what = "CUDA kernels were"
        print(build_where_useful(folder))
    except BuildError as error:
        if not arguments.where_possible:
            sys.exit(f"error: the {what} not built: {error}")
        print(f"warning: the {what} not built, the composite does their work: {error}", file=sys.stderr)


if __name__ == "__main__":
    main()
