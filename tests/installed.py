"""Install a wheel into an environment of its own and use it there, without the repository on the path.

python -m tests.installed dist/a2u_tf-*.whl
"""

import os
import shutil
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

TESTS = Path(__file__).parent


def main(wheel):
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        venv.create(folder / "venv", with_pip=True)
        binaries = folder / "venv" / "bin"
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "A2U_"))}
        environment |= {"PATH": f"{binaries}:{environment['PATH']}", "TF_CPP_MIN_LOG_LEVEL": "3"}
        for script in ("smoke.py", "pasted.py"):
            shutil.copy(TESTS / script, folder)
        for page in [TESTS.parent / "README.md", *(TESTS.parent / "docs").glob("*.md")]:
            shutil.copy(page, folder)
        for command in (
            ["python", "-m", "pip", "install", "--quiet", Path(wheel).resolve()],
            ["python", "-m", "pip", "check"],
            ["python", "smoke.py"],
            ["python", "pasted.py", "."],
        ):
            subprocess.run(command, cwd=folder, env=environment, check=True)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m tests.installed WHEEL")
    main(sys.argv[1])
