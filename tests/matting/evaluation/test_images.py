"""Test images and predictions: what belongs together, and what is missing, superfluous or of another size."""

import numpy as np
import pytest

from a2u_tf.files import write_png
from a2u_tf.matting.evaluation.images import find_predictions, images_in_folders, images_of_layout
from a2u_tf.matting.pictures import PictureError


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
    images = images_in_folders(*folders)
    assert [(x.name, x.alpha, x.trimap, x.image) for x in images] == [
        (name, alphas / f"{name}.png", trimaps / f"{name}.png", pictures / f"{name}.png") for name in ("a", "b")
    ]
    assert images_in_folders(str(alphas), str(trimaps))[1].image is None


@pytest.mark.parametrize("index", [0, 2])
def test_exception_of_partners_all_at_once(folders, index):
    (folders[index] / "a.png").rename(folders[index] / "c.png")
    write(folders[1] / "d.png")
    with pytest.raises(PictureError) as info:
        images_in_folders(*folders)
    for name in ("a", "d"):
        assert f"{folders[index] / name} is missing" in str(info.value)
    assert f"{folders[index] / 'c.png'} belongs to no trimap" in str(info.value)


def test_exception_of_sizes(folders):
    write(folders[0] / "b.png", (6, 9))
    with pytest.raises(PictureError, match=r"trimaps/b\.png is \(6, 8\), .*alphas/b\.png is \(6, 9\)"):
        images_in_folders(*folders)


def test_exception_of_missing_folder(folders, tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere"):
        images_in_folders(tmp_path / "nowhere", folders[1])


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


def test_layout_of_composition_1k(tmp_path):
    for path in ("merged/x_0", "merged/x_1", "trimaps/x_0", "trimaps/x_1", "alpha/x"):
        write(tmp_path / "Test_set" / f"{path}.png")
    images = images_of_layout("composition_1k", tmp_path)
    assert [image.name for image in images] == ["x_0", "x_1"]
    assert {image.alpha for image in images} == {tmp_path / "Test_set" / "alpha" / "x.png"}


def test_layout_of_distinctions_646(tmp_path):
    for path in ("merged/x_0", "trimaps/x_0", "GT/x"):
        write(tmp_path / "Test" / f"{path}.png")
    assert [image.name for image in images_of_layout("distinctions_646", tmp_path)] == ["x_0"]


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
    with pytest.raises(FileNotFoundError, match="nowhere"):
        find_predictions(images, tmp_path / "nowhere")
    (tmp_path / "empty").mkdir()
    with pytest.raises(PictureError, match="empty holds no pictures"):
        find_predictions(images, tmp_path / "empty")
