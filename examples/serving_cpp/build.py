"""Build the program that mattes a picture with an exported model, against the TensorFlow that is installed.

    python -m examples.serving_cpp.build                # ./matte_picture
    ./matte_picture served/matting/1 photo.png trimap.png alpha.png

Linux only. It takes half a minute and 700 MB of memory, most of it for TensorFlow's headers.
"""

import argparse
import os
import shutil
import sys
import tempfile
from pathlib import Path

from custom_ops.toolchain import BuildError, find_compiler, find_tensorflow, run

SOURCE = Path(__file__).with_name("matte_picture.cc")
FLAGS = ["-std=c++17", "-O2", "-Wall", "-Wextra"]


def build(program, source=SOURCE):
    """Build the program, of one source file; returns its path.

    Raises:
        BuildError: Where a compiler or TensorFlow is missing, or the compiler fails.
    """
    program = Path(program)
    compiler = find_compiler()
    tensorflow, _ = find_tensorflow()
    # TensorFlow's library has 1 GB, which this linker reads five times as fast as the usual one.
    linker = ["-fuse-ld=gold"] if shutil.which("ld.gold") else []
    # No symbol of the first library is asked for: it is what registers operations and kernels.
    libraries = ["-Wl,--no-as-needed", f"-Wl,-rpath,{tensorflow}"]
    libraries += [tensorflow / f"libtensorflow_{name}.so.2" for name in ("cc", "framework")]
    with tempfile.TemporaryDirectory(dir=program.parent) as folder:
        built = Path(folder, program.name)
        run([compiler, *FLAGS, *linker, "-isystem", tensorflow / "include", source, *libraries, "-o", built])
        os.replace(built, program)
    return program


def main():
    parser = argparse.ArgumentParser(prog="python -m examples.serving_cpp.build", description=__doc__.splitlines()[0])
    parser.add_argument("--output", default="matte_picture", help="the program (default: %(default)s)")
    try:
        print(f"built {build(parser.parse_args().output)}")
    except (BuildError, OSError) as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main()
