"""The command line: what it writes, what it says, and how it ends."""

import os
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from a2u_program.main import a2u_matte
from a2u_tf.matting.cutout import decide_alpha, estimate_foreground
from a2u_tf.matting.pictures import (
    as_8_bits,
    read_picture,
    trimap_from_box,
    trimap_from_mask,
    trimap_from_strokes,
    write_rgb,
)
from a2u_tf.matting.pictures.decoding import converted
from a2u_tf.matting.prediction import predict_alpha
from a2u_tf.matting.weights.loading import load_matting
from tests.matting.pictures.test_colour_profiles import WIDE, profile

PAIR = ("images/a.png", "trimaps/a.png")
TO_ALPHA = (*PAIR, "-o", "alpha.png")


def read(path):
    return cv2.imread(str(path), cv2.IMREAD_UNCHANGED)


def check_alpha(model, path, image="images/a.png", trimap="trimaps/a.png", **settings):
    """The file at a path is the matte of a picture, a name or an array, to the nearest level."""
    image = read(image)[..., ::-1] if isinstance(image, str) else image
    trimap = read(trimap) if isinstance(trimap, str) else trimap
    expected = predict_alpha(model, np.ascontiguousarray(image), trimap, **settings)
    np.testing.assert_allclose(read(path) / 255, expected, atol=0.5 / 255 + 1e-5)


def test_one_picture(run, model, model_path, capsys):
    shutil.copy(model_path, "copy.keras")
    assert run(*PAIR, "-o", "new/alpha.png", "--model", "copy.keras") == 0
    check_alpha(model, "new/alpha.png")
    out, err = capsys.readouterr()
    for part in ("1/1 images/a.png", "1 of 1 done in", "peak memory", "new/alpha.png"):
        assert part in out
    assert err == ""


@pytest.mark.network
def test_small_model_by_default(run, monkeypatch):
    asked = []
    monkeypatch.setattr("a2u_tf.matting.folder.load_matting", lambda path: asked.append(path) or load_matting(path))
    Path("small").write_text("a file of this name changes nothing")
    assert a2u_matte(TO_ALPHA) == 0
    assert asked == ["small"]
    assert read("alpha.png").shape == (20, 33)


def test_everything_at_once(run, model):
    outputs = ("--cutout", "cutout.png", "--composite", "composite.png", "--background", "#00f")
    assert run(*TO_ALPHA, *outputs, "--bits", 16) == 0
    image = read("images/a.png")[..., ::-1]
    alpha = predict_alpha(model, image, read("trimaps/a.png"))
    opacity = decide_alpha(image / 255, alpha)
    colours = estimate_foreground(image / 255, opacity)
    composite = opacity[..., None] * colours + (1 - opacity[..., None]) * [0, 0, 1]
    assert read("alpha.png").dtype == np.uint16
    np.testing.assert_allclose(read("alpha.png") / 65535, alpha, atol=1e-4)
    np.testing.assert_allclose(read("cutout.png")[..., [2, 1, 0, 3]] / 65535, np.dstack([colours, opacity]), atol=1e-4)
    np.testing.assert_allclose(read("composite.png")[..., ::-1] / 65535, composite, atol=1e-4)


def test_photographs_keep_their_bits_and_profiles(run, rng):
    wide = profile(b"RGB ", WIDE)
    levels = rng.integers(0, 2**16, (20, 33, 3), "uint16")
    write_rgb("deep.png", levels / 65535, 16, profile=wide)
    Image.fromarray(np.uint8(levels // 257)).save("wide.jfif", "JPEG", icc_profile=wide)
    Image.fromarray(np.full((20, 33, 3), (200, 40, 60), "uint8")).save("sea.webp", lossless=True)
    outputs = ("--cutout", "cutout.png", "--composite", "composite.png", "--background", "sea.webp")
    trimap = read("trimaps/a.png")
    for name, dtype in (("deep.png", np.uint16), ("wide.jfif", np.uint8)):
        assert run(name, "trimaps/a.png", *outputs) == 0
        photograph, cutout, composite = (read_picture(x, True) for x in (name, "cutout.png", "composite.png"))
        assert photograph.profile == cutout.profile == composite.profile == wide
        assert cutout.rgb.dtype == composite.rgb.dtype == dtype
        np.testing.assert_array_equal(cutout.rgb[trimap == 255], photograph.rgb[trimap == 255])
        behind = as_8_bits(composite.rgb)[trimap == 0]
        shown = converted(behind[None], wide, None)[0]  # the background's colours, in the photograph's numbers
        np.testing.assert_allclose(shown.astype(int), np.broadcast_to([200, 40, 60], shown.shape), atol=2)
        assert np.abs(behind.astype(int) - [200, 40, 60]).max() > 5


def test_transparent_photographs(run, model):
    image = read("images/a.png")
    cv2.imwrite("half.png", np.dstack([image, np.full((20, 33), 51, "uint8")]))
    for options, seen in (((), 0.8 * 255 + 0.2 * image), (("--ignore-alpha",), image)):
        assert run("half.png", *TO_ALPHA[1:], *options) == 0
        check_alpha(model, "alpha.png", np.rint(seen[..., ::-1]).astype("uint8"))


def test_folders_with_broken_files(run, model, capsys):
    for name in ("c", "d"):
        shutil.copy("images/a.png", f"images/{name}.png")
    cv2.imwrite("trimaps/c.png", np.zeros((5, 5), "uint8"))
    Path("images/e.png").write_bytes(Path("images/a.png").read_bytes()[:200])
    shutil.copy("trimaps/a.png", "trimaps/e.png")
    assert run("images", "trimaps", "-o", "alphas") == 1
    for name in ("a.png", "b.png"):
        check_alpha(model, f"alphas/{name}", f"images/{name}", f"trimaps/{name}")
    out, err = capsys.readouterr()
    assert "2 of 4 done" in out
    assert err.startswith("error: not everything could be done:\n")
    for part in ("images/d.png has no partner", "images/c.png is (20, 33), trimaps/c.png is", "e.png is damaged"):
        assert err.count(part) == 1
    assert len(err.splitlines()) == 4
    assert sorted(os.listdir("alphas")) == ["a.png", "b.png"]


def test_mask(run, model, capsys):
    for option in ("--from-mask", "--trimap-from-alpha"):
        assert run("images/a.png", "mask.png", option, 6, "-o", "alpha.png") == 0
        check_alpha(model, "alpha.png", trimap=trimap_from_mask(read("mask.png") / 255, 6))
    assert run("images/a.png", "mask.png", "-o", "alpha.png") == 0
    assert "note: mask.png has no unknown region. Is it a mask? Then --from-mask" in capsys.readouterr().err
    np.testing.assert_array_equal(read("alpha.png"), read("mask.png"))


def test_box_and_strokes(run, model, capsys):
    image = np.full((40, 60, 3), (30, 60, 180), np.uint8)
    image[12:28, 20:40] = (200, 40, 30)
    image += np.indices((40, 60)).sum(0, dtype=np.uint8)[..., None] % 7
    strokes = np.full((40, 60), 128, np.uint8)
    strokes[16:24, 24:36], strokes[:4] = 255, 0
    write_rgb("thing.png", image / np.float32(255))
    cv2.imwrite("strokes.png", strokes)
    box = trimap_from_box(image, (16, 8, 28, 24), 4)
    assert run("thing.png", "--box", "16,8,28,24", "--from-mask", 4, "-o", "alpha.png") == 0
    check_alpha(model, "alpha.png", image, box)
    assert run("thing.png", "--strokes", "strokes.png", "-o", "alpha.png") == 0
    check_alpha(model, "alpha.png", image, trimap_from_strokes(image, strokes))
    for name in ("things", "strokes"):
        Path(name).mkdir()
    shutil.copy("thing.png", "things/a.png")
    shutil.copy("strokes.png", "strokes/a.png")
    assert run("things", "--strokes", "strokes", "-o", "alphas") == 0
    assert read("alphas/a.png").shape == (40, 60)
    assert capsys.readouterr().err == ""


def test_closed_form(run, monkeypatch, capsys):
    monkeypatch.setattr("a2u_tf.matting.folder.import_pymatting", lambda: None)
    monkeypatch.setattr("a2u_tf.matting.folder.closed_form_alpha", lambda image, trimap, side: trimap / np.float32(255))
    monkeypatch.setattr("a2u_tf.matting.folder.load_matting", None)  # no model is read
    assert a2u_matte([*TO_ALPHA, "--method", "closed-form"]) == 0
    np.testing.assert_array_equal(read("alpha.png"), read("trimaps/a.png"))

    def missing():
        raise ModuleNotFoundError("pip install 'a2u_tf[pymatting]'")

    monkeypatch.setattr("a2u_tf.matting.folder.import_pymatting", missing)
    assert a2u_matte([*PAIR, "-o", "none.png", "--method", "closed-form"]) == 1
    assert capsys.readouterr().err == "error: pip install 'a2u_tf[pymatting]'\n"
    assert not Path("none.png").exists()


def test_working_size_and_dtype(run, model, capsys):
    assert run(*TO_ALPHA, "--max-side", 20, "--dtype", "bfloat16") == 0
    assert "note: --max-side" in capsys.readouterr().err
    image = np.ascontiguousarray(read("images/a.png")[..., ::-1])
    expected = predict_alpha(model, image, read("trimaps/a.png"), max_side=20)
    assert np.abs(read("alpha.png") / 255 - expected).mean() < 0.01


@pytest.mark.parametrize(
    ("pixels", "arguments", "large"), [(659, (), True), (660, (), False), (9, ("--max-side", 9), False)]
)
def test_large_pictures_get_a_model_for_them(run, monkeypatch, pixels, arguments, large):
    asked = []
    monkeypatch.setattr("a2u_tf.matting.folder.LARGE", pixels)
    monkeypatch.setattr("a2u_tf.matting.folder.for_prediction", lambda model, _, large: asked.append(large) or model)
    assert run("images", "trimaps", "-o", "alphas", *arguments) == 0
    assert asked == [True] * large


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("images/a.png", "no.png", "-o", "x.png"), "There is no no.png"),
        ((*PAIR, "-o", "images/a.png"), "images/a.png is an input"),
        ((*PAIR, "--composite", "sea.png", "--background", "sea.png"), "sea.png is no file"),
        (("images/a.png", "trimaps/b.png", "-o", "x.png"), r"Sizes (height, width) differ"),
        (("images/a.png", "images/a.png", "-o", "x.png"), "images/a.png has colours, expected a trimap"),
        (("text.keras", "trimaps/a.png", "-o", "x.png"), "text.keras is empty"),
        (("images", "--box", "1,1,9,9", "-o", "x"), "--box is for one picture. Received the folder images"),
        (("images/a.png", "--box", "33,0,9,9", "-o", "x.png"), "lies outside of the picture, which is 33 x 20 pixels"),
        (("images/a.png", "--strokes", "no.png", "-o", "x.png"), "There is no no.png"),
        ((*PAIR, "-o", "x.png", "--model", "text.keras"), "text.keras cannot be read"),
        ((*PAIR, "-o", "x.png", "--model", "no.keras"), "no.keras cannot be read"),
    ],
)
def test_bad_input_is_one_line(run, capsys, arguments, message):
    Path("text.keras").touch()
    before = {name: Path(name).read_bytes() for name in PAIR}
    assert run(*arguments) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("error: ")
    assert message in line
    assert {name: Path(name).read_bytes() for name in before} == before


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("a", "b"), "nothing to write: give -o"),
        (("a", "b", "--composite", "x.png"), "give both or neither"),
        (("a", "b", "-o", "x.png", "--background", "white"), "give both or neither"),
        (("a", "b", "-o", "x.png", "--from-mask", "0"), "expected a whole number, 1 to 999999999, received '0'"),
        (("a", "b", "-o", "x.png", "--max-side", "9.5"), "received '9.5'"),
        (("a", "b", "-o", "x.png", "--from-mask", "9" * 20), "1 to 999999999, received '99"),
        (("a", "-o", "x.png"), "what is foreground? Give one of: a trimap after the photograph, --box, --strokes"),
        (("a", "b", "-o", "x.png", "--box", "1,2,3,4"), "what is foreground? Give one of"),
        (("a", "-o", "x.png", "--box", "1,2,3"), "expected X,Y,WIDTH,HEIGHT in pixels, received '1,2,3'"),
        (("a", "-o", "x.png", "--box", "1,2,3,0"), "received '1,2,3,0'"),
        (("a", "b", "-o", "x.png", "--method", "closed-form"), "has no model: leave out --model and --dtype"),
    ],
)
def test_senseless_arguments(capsys, arguments, message):
    with pytest.raises(SystemExit) as error:
        a2u_matte([*arguments, "--model", "m.keras"])
    assert error.value.code == 2
    assert message in " ".join(capsys.readouterr().err.split())
