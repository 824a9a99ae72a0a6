"""Compilers, TensorFlow's headers, and how a finished library is put in its place: what both builds share.

Nothing beyond Python's own library is imported: `pip install .` runs this, too.
"""

import concurrent.futures
import importlib.metadata
import importlib.util
import json
import os
import runpy
import shutil
import subprocess
import sysconfig
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

# By path: importing the package would import Keras, which pip's build environment lacks.
build_record = types.SimpleNamespace(**runpy.run_path(str(ROOT / "a2u_tf" / "ops" / "compiled" / "build_record.py")))


class BuildError(RuntimeError):
    """Why the op cannot be built here, and what to do."""


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


def publish(built, library, **facts):
    """Write the record of a library that was just built, and move both into place."""
    record = build_record.record_path(built)
    record.write_text(json.dumps(build_record.make_record(built, SOURCES, **facts), indent=2) + "\n")
    # A library without its record is not loaded: at no moment do the two disagree.
    build_record.record_path(library).unlink(missing_ok=True)
    os.replace(built, library)
    os.replace(record, build_record.record_path(library))
