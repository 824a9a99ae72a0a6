"""Start the Triton server of the package nvidia-pytriton, on this machine's own interface, until Ctrl+C.

    pip install --no-deps --target=triton nvidia-pytriton==0.7.0
    python -m examples.serving_triton.start --server=triton --repository=served

Linux, Python 3.8 to 3.13 with its shared library. Triton's Python backend takes packages from the Python that starts it.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

OPTIONS = ["--model-control-mode=poll", "--repository-poll-secs=1", "--allow-metrics=false", "--exit-on-error=false"]


def command(server, folder, repository, http_port=8000, grpc_port=8001):
    """Return the command line and the environment of a server.

    Args:
        server: Where nvidia-pytriton is installed.
        folder: Folder that must live as long as the server, for what this Python needs of it.
        repository: Folder with the models' folders.
        http_port, grpc_port: Where it listens, on 127.0.0.1.
    """
    triton = Path(server) / "pytriton" / "tritonserver"
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    stub = triton / "python_backend_stubs" / version / "triton_python_backend_stub"
    if not stub.exists():
        raise FileNotFoundError(f"{stub} is missing. Install the server: see `python -m {__spec__.name} --help`.")
    backends = Path(folder) / "backends"
    shutil.copytree(triton / "backends", backends)
    shutil.copy2(stub, backends / "python")
    line = [str(triton / "bin" / "tritonserver"), f"--model-repository={repository}", f"--backend-directory={backends}"]
    line += [f"--http-port={http_port}", f"--grpc-port={grpc_port}", *OPTIONS]
    line += ["--http-address=127.0.0.1", "--grpc-address=127.0.0.1"]
    libraries = [str(Path(server) / "nvidia_pytriton.libs"), *filter(None, [os.environ.get("LD_LIBRARY_PATH")])]
    path = [str(Path(sys.executable).parent), os.environ.get("PATH", "")]
    return line, {**os.environ, "LD_LIBRARY_PATH": os.pathsep.join(libraries), "PATH": os.pathsep.join(path)}


def main():
    parser = argparse.ArgumentParser(prog="python -m examples.serving_triton.start", description=__doc__.splitlines()[0])
    parser.add_argument("--server", required=True, help="folder in which nvidia-pytriton is installed")
    parser.add_argument("--repository", required=True, help="folder with the models' folders")
    args = parser.parse_args()
    try:
        with tempfile.TemporaryDirectory() as folder:
            line, environment = command(args.server, folder, args.repository)
            sys.exit(subprocess.run(line, env=environment, check=False).returncode)
    except OSError as error:
        sys.exit(f"error: {error}")
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main()
