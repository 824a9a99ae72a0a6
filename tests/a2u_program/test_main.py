"""What all commands have in common: help, errors, exit codes, and that Keras is imported late."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from a2u_program import evaluate, export, info, matte
from a2u_program.main import COMMANDS, a2u_matte, main
from a2u_tf.export.files import WEIGHTS
from a2u_tf.matting.cutout import COLOURS
from a2u_tf.matting.evaluation import LAYOUTS
from a2u_tf.matting.prediction import DTYPES
from a2u_tf.version import __version__

ROOT = Path(__file__).parents[2]
IMAGE = ["--image", "y"]
EXPORT = ["export", "--model", "x", "-o", "y"]


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ValueError("bad\x1b"), "bad\\x1b"),
        (FileNotFoundError("no file"), "no file"),
        (ModuleNotFoundError("pip install 'x'"), "pip install 'x'"),
        (RuntimeError("two:\n  lines"), "two:\n  lines"),
    ],
)
def test_errors_of_the_input_are_told(monkeypatch, capsys, error, said):
    monkeypatch.setattr(info, "run", lambda args: (_ for _ in ()).throw(error))
    assert main(["info"]) == 1
    assert capsys.readouterr().err == f"error: {said}\n"


def test_errors_of_the_program_are_tracebacks(monkeypatch):
    monkeypatch.setattr(info, "run", lambda args: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        main(["info"])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "required: COMMAND"),
        (["paint"], "invalid choice: 'paint'"),
        (["info", "stray"], "unrecognized arguments: stray"),
        (["cost", "carafe", "--table-1"], "--table-1 takes no names of methods. Received: carafe"),
        (["cost", "--channels", "0"], "expected a whole number, 1 to 999999999, received '0'"),
        (["import-weights", "x.pth", "-o", "x.h5"], "--output must end in .weights.h5. Received: x.h5"),
        ([*EXPORT, "--format", "onnx", "--size", "1", "2"], "are for --format litert"),
        ([*EXPORT, "--weights", "int8"], "--size and --weights are for --format litert"),
        ([*EXPORT, "--format", "onnx", "--version", "2"], "is for --format saved_model"),
        ([*EXPORT, "--format", "litert", "--size", "5"], "--size: expected 2 arguments"),
        *(
            (["batch", "-o", "x", *given], "Expected two folders, --image and --trimap, or a table, --list")
            for given in ([], IMAGE, [*IMAGE, "--list", "z"], [*IMAGE, "--trimap", "y", "--list", "z"])
        ),
        (["batch", "-o", "x", "--list", "z", "--gpus", "nan"], "--gpus must be 0 or more. Received: nan"),
        (["batch", "-o", "x", "--list", "z", "--object-store-mb", "99"], "must be 100 or more. Received: 99"),
    ],
)
def test_senseless_arguments(capsys, arguments, message):
    with pytest.raises(SystemExit) as end:
        main(arguments)
    assert end.value.code == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert message in err


@pytest.mark.parametrize("name", COMMANDS)
def test_help_tells_examples_of_its_own_and_exit_codes(capsys, name):
    with pytest.raises(SystemExit) as end:
        main([name, "--help"])
    assert end.value.code == 0
    out = capsys.readouterr().out
    assert COMMANDS[name].DESCRIPTION in out
    assert f"examples:\n  a2u {name}" in out
    assert "Exit code: 0 when all is done" in out


def test_the_old_name_is_one_command(capsys):
    with pytest.raises(SystemExit):
        a2u_matte(["--help"])
    assert "\n  a2u-matte photo.jpg trimap.png -o alpha.png\n" in capsys.readouterr().out


def test_choices_are_those_of_the_package():
    assert matte.DTYPES == DTYPES
    assert tuple(COLOURS) == matte.COLOURS
    assert evaluate.LAYOUTS == LAYOUTS
    assert export.WEIGHTS == WEIGHTS


ANSWERED_WITHOUT_KERAS = """
import sys
from a2u_program.main import a2u_matte, main
for program, line in (
    (main, "--version"), (a2u_matte, "--version"), (main, "--help"), (main, "evaluate --help"), (main, "matte a b"),
    (main, "evaluate --predictions x=y"), (main, "batch -o x"), (a2u_matte, "a b"), (a2u_matte, "a b -o c --dtype d"),
):
    try:
        program(line.split())
    except SystemExit as end:
        print("ended with", end.code)
print("imported", {"a2u_tf", "cv2", "keras", "numpy", "tensorflow"} & set(sys.modules))
"""


@pytest.mark.process
def test_arguments_are_read_before_anything_is_imported():
    command = [sys.executable, "-c", ANSWERED_WITHOUT_KERAS]
    process = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=True)
    lines = process.stdout.splitlines()
    assert lines[:4] == [f"a2u_tf {__version__}", "ended with 0"] * 2
    ends = [line for line in lines[4:] if line.startswith("ended with")]
    assert ends == [f"ended with {code}" for code in (0, 0, 2, 2, 2, 2, 2)]
    assert lines[-1] == "imported set()"


@pytest.mark.process
def test_as_a_module():
    """TensorFlow's notes on itself do not appear."""
    environment = {name: value for name, value in os.environ.items() if name != "TF_CPP_MIN_LOG_LEVEL"}
    command = [sys.executable, "-m", "a2u_program", "export", "--model", "no.keras", "-o", "x"]
    process = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300)
    assert process.returncode == 1
    assert process.stderr.startswith("error: no.keras cannot be read as a Keras model")
    assert len(process.stderr.splitlines()) == 1
