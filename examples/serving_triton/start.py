"""Start the Triton server of the package nvidia-pytriton, on this machine's own interface, until Ctrl+C.

    python3.11 -m venv triton && triton/bin/pip install -r examples/serving_triton/requirements.txt
    triton/bin/python examples/serving_triton/start.py served

An environment of its own, for the reason that requirements.txt gives, and none of this package in it. Linux.
"""

import argparse
import contextlib
import importlib.util
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

# New folders are looked for each second; a model that does not load leaves the others alone.
OPTIONS = ["--model-control-mode=poll", "--repository-poll-secs=1", "--exit-on-error=false", "--exit-timeout-secs=5"]


def command(folder, repository, http_port, grpc_port):
    """Return the command line and the environment of a server.

    Args:
        folder: Folder that must live as long as the server, for what this Python needs of it.
        repository: Folder with the models' folders.
        http_port, grpc_port: Where it listens, on 127.0.0.1.

    Raises:
        FileNotFoundError: Where this Python has no server.
    """
    package = importlib.util.find_spec("pytriton")
    if package is None:
        needs = Path(__file__).resolve().with_name("requirements.txt")
        raise FileNotFoundError(f"{sys.executable} has no server: {sys.executable} -m pip install -r {needs}")
    installed = Path(package.origin).parent
    triton, version = installed / "tritonserver", f"{sys.version_info.major}.{sys.version_info.minor}"
    backends = Path(folder) / "backends"
    shutil.copytree(triton / "backends", backends)
    shutil.copy2(triton / "python_backend_stubs" / version / "triton_python_backend_stub", backends / "python")
    line = [str(triton / "bin" / "tritonserver"), f"--model-repository={repository}", f"--backend-directory={backends}"]
    line += ["--http-address=127.0.0.1", f"--http-port={http_port}", "--allow-metrics=false", *OPTIONS]
    line += ["--grpc-address=127.0.0.1", f"--grpc-port={grpc_port}"]
    # This Python's own shared library, where the system has another of the same name.
    libraries = [str(installed.parent / "nvidia_pytriton.libs"), sysconfig.get_config_var("LIBDIR")]
    libraries += filter(None, [os.environ.get("LD_LIBRARY_PATH")])
    path = [str(Path(sys.executable).parent), os.environ.get("PATH", "")]
    return line, {**os.environ, "LD_LIBRARY_PATH": os.pathsep.join(libraries), "PATH": os.pathsep.join(path)}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("repository", help="folder with the models' folders")
    parser.add_argument("--http-port", type=int, default=8000, help="of REST (default: %(default)s)")
    parser.add_argument("--grpc-port", type=int, default=8001, help="of gRPC (default: %(default)s)")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        try:
            line, environment = command(folder, args.repository, args.http_port, args.grpc_port)
        except FileNotFoundError as error:
            sys.exit(f"error: {error}")
        server = subprocess.Popen(line, env=environment)
        try:
            sys.exit(server.wait())
        except KeyboardInterrupt:  # which the server gets, too, and ends by, if it can
            with contextlib.suppress(subprocess.TimeoutExpired):
                server.wait(15)
        finally:
            server.kill()


if __name__ == "__main__":
    main()
