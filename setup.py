"""Metadata lives in pyproject.toml; this file builds the compiled op into the wheel, where there is a compiler.

The install never fails for want of it, unless A2U_TF_REQUIRE_OP=1, and never for want of its CUDA kernels. An editable
install builds nothing: `python -m custom_ops.build` does.
"""

import os
import sys
from pathlib import Path

from setuptools import Distribution, setup
from setuptools.command.build_py import build_py

sys.path.insert(0, str(Path(__file__).parent))
from custom_ops.build import build
from custom_ops.build_cuda import build_where_useful
from custom_ops.toolchain import BuildError


class BuildWithOp(build_py):
    """Copies the Python files, then builds the libraries beside them."""

    def run(self):
        super().run()
        if self.editable_mode:
            return
        folder = Path(self.build_lib) / "a2u_tf" / "lib"
        try:
            build(folder)
        except BuildError as error:
            if os.environ.get("A2U_TF_REQUIRE_OP") == "1":
                raise
            reason = str(error).splitlines()[0]
            print(f"a2u_tf: compiled op not built ({reason}); the composite does its work", file=sys.stderr)
            return
        try:
            print(f"a2u_tf: {build_where_useful(folder)}", file=sys.stderr)
        except (BuildError, OSError) as error:
            print(f"a2u_tf: CUDA kernels not built ({error}); the composite does their work", file=sys.stderr)


class PlatformDistribution(Distribution):
    """A wheel that may hold a library for this platform."""

    def has_ext_modules(self):
        return True


setup(cmdclass={"build_py": BuildWithOp}, distclass=PlatformDistribution)
