"""Files of test sets and predictions: what belongs together, what is missing or misfits; errors; submissions."""

import cv2
import numpy as np
import pytest

from a2u_tf.files import write_png
from a2u_tf.matting.evaluation import (
    find_predictions,
    images_in_folders,
    images_of_layout,
    write_submission,
)
from a2u_tf.matting.evaluation.files import read_levels
from a2u_tf.matting.pictures import EvaluationImage, PictureError


def write(path, size=(6, 8)):
    write_png(path, np.full(size, 128, np.uint8))


@pytest.fixture
def folders(tmp_path):
    """Folders of alphas, trimaps and images of the names a and b."""
    for folder in ("alphas", "trimaps", "images"):
        for name in ("b", "a"):
            write(tmp_path / folder / f"{name}.png")
    return [tmp_path / folder for folder in ("alphas", "trimaps", "images")]


def test_images_in_folders(folders):
    alphas, trimaps, pictures = folders
    assert [(x.name, x.alpha, x.trimap, x.image) for x in images_in_folders(*folders)] == [
        (name, alphas / f"{name}.png", trimaps / f"{name}.png", pictures / f"{name}.png") for name in ("a", "b")
    ]
    assert images_in_folders(str(alphas), str(trimaps))[1].image is None


@pytest.mark.parametrize("index", [0, 2])
def test_exception_of_partners_all_at_once(folders, index):
    (folders[index] / "a.png").rename(folders[index] / "c.png")
    write(folders[0] / "b.png", (6, 9))
    write(folders[1] / "d.png")
    with pytest.raises(PictureError) as info:
        images_in_folders(*folders)
    for name in ("a", "d"):
        assert f"{folders[index] / name} is missing" in str(info.value)
    assert f"{folders[index] / 'c.png'} belongs to no trimap" in str(info.value)
    assert f"{folders[1] / 'b.png'} is (6, 8), {folders[0] / 'b.png'} is (6, 9)" in str(info.value)


@pytest.fixture
def alphamatting(tmp_path):
    """The layout of alphamatting.com with two images and two of the three trimaps."""
    root = tmp_path / "data"
    for folder in ("input_lowres", "gt_lowres", "trimap_lowres/Trimap1", "trimap_lowres/Trimap2"):
        for name in ("doll", "net"):
            write(root / folder / f"{name}.png")
    return root


NAMES = ["Trimap1/doll", "Trimap1/net", "Trimap2/doll", "Trimap2/net"]


def test_layout_of_alphamatting(alphamatting):
    images = images_of_layout("alphamatting", alphamatting, "lowres")
    assert [image.name for image in images] == NAMES
    for image in images:
        assert image.trimap == alphamatting / "trimap_lowres" / f"{image.name}.png"
        assert image.alpha == alphamatting / "gt_lowres" / f"{image.name.split('/')[1]}.png"


@pytest.mark.parametrize(
    ("layout", "alpha"), [("composition_1k", "Test_set/alpha/x.png"), ("distinctions_646", "Test/GT/x.png")]
)
def test_other_layouts(tmp_path, layout, alpha):
    write(tmp_path / alpha)
    for path in ("merged/x_0", "merged/x_1", "trimaps/x_0", "trimaps/x_1"):
        write(tmp_path / alpha.split("/")[0] / f"{path}.png")
    images = images_of_layout(layout, tmp_path)
    assert [(image.name, image.alpha) for image in images] == [(name, tmp_path / alpha) for name in ("x_0", "x_1")]


def test_exception_of_layout(tmp_path):
    with pytest.raises(ValueError, match=r"one of \('composition_1k', .*Received: 'adobe'"):
        images_of_layout("adobe", tmp_path)
    with pytest.raises(ValueError, match=r"split.*alphamatting.*Received: .*'lowres'"):
        images_of_layout("composition_1k", tmp_path, "lowres")


def test_predictions_in_folders(alphamatting, tmp_path):
    images = images_of_layout("alphamatting", alphamatting, "lowres")
    for name in NAMES:
        write(tmp_path / "ours" / f"{name}.png")
    (tmp_path / "ours" / "readme.txt").write_text("not a picture")
    assert find_predictions(images, tmp_path / "ours") == {name: tmp_path / "ours" / f"{name}.png" for name in NAMES}


def test_exception_of_predictions_all_at_once(alphamatting, tmp_path):
    images = images_of_layout("alphamatting", alphamatting, "lowres")
    for name in ("Trimap1/doll", "Trimap1/cat", "Trimap2/net", "Trimap2/doll"):
        write(tmp_path / "ours" / f"{name}.png")
    write(tmp_path / "ours" / "Trimap2/net.png", (8, 6))
    path = tmp_path / "ours" / "Trimap2/doll.png"
    path.write_bytes(path.read_bytes()[:-6])
    with pytest.raises(PictureError, match=rf"^{tmp_path / 'ours'} ") as info:
        find_predictions(images, tmp_path / "ours")
    message = str(info.value)
    assert "ours/Trimap1/net is missing" in message
    assert "ours/Trimap1/cat.png belongs to no trimap" in message
    assert "ours/Trimap2/net.png is (8, 6)" in message
    assert f"{path} is damaged or cut short" in message
    assert len(message.splitlines()) == 5


def test_exception_of_missing_prediction_folder(folders, tmp_path):
    images = images_in_folders(*folders)
    for find in (find_predictions, lambda _, nowhere: images_in_folders(nowhere, folders[1])):
        with pytest.raises(FileNotFoundError, match="nowhere"):
            find(images, tmp_path / "nowhere")
    (tmp_path / "empty").mkdir()
    with pytest.raises(PictureError, match="empty holds no pictures"):
        find_predictions(images, tmp_path / "empty")


def test_levels_of_8_bits_are_kept_and_those_of_16_rounded(tmp_path):
    values = np.arange(65536).reshape(256, 256)
    for dtype, expected in ((np.uint8, values % 256), (np.uint16, (values + 128) // 257)):
        write_png(tmp_path / "x.png", values.astype(dtype))
        np.testing.assert_array_equal(read_levels(tmp_path / "x.png"), expected)


SUBMITTED = [f"Trimap{trimap}/{name}" for trimap in (1, 2, 3) for name in ("doll", "net")]
IMAGES = [EvaluationImage(name, None, None, None) for name in SUBMITTED]


def test_submission(tmp_path, rng):
    levels = {name: rng.integers(0, 256, (5, 6), dtype=np.uint8) for name in SUBMITTED}
    predictions = {name: tmp_path / "ours" / f"{name}.png" for name in SUBMITTED}
    for name, path in predictions.items():
        write_png(path, levels[name])
    write_png(predictions["Trimap2/net"], levels["Trimap2/net"].astype(np.uint16) * 257)
    write_png(predictions["Trimap3/doll"], np.stack([levels["Trimap3/doll"]] * 3, axis=-1))
    write_submission(IMAGES, predictions, tmp_path / "out")
    written = sorted(path.relative_to(tmp_path / "out").as_posix() for path in (tmp_path / "out").rglob("*.*"))
    assert written == [f"{name}.png" for name in SUBMITTED]
    for name in SUBMITTED:
        picture = cv2.imread(str(tmp_path / "out" / f"{name}.png"), cv2.IMREAD_UNCHANGED)
        assert picture.dtype == np.uint8
        np.testing.assert_array_equal(picture, levels[name])


@pytest.mark.parametrize("images", [IMAGES[:4], [EvaluationImage("doll", None, None, None)]])
def test_exception_of_trimaps(tmp_path, images):
    with pytest.raises(FileNotFoundError, match=r"needs images with Trimap1, Trimap2, Trimap3\. Received: "):
        write_submission(images, {}, tmp_path / "out")
    assert not list(tmp_path.iterdir())


def test_predictions_are_not_replaced(tmp_path):
    predictions = {name: tmp_path / "ours" / f"{name}.png" for name in SUBMITTED}
    for path in predictions.values():
        write_png(path, np.zeros((2, 2), np.uint16))
    (tmp_path / "link").symlink_to("ours")
    with pytest.raises(ValueError, match=r"doll\.png is an input"):
        write_submission(IMAGES, predictions, tmp_path / "link")
    assert cv2.imread(str(predictions["Trimap1/doll"]), cv2.IMREAD_UNCHANGED).dtype == np.uint16
