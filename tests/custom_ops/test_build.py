"""What the build commands do and say, with stand-ins for the compilers."""

import os
import shutil
import subprocess
import sys

import pytest

from custom_ops import build_cuda, pip_backend, toolchain

COMPILER = """#!/bin/sh
[ "$1" = --version ] && { echo "compiler 1.0"; exit 0; }
while [ "$1" != -o ]; do shift; done
echo built > "$2"
"""
SKIPPED = "CUDA kernels skipped: "
GPU = 'echo "GPU 0: NVIDIA H200 (UUID: GPU-0)"'
COMMAND = "To build them all the same: python -m custom_ops.build_cuda"


@pytest.fixture
def tools(tmp_path, monkeypatch):
    """Put a folder of stand-ins alone on PATH; returns what adds one: its name and the lines of a shell script."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))

    def add(name, script):
        (folder / name).write_text(f"#!/bin/sh\n{script}\n")
        (folder / name).chmod(0o755)

    return add


def nvcc_version(release):
    return f'echo "Cuda compilation tools, release {release}, V{release}.1"'


FAILING_NVCC = f'[ "$1" = --version ] && {{ {nvcc_version("12.4")}; exit 0; }}; echo no kernels today >&2; exit 1'


NO_GPU = "nvidia-smi -L lists no NVIDIA GPU on this machine. "


@pytest.mark.parametrize(
    ("driver", "nvcc", "reason"),
    [
        (None, nvcc_version("12.4"), NO_GPU),
        ("exit 9", nvcc_version("12.4"), NO_GPU),
        ("echo No devices found.", nvcc_version("12.4"), NO_GPU),
        ("echo GPU access blocked by the operating system; exit 4", nvcc_version("12.4"), NO_GPU),
        (GPU, None, "no nvcc found. Install the CUDA toolkit, 12.0 or newer"),
        (GPU, nvcc_version("11.8"), "nvcc 12.0 or newer is needed"),
        (GPU, nvcc_version("11.8"), "Received: Cuda compilation tools, release 11.8, V11.8.1. "),
        (GPU, "exit 1", "Received: no version. "),
    ],
)
def test_why_no_cuda_kernels(tools, driver, nvcc, reason):
    for name, script in (("nvidia-smi", driver), ("nvcc", nvcc)):
        if script:
            tools(name, script)
    line = build_cuda.build_where_useful()
    assert line.startswith(SKIPPED)
    assert reason in line
    assert line.endswith(COMMAND)


def test_gpu_and_nvcc(tools, tmp_path, monkeypatch):
    tools("nvidia-smi", GPU)
    tools("nvcc", nvcc_version("12.0"))
    monkeypatch.setattr(build_cuda, "build_cuda", lambda folder: folder / "library")
    assert build_cuda.build_where_useful(tmp_path) == f"built {tmp_path / 'library'}"


def call(command, tmp_path, cwd=toolchain.ROOT, **environment):
    compiler = tmp_path / "compiler"
    compiler.write_text(COMPILER)
    compiler.chmod(0o755)
    environment = {**os.environ, "CXX": str(compiler), **environment}
    command = [sys.executable, *command]
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=200, check=False)


@pytest.mark.process
def test_command_builds_the_op_and_says_why_no_cuda_kernels(tools, tmp_path):
    result = call(["-m", "custom_ops.build", "--output", tmp_path / "lib"], tmp_path)
    assert result.returncode == 0, result.stderr
    library = tmp_path / "lib" / toolchain.build_record.LIBRARY
    assert result.stdout.splitlines() == [
        f"built {library}",
        f"{SKIPPED}nvidia-smi -L lists no NVIDIA GPU on this machine. {COMMAND}",
    ]
    assert library.read_text() == "built\n"


@pytest.mark.process
def test_command_fails_where_cuda_kernels_do_not_compile(tools, tmp_path):
    tools("nvidia-smi", GPU)
    tools("nvcc", FAILING_NVCC)
    result = call(["-m", "custom_ops.build", "--output", tmp_path / "lib"], tmp_path)
    assert result.returncode == 1
    assert result.stdout == f"built {tmp_path / 'lib' / toolchain.build_record.LIBRARY}\n"
    assert result.stderr.startswith("error: the CUDA kernels were not built: this command failed:")
    assert "no kernels today" in result.stderr


@pytest.mark.process
def test_where_possible(tools, tmp_path):
    command = ["-m", "custom_ops.build", "--where_possible", "--output", tmp_path / "lib"]
    result = call(command, tmp_path, CXX="")
    assert result.returncode == 0, result.stderr
    (line,) = result.stdout.splitlines()
    assert line.startswith("The compiled op is not built, the composite does its work: no C++ compiler found. Install")
    assert not (tmp_path / "lib").exists()
    tools("nvidia-smi", GPU)
    tools("nvcc", FAILING_NVCC)
    failed = call(command, tmp_path)
    assert failed.returncode == 0
    assert "warning: the CUDA kernels were not built, the composite does their work: this command fail" in failed.stderr
    tools("broken", "exit 1")
    failed = call([*command, "--output", tmp_path / "other"], tmp_path, CXX=str(tmp_path / "bin" / "broken"))
    assert failed.returncode == 0
    assert "warning: the compiled op was not built" in failed.stderr
    shutil.rmtree(tmp_path / "lib")
    (tmp_path / "bin" / "nvcc").unlink()
    first, second = (call(command, tmp_path).stdout for _ in range(2))
    assert first.startswith("Building the compiled op, once, in about a minute ...\nbuilt ")
    assert second == ""  # it is there


@pytest.mark.parametrize(
    ("missing", "expected"), [("find_tensorflow", ["tensorflow>="]), ("find_compiler", []), (None, [])]
)
def test_pip_is_told_to_fetch_what_the_op_needs(monkeypatch, missing, expected):
    def fail():
        raise toolchain.BuildError("not here")

    for name in ("find_compiler", "find_tensorflow"):
        monkeypatch.setattr(pip_backend, name, fail if name == missing else lambda: None)
    needed = pip_backend._tensorflow()
    assert [line[: len("tensorflow>=")] for line in needed] == expected


@pytest.fixture
def checkout(tmp_path):
    """A copy of what pip needs: setup.py writes into its folder."""
    pytest.importorskip("setuptools", minversion="77")
    folder = tmp_path / "checkout"
    ignore = shutil.ignore_patterns("lib", "__pycache__")
    for name in ("a2u_tf", "custom_ops"):
        shutil.copytree(toolchain.ROOT / name, folder / name, ignore=ignore)
    for name in ("setup.py", "pyproject.toml", "README.md", "LICENSE", "MANIFEST.in"):
        shutil.copy(toolchain.ROOT / name, folder)
    return folder


@pytest.mark.process
@pytest.mark.parametrize("nvcc", ["missing", "failing"])
def test_install_does_not_fail_for_want_of_cuda_kernels(tools, tmp_path, checkout, nvcc):
    tools("nvidia-smi", GPU)
    if nvcc == "failing":
        tools("nvcc", FAILING_NVCC)
    result = call(["setup.py", "build_py", "--build-lib", "out"], tmp_path, checkout, A2U_TF_REQUIRE_OP="1")
    assert result.returncode == 0, result.stderr
    assert (checkout / "out" / "a2u_tf" / "lib" / toolchain.build_record.LIBRARY).exists()
    said = f"a2u_tf: {SKIPPED}no nvcc found" if nvcc == "missing" else "no kernels today"
    assert said in result.stderr
