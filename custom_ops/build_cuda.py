"""Build the CUDA kernels of the reassembly op with nvcc: the second library, for one TensorFlow version.

    python -m custom_ops.build_cuda         # beside the first library, in a2u_tf/lib; needs no GPU

It holds machine code for compute capabilities 8.0 and 9.0, and PTX that newer devices compile for themselves.
"""

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from custom_ops.toolchain import (
    FLAGS,
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

ARCHITECTURES = ("80", "90")


def build_cuda(folder=LIBRARY_FOLDER):
    """Build the library and its record into `folder`; returns the library's path.

    Raises:
        BuildError: Where nvcc, a compiler or TensorFlow is missing, or one of the compilers fails.
    """
    nvcc, cuda = find_nvcc()
    compiler = find_compiler()
    tensorflow, version = find_tensorflow()
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    library = folder / build_record.gpu_library(version)
    with tempfile.TemporaryDirectory(dir=folder) as temporary:
        built = Path(temporary) / library.name
        kernels = compile_kernels(nvcc, Path(temporary))
        headers = ["-isystem", tensorflow / "include", "-DEIGEN_MAX_ALIGN_BYTES=64", "-Wno-unused-parameter"]
        units = [
            (SOURCES / "kernels" / "checks.cc", []),
            *((source, headers) for source in sorted((SOURCES / "cuda").glob("*.cc"))),
        ]
        objects = compile_units(compiler, units, Path(temporary), [*FLAGS, "-O2"])
        # TensorFlow's libraries export an older CUDA runtime: ours is linked in before them, and hidden.
        frameworks = [tensorflow / "libtensorflow_framework.so.2", tensorflow / "libtensorflow_cc.so.2"]
        libraries = ",".join(["--exclude-libs", "ALL", "-lcudart_static", *map(str, frameworks)])
        link = [nvcc, "-shared", "-cudart", "none", "-o", built, *kernels, *objects]
        run([*link, "-Xlinker", libraries, "-lrt", "-ldl", "-lpthread"])
        refuse_foreign_cuda(built)
        publish(
            built,
            library,
            tensorflow=version,
            compiler=compiler_version(compiler),
            cuda=cuda,
            architectures=[f"sm_{number}" for number in ARCHITECTURES],
        )
    return library


def build_where_useful(folder=LIBRARY_FOLDER):
    """Build the library where there are nvcc and a GPU; returns one line on what was done, and why.

    Raises:
        BuildError: Where both are there, and the build fails.
    """
    try:
        find_gpu()
        find_nvcc()
    except BuildError as error:
        return f"CUDA kernels skipped: {error}. To build them all the same: {build_record.GPU_BUILD_COMMAND}"
    return f"built {build_cuda(folder)}"


def compile_kernels(nvcc, folder):
    """Compile the CUDA kernels; returns the object files."""
    flags = ["-std=c++17", "-O3", "-Xcompiler", "-fPIC,-fvisibility=hidden", *architecture_flags()]
    return compile_units(nvcc, [(source, []) for source in cuda_sources()], folder, flags)


def cuda_sources(root=SOURCES):
    """Return the sources of the CUDA kernels, which are free of TensorFlow."""
    return sorted((root / "cuda").glob("*.cu"))


def architecture_flags():
    """Return nvcc's flags for `ARCHITECTURES`, with PTX of the last for newer devices."""
    codes = [f"-gencode=arch=compute_{number},code=sm_{number}" for number in ARCHITECTURES]
    last = ARCHITECTURES[-1]
    return [*codes, f"-gencode=arch=compute_{last},code=compute_{last}", "--threads", "0"]


def find_gpu():
    """Raise `BuildError` where this machine shows no NVIDIA GPU."""
    smi = shutil.which("nvidia-smi")
    listed = subprocess.run([smi, "-L"], capture_output=True, text=True, check=False).stdout if smi else ""
    if not re.match(r"GPU \d+:", listed):
        raise BuildError("nvidia-smi -L lists no NVIDIA GPU on this machine")


def find_nvcc():
    """Return `(path, version)` of nvcc."""
    nvcc = shutil.which("nvcc")
    if nvcc is None:
        raise BuildError("no nvcc found. Install the CUDA toolkit, 12.0 or newer, and put its bin folder on PATH")
    text = subprocess.run([nvcc, "--version"], capture_output=True, text=True, check=False).stdout
    version = re.search(r"release (\d+)\.(\d+)", text)
    if version is None or int(version.group(1)) < 12:
        received = (text.splitlines() or ["no version"])[-1]
        raise BuildError(f"nvcc 12.0 or newer is needed for compute capability 9.0. Received: {received}")
    return nvcc, f"{version.group(1)}.{version.group(2)}"


def refuse_foreign_cuda(library):
    """Raise `BuildError` where the library would take its CUDA runtime from TensorFlow at load."""
    symbols = subprocess.run(["nm", "-D", "--undefined-only", library], capture_output=True, text=True, check=True)
    foreign = sorted(set(re.findall(r"\b(?:__)?cuda[A-Z]\w*", symbols.stdout)))
    if foreign:
        raise BuildError(f"the CUDA runtime was not linked in; these symbols are missing: {foreign}")


def main():
    if len(sys.argv) > 1:
        sys.exit(f"error: expected no arguments. Received: {' '.join(sys.argv[1:])}")
    try:
        print(f"built {build_cuda()}")
    except BuildError as error:
        sys.exit(f"error: the CUDA kernels were not built: {error}")


if __name__ == "__main__":
    main()
