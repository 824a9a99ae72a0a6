"""The record beside a compiled library: what it was built from and for; the build writes it, loading checks it.

It needs nothing but Python: this file is also read by path, where the package cannot be imported.
"""

import hashlib
import json
import platform
from pathlib import Path
from typing import Any

LIBRARY = "liba2u_ops.so"
BUILD_COMMAND = "python -m custom_ops.build"
GPU_BUILD_COMMAND = "python -m custom_ops.build_cuda"
SOURCE_PATTERNS = ("kernels/*.h", "kernels/*.cc", "tensorflow/*.h", "tensorflow/*.cc", "cuda/*", "*.py")


def gpu_library(tensorflow_version: str) -> str:
    """The name of the library of the GPU kernels, which serves one TensorFlow version."""
    return f"liba2u_gpu_tf{tensorflow_version}.so"


def record_path(library: Path | str) -> Path:
    return Path(library).with_suffix(".json")


def file_hash(path: Path | str) -> str:
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


def source_hash(folder: Path | str) -> str:
    """One SHA-256 of the op's sources in `folder` (`custom_ops/`), their names included."""
    digest = hashlib.sha256()
    folder = Path(folder)
    for path in sorted(path for pattern in SOURCE_PATTERNS for path in folder.glob(pattern)):
        digest.update(f"{path.relative_to(folder).as_posix()}\0{file_hash(path)}\n".encode())
    return digest.hexdigest()


def make_record(library: Path | str, sources: Path | str, **facts: Any) -> dict[str, Any]:
    """The record of a library that was just built from `sources`."""
    return {**facts, "machine": platform.machine(), "sources": source_hash(sources), "library": file_hash(library)}


def problem(library: Path | str, sources: Path | str, tensorflow_version: str, one_version: bool = False) -> str | None:
    """Return why the library should not be loaded, or None.

    The ops keep to TensorFlow's C API, which all 2.x share; other libraries serve the `one_version` that they were
    built with. Where the folder of sources is missing, as in an installed package, they are not compared.
    """
    if not Path(library).exists():
        return "it is not built here"
    try:
        record = json.loads(record_path(library).read_text())
        machine, library_hash, built_from = record["machine"], record["library"], record["sources"]
        built_with = str(record["tensorflow"])
    except FileNotFoundError:
        return "its build record is missing"
    except (OSError, ValueError, KeyError, TypeError) as error:
        return f"its build record cannot be read ({type(error).__name__}: {error})"
    if machine != platform.machine():
        return f"it was built for {machine}, this machine is {platform.machine()}"
    if library_hash != file_hash(library):
        return "the library is not the one that its build record describes"
    parts = None if one_version else 1  # of the version that must be the same
    if built_with.split(".")[:parts] != tensorflow_version.split(".")[:parts]:
        return f"it was built with TensorFlow {built_with}, this is {tensorflow_version}"
    if (Path(sources) / "build.py").exists() and built_from != source_hash(sources):
        return "its sources have changed since it was built"
    return None
