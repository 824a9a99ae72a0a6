"""The command line: what it writes, what it says, and how it ends."""

import contextlib
import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import types
from pathlib import Path

import cv2
import keras
import numpy as np
import pytest

from a2u_program import matte
from a2u_program.matte import main
from a2u_program.stops import raise_if_stopped
from a2u_tf import matting_folder, matting_jobs
from a2u_tf.cutout import COLOURS
from a2u_tf.data.matting.trimap import trimap_from_mask
from a2u_tf.inference import DTYPES, predict_alpha
from a2u_tf.models.pretrained import load_matting
from a2u_tf.version import __version__
from tests.helpers import tiny_matting

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def model():
    keras.utils.set_random_seed(0)
    return tiny_matting()


@pytest.fixture(scope="module")
def model_path(model, tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "model.keras"
    model.save(path)
    return path


@pytest.fixture
def run(model, model_path, tmp_path, monkeypatch, rng):
    """Run the command in a folder with pictures a and b, their trimaps and a mask; its model is traced only once."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(matting_folder, "load_matting", lambda x: model if x == str(model_path) else load_matting(x))
    for name, size in (("a", (20, 33)), ("b", (16, 18))):
        for folder in ("images", "trimaps"):
            (tmp_path / folder).mkdir(exist_ok=True)
        cv2.imwrite(f"images/{name}.png", rng.integers(0, 256, (*size, 3), dtype="uint8"))
        cv2.imwrite(f"trimaps/{name}.png", rng.choice(np.array([0, 128, 255], "uint8"), size))
    mask = np.zeros((20, 33), "uint8")
    mask[:, 12:] = 255
    cv2.imwrite("mask.png", mask)
    return lambda *arguments: main(["--model", str(model_path), *map(str, arguments)])


@pytest.fixture
def pymatting(monkeypatch):
    """A stand-in that answers in half the picture's colours: the real one compiles itself for minutes."""
    fake = types.SimpleNamespace(estimate_foreground_ml=lambda image, alpha: image / 2)
    monkeypatch.setitem(sys.modules, "pymatting", fake)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: name)


def read(path):
    return cv2.imread(str(path), cv2.IMREAD_UNCHANGED)


def expected_alpha(model, name="a", trimap=None):
    trimap = read(f"trimaps/{name}.png") if trimap is None else trimap
    return predict_alpha(model, read(f"images/{name}.png")[..., ::-1], trimap)


def test_one_picture(run, model, model_path, capsys):
    shutil.copy(model_path, "copy.keras")
    assert run("images/a.png", "trimaps/a.png", "-o", "new/alpha.png", "--model", "copy.keras") == 0
    np.testing.assert_allclose(read("new/alpha.png") / 255, expected_alpha(model), atol=0.5 / 255 + 1e-5)
    out, err = capsys.readouterr()
    assert "1/1 images/a.png" in out
    assert "1 of 1 done in" in out
    assert "peak memory" in out
    assert "new/alpha.png" in out
    assert err == ""


def test_small_model_by_default(run, monkeypatch):
    asked = []
    monkeypatch.setattr(matting_folder, "load_matting", lambda path: asked.append(path) or load_matting(path))
    Path("small").write_text("a file of this name changes nothing")
    assert main(["images/a.png", "trimaps/a.png", "-o", "alpha.png"]) == 0
    assert asked == ["small"]
    assert read("alpha.png").shape == (20, 33)


def test_everything_at_once(run, model, pymatting):
    outputs = ("-o", "alpha.png", "--cutout", "cutout.png", "--composite", "composite.png", "--background", "#00f")
    assert run("images/a.png", "trimaps/a.png", *outputs, "--bits", 16) == 0
    alpha, image = expected_alpha(model), read("images/a.png")[..., ::-1] / 255
    colours = np.where(alpha[..., None] == 1, image, image / 2)
    levels = read("alpha.png")
    assert levels.dtype == np.uint16
    np.testing.assert_allclose(levels / 65535, alpha, atol=1e-4)
    np.testing.assert_allclose(read("cutout.png")[..., [2, 1, 0, 3]] / 65535, np.dstack([colours, alpha]), atol=1e-4)
    composite = alpha[..., None] * colours + (1 - alpha[..., None]) * [0, 0, 1]
    np.testing.assert_allclose(read("composite.png")[..., ::-1] / 65535, composite, atol=1e-4)


def test_background_picture(run, pymatting):
    cv2.imwrite("sea.png", np.full((5, 9, 3), (10, 20, 30), "uint8"))
    assert run("images/a.png", "trimaps/a.png", "--composite", "new.png", "--background", "sea.png") == 0
    background = read("trimaps/a.png") == 0
    np.testing.assert_array_equal(read("new.png")[background], np.broadcast_to([10, 20, 30], (background.sum(), 3)))


def test_folders_with_broken_files(run, model, capsys):
    shutil.copy("images/a.png", "images/c.png")
    cv2.imwrite("trimaps/c.png", np.zeros((5, 5), "uint8"))
    shutil.copy("images/a.png", "images/d.png")
    Path("images/e.png").write_bytes(Path("images/a.png").read_bytes()[:200])
    shutil.copy("trimaps/a.png", "trimaps/e.png")
    assert run("images", "trimaps", "-o", "alphas") == 1
    for name in "ab":
        np.testing.assert_allclose(read(f"alphas/{name}.png") / 255, expected_alpha(model, name), atol=0.003)
    out, err = capsys.readouterr()
    assert "2 of 4 done" in out
    assert err.startswith("error: not everything could be done:\n")
    for part in ("images/d.png has no partner", "images/c.png is (20, 33), trimaps/c.png is", "e.png is damaged"):
        assert err.count(part) == 1
    assert len(err.splitlines()) == 4
    assert sorted(os.listdir("alphas")) == ["a.png", "b.png"]


def test_mask(run, model):
    for option in ("--from-mask", "--trimap-from-alpha"):
        assert run("images/a.png", "mask.png", option, 6, "-o", "alpha.png") == 0
        expected = expected_alpha(model, trimap=trimap_from_mask(read("mask.png") / 255, 6))
        np.testing.assert_allclose(read("alpha.png") / 255, expected, atol=0.003)


def test_mask_in_place_of_a_trimap_is_noted(run, capsys):
    assert run("images/a.png", "mask.png", "-o", "alpha.png") == 0
    assert "note: mask.png leaves nothing unknown: is it a mask? Then --from-mask" in capsys.readouterr().err
    np.testing.assert_array_equal(read("alpha.png"), read("mask.png"))


def test_working_size_and_dtype(run, model, capsys):
    assert run("images/a.png", "trimaps/a.png", "-o", "alpha.png", "--max-side", 20, "--dtype", "bfloat16") == 0
    assert "note: --max-side" in capsys.readouterr().err
    image, trimap = read("images/a.png")[..., ::-1], read("trimaps/a.png")
    expected = predict_alpha(model, np.ascontiguousarray(image), trimap, max_side=20)
    assert np.abs(read("alpha.png") / 255 - expected).mean() < 0.01


@pytest.mark.parametrize(
    ("pixels", "arguments", "large"), [(659, (), True), (660, (), False), (9, ("--max-side", 9), False)]
)
def test_large_pictures_get_a_model_for_them(run, monkeypatch, pixels, arguments, large):
    asked = []
    monkeypatch.setattr(matting_folder, "LARGE", pixels)
    monkeypatch.setattr(matting_folder, "for_prediction", lambda model, dtype, large: asked.append(large) or model)
    assert run("images", "trimaps", "-o", "alphas", *arguments) == 0
    assert asked == [True] * large


def test_bad_input_is_one_line(run, capsys, monkeypatch):
    before = {name: Path(name).read_bytes() for name in ("images/a.png", "trimaps/a.png")}
    picture = ("images/a.png", "trimaps/a.png")
    Path("text.keras").touch()
    for arguments, message in (
        (("images/a.png", "no.png", "-o", "x.png"), "There is no no.png"),
        ((*picture, "-o", "images/a.png"), "images/a.png is an input"),
        ((*picture, "--composite", "sea.png", "--background", "sea.png"), "sea.png is no file"),
        (("images/a.png", "trimaps/b.png", "-o", "x.png"), r"Sizes (height, width) differ"),
        (("images/a.png", "images/a.png", "-o", "x.png"), "images/a.png has colours, expected a trimap"),
        (("text.keras", "trimaps/a.png", "-o", "x.png"), "text.keras is empty"),
    ):
        assert run(*arguments) == 1
        err = capsys.readouterr().err
        assert err.startswith("error: ")
        assert message in err
        assert "Traceback" not in err
    for model, message in (("text.keras", "text.keras cannot be read"), ("no.keras", "no.keras cannot be read")):
        assert main([*picture, "-o", "x.png", "--model", model]) == 1
        err = capsys.readouterr().err
        assert message in err
        assert len(err.splitlines()) == 1
    assert {name: Path(name).read_bytes() for name in before} == before
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert run(*picture, "--cutout", "x.png") == 1
    assert "pip install 'a2u_tf[pymatting]'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("a", "b"), "nothing to write: give -o"),
        (("a", "b", "--composite", "x.png"), "give both or neither"),
        (("a", "b", "-o", "x.png", "--background", "white"), "give both or neither"),
        (("a", "b", "-o", "x.png", "--from-mask", "0"), "expected a whole number of pixels, at least 1, received '0'"),
        (("a", "b", "-o", "x.png", "--max-side", "9.5"), "received '9.5'"),
        (("a",), "required: trimap"),
    ],
)
def test_senseless_arguments(capsys, arguments, message):
    with pytest.raises(SystemExit) as error:
        main([*arguments, "--model", "m.keras"])
    assert error.value.code == 2
    assert message in " ".join(capsys.readouterr().err.split())


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signals_leave_whole_files_and_one_line(run, monkeypatch, capsys, number):
    handlers = [signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)]
    write_bytes = Path.write_bytes

    def stopped(path, data):
        write_bytes(path, data[:20])
        if len(os.listdir("alphas")) == 2:
            signal.raise_signal(number)
        write_bytes(path, data)

    monkeypatch.setattr(Path, "write_bytes", stopped)
    assert run("images", "trimaps", "-o", "alphas") == 128 + number
    assert capsys.readouterr().err == "error: stopped; files that were written are whole\n"
    assert os.listdir("alphas") == ["a.png"]
    assert read("alphas/a.png").shape == (20, 33)
    assert [signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)] == handlers


def test_too_little_memory(run, monkeypatch, capsys):
    def refused(*arguments):
        raise MemoryError

    monkeypatch.setattr(matting_folder, "predict_alpha", refused)
    assert run("images", "trimaps", "-o", "alphas") == 1
    assert "images/b.png: the memory is not enough. Try" in capsys.readouterr().err


def test_any_exception_of_one_picture(run, monkeypatch, capsys):
    def fails_at_b(model, image, trimap, max_side):
        if trimap.shape == (16, 18):
            raise RuntimeError("no\nreason")
        return np.zeros(trimap.shape)

    monkeypatch.setattr(matting_folder, "predict_alpha", fails_at_b)
    shutil.copy("images/a.png", "images/c.png")
    shutil.copy("trimaps/a.png", "trimaps/c.png")
    assert run("images", "trimaps", "-o", "alphas") == 1
    assert capsys.readouterr().err == "error: images/b.png: RuntimeError: no reason\n"
    assert sorted(os.listdir("alphas")) == ["a.png", "c.png"]


def test_lost_signals_count(run, monkeypatch, capsys):
    """Numba turns what a handler raises into a SystemError."""

    def converted(*arguments):
        with contextlib.suppress(KeyboardInterrupt):
            signal.raise_signal(signal.SIGTERM)
        raise SystemError("returned a result with an exception set")

    monkeypatch.setattr(matting_folder, "predict_alpha", converted)
    assert run("images", "trimaps", "-o", "alphas") == 143
    assert capsys.readouterr().err == "error: stopped; files that were written are whole\n"
    monkeypatch.undo()
    raise_if_stopped()


@pytest.mark.parametrize(
    "reason", ["ImportError('numba needs\\nanother NumPy')", "RuntimeError('no locator')", "SystemExit(3)"]
)
def test_mattes_are_written_without_pymatting(run, monkeypatch, capsys, reason):
    Path("stub/pymatting").mkdir(parents=True)
    Path("stub/pymatting/__init__.py").write_text(f"raise {reason}\n")
    monkeypatch.syspath_prepend("stub")
    monkeypatch.delitem(sys.modules, "pymatting", raising=False)
    assert run("images", "trimaps", "-o", "alphas", "--cutout", "cutouts") == 1
    assert sorted(os.listdir("alphas")) == ["a.png", "b.png"]
    lines = capsys.readouterr().err.splitlines()
    assert lines[0].startswith("pymatting is imported; when it is new, it compiles itself")
    assert lines[1].startswith("error: Only mattes were written, no cutout: pymatting cannot be imported: ")
    assert reason.partition("(")[0] in lines[1]
    assert len(lines) == 2
    assert run("images", "trimaps", "--cutout", "cutouts") == 1
    assert not Path("cutouts").exists()


def test_again_over_its_own_outputs(run, capsys):
    outputs = ("-o", "alphas", "--bits", 16)
    assert run("images", "trimaps", *outputs) == 0
    assert "replaced" not in capsys.readouterr().out
    assert run("images", "trimaps", *outputs) == 0
    out = capsys.readouterr().out
    assert "1/2 images/a.png, replaced alphas/a.png\n" in out
    assert "(2 files replaced)" in out
    shutil.copy("images/a.png", "images/c.png")
    shutil.copy("trimaps/a.png", "trimaps/c.png")
    Path("alphas/b.png").write_bytes(b"")
    before = Path("alphas/a.png").stat()
    assert run("images", "trimaps", *outputs, "--skip-existing") == 0
    out = capsys.readouterr().out
    assert out.startswith("1/2 images/b.png, replaced alphas/b.png\n2/2 images/c.png\n2 of 3 done in ")
    assert "(1 files replaced, 1 pictures skipped, as they were done before)" in out
    assert Path("alphas/a.png").stat() == before


def test_nothing_is_loaded_where_all_is_done(run, model, pymatting, monkeypatch, capsys):
    monkeypatch.setattr(matting_folder, "load_matting", None)
    Path("alpha.png").write_text("of an earlier run")
    assert run("images/a.png", "trimaps/a.png", "-o", "alpha.png", "--skip-existing") == 0
    assert "0 of 1 done" in capsys.readouterr().out
    monkeypatch.setattr(matting_folder, "load_matting", lambda path: model)
    assert run("images/a.png", "trimaps/a.png", "-o", "alpha.png", "--cutout", "new.png", "--skip-existing") == 0
    assert "1/1 images/a.png, replaced alpha.png\n1 of 1 done" in capsys.readouterr().out


def test_two_names_of_one_file(run, monkeypatch, capsys):
    """As where a disk takes A.png and a.png for one: the second is not written over the first."""
    for folder in ("images", "trimaps"):
        shutil.copy(f"{folder}/a.png", f"{folder}/A.png")
    Path("alphas").mkdir()
    Path("alphas/a.png").symlink_to("A.png")
    monkeypatch.setattr(matting_jobs.os.path, "realpath", str)
    assert run("images", "trimaps", "-o", "alphas") == 1
    assert "alphas/a.png and alphas/A.png are one file there" in capsys.readouterr().err
    assert sorted(os.listdir("alphas")) == ["A.png", "a.png", "b.png"]


def test_progress_is_not_the_product(run, monkeypatch):
    """Nobody reads, and a name is none of the encoding's."""
    for folder in ("images", "trimaps"):
        shutil.copy(f"{folder}/a.png", f"{folder}/{os.fsdecode(bytes([0xE9]))}.png")
    reader, writer = os.pipe()
    os.close(reader)
    with open(writer, "w", encoding="cp1252") as stream:
        for stdout in (stream, None):
            monkeypatch.setattr(sys, "stdout", stdout)
            assert run("images", "trimaps", "-o", "alphas") == 0
            assert len(os.listdir("alphas")) == 3
            shutil.rmtree("alphas")


def test_names_that_begin_with_a_dash(run):
    for folder in ("images", "trimaps"):
        shutil.copy(f"{folder}/a.png", f"-{folder}.png")
    assert run("-o", "new/-.png", "--", "-images.png", "-trimaps.png") == 0
    assert os.listdir("new") == ["-.png"]


def test_help(capsys):
    with pytest.raises(SystemExit) as error:
        main(["--help"])
    assert error.value.code == 0
    out = capsys.readouterr().out
    assert "a2u-matte photo.jpg trimap.png -o alpha.png" in out


def test_choices_are_those_of_the_package():
    assert matte.DTYPES == DTYPES
    assert tuple(COLOURS) == matte.COLOURS


ANSWERED_WITHOUT_KERAS = """
import runpy, sys
for arguments in (["--version"], ["--help"], ["--mistyped"], ["a", "b"], ["a", "b", "-o", "c", "--dtype", "d"]):
    sys.argv = ["a2u-matte", *arguments]
    try:
        runpy.run_module("a2u_program.matte", run_name="__main__")
    except SystemExit as end:
        print("ended with", end.code)
print("imported", {"a2u_tf", "cv2", "keras", "numpy", "tensorflow"} & set(sys.modules))
"""


@pytest.mark.process
def test_arguments_are_read_before_anything_is_imported():
    command = [sys.executable, "-c", ANSWERED_WITHOUT_KERAS]
    process = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=True)
    lines = process.stdout.splitlines()
    assert lines[0] == f"a2u_tf {__version__}"
    assert [line for line in lines if line.startswith("ended with")] == [
        f"ended with {code}" for code in (0, 0, 2, 2, 2)
    ]
    assert lines[-1] == "imported set()"
