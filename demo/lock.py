"""Write the versions and checksums of all that the demo installs.

python -m demo.lock

pip resolves `.[demo]` anew; `demo/requirements.lock` gets one line a package, for the Python and the platform that
run this. `pip install --require-hashes -r demo/requirements.lock` then installs those files and no others.
"""

import json
import platform
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any

from a2u_tf.files import replaced

ROOT = Path(__file__).parents[1]
LOCK = Path(__file__).with_name("requirements.lock")


def locked(report: dict[str, Any]) -> list[str]:
    """Return the lines of a report of `pip install --report`, without the package itself."""
    lines = []
    for item in report["install"]:
        if item["download_info"].get("dir_info") is not None:
            continue
        name, version = item["metadata"]["name"].lower(), item["metadata"]["version"]
        lines.append(f"{name}=={version} --hash=sha256:{item['download_info']['archive_info']['hashes']['sha256']}")
    return sorted(lines)


def main() -> None:
    command = ["-m", "pip", "install", "--quiet", "--dry-run", "--ignore-installed", "--report=-", ".[demo]"]
    result = subprocess.run([sys.executable, *command], cwd=ROOT, check=True, capture_output=True, text=True)
    where = f"# Python {platform.python_version()}, {sysconfig.get_platform()}"
    with replaced(LOCK) as temporary:
        temporary.write_text("\n".join([where, *locked(json.loads(result.stdout))]) + "\n")


if __name__ == "__main__":
    main()
