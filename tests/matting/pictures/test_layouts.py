"""Data sets in folders: what is found in their layouts, and all problems in one message."""

import re

import numpy as np
import pytest

from a2u_tf.matting.pictures import EvaluationImage, PictureError, TrainingForeground, layouts
from a2u_tf.matting.pictures.folders import ENDINGS
from tests.matting.pictures.files import jpeg, png


@pytest.fixture
def place(tmp_path):
    """Put pictures into the data set: grey, of 4 x 6 pixels."""

    def put(*names, size=(4, 6)):
        for name in names:
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            pixels = np.zeros(size, np.uint8)
            path.write_bytes(jpeg(pixels) if path.suffix.lower() in (".jpg", ".jpeg") else png(pixels, 0))
        return tmp_path

    return put


def problems_of(read, *args):
    """The message without the names of folders above the data set."""
    with pytest.raises(PictureError) as info:
        read(*args)
    first, *lines = str(info.value).split("\n  ")
    assert first == f"{args[0]} cannot be used as it is:"
    return [line.replace(f"{args[0]}/", "") for line in lines]


@pytest.mark.parametrize(
    ("read", "colours", "alpha"),
    [
        (layouts.composition_1k_training, "Training_set/fg", "Training_set/alpha"),
        (layouts.distinctions_646_training, "Train/FG", "Train/GT"),
    ],
)
def test_training(place, read, colours, alpha):
    folder = place(f"{colours}/b_1.JPG", f"{colours}/a.png", f"{colours}/.hidden.png")
    (folder / colours / "Thumbs.db").write_bytes(b"no picture")
    with pytest.raises(FileNotFoundError, match=f"must hold the folders .*Missing: {folder / alpha}. Is it the"):
        read(folder)
    with pytest.raises(FileNotFoundError, match=f"Missing: .*nowhere/{colours}, .*nowhere/{alpha}"):
        read(folder / "nowhere")
    place(f"{alpha}/b_1.png", f"{alpha}/a.jpeg")
    expected = [
        TrainingForeground("a", folder / colours / "a.png", folder / alpha / "a.jpeg"),
        TrainingForeground("b_1", folder / colours / "b_1.JPG", folder / alpha / "b_1.png"),
    ]
    assert read(folder) == read(str(folder)) == expected


def test_all_problems_of_a_training_set_at_once(place):
    folder = place(*(f"Train/FG/{name}.png" for name in "abdef"), *(f"Train/GT/{name}.png" for name in "acdefg"))
    place("Train/GT/e.png", size=(6, 4))
    place("Train/FG/a.jpg")
    (folder / "Train/GT/f.png").write_bytes(b"GIF89a--")
    (folder / "Train/FG/d.png").write_bytes(png(np.zeros((4, 6)), 0)[:-5])
    (folder / "Train/FG/h.psd").write_bytes(b"")
    problems = problems_of(layouts.distinctions_646_training, folder)
    expected = [
        "Train/FG/h.psd is of a format that is not read",
        "Train/FG/a.jpg and Train/FG/a.png have the same name",
        "Train/GT/b is missing, as .png, .jpg or so",
        "Train/FG/c is missing",
        "Train/FG/g is missing",
        "Train/FG/d.png is damaged or cut short",
        "Train/GT/f.png is damaged or no picture of the formats PNG, JPEG",
        r"Sizes \(height, width\) differ: Train/FG/e.png is \(4, 6\), Train/GT/e.png is \(6, 4\)",
    ]
    for line, start in zip(problems, expected, strict=True):
        assert re.match(start, line)


def test_empty_folders(place):
    folder = place("Train/FG/a.png", "Train/GT/b.txt")
    expected = [f"Train/GT holds no pictures ending in {', '.join(ENDINGS)}."]
    assert problems_of(layouts.distinctions_646_training, folder) == expected


@pytest.mark.parametrize(
    ("read", "image", "trimap", "alpha"),
    [
        (layouts.composition_1k_test, "Test_set/merged", "Test_set/trimaps", "Test_set/alpha"),
        (layouts.distinctions_646_test, "Test/merged", "Test/trimaps", "Test/GT"),
    ],
)
def test_composed(place, read, image, trimap, alpha):
    """A name that itself ends in a number keeps it."""
    owners = {"boy_0": "boy", "boy_12": "boy", "boy_12_0": "boy_12"}
    folder = place(*(f"{kind}/{name}.png" for name in owners for kind in (image, trimap)))
    place(f"{alpha}/boy.png", f"{alpha}/boy_12.png")
    assert read(folder) == [
        EvaluationImage(
            name, folder / image / f"{name}.png", folder / trimap / f"{name}.png", folder / alpha / f"{owner}.png"
        )
        for name, owner in owners.items()
    ]


def test_problems_of_composed(place):
    folder = place(*(f"Test/{kind}/{name}.png" for name in ("a_0", "b_0", "c_0") for kind in ("merged", "trimaps")))
    place("Test/merged/a_1.png", "Test/trimaps/a_2.png", "Test/GT/c.png", "Test/GT/d.png")
    place("Test/trimaps/c_0.png", "Test/GT/b.png", size=(3, 3))
    assert problems_of(layouts.distinctions_646_test, folder) == [
        "Test/trimaps/a_1 is missing, as .png, .jpg or so.",
        "Test/merged/a_2 is missing, as .png, .jpg or so.",
        "Sizes (height, width) differ: Test/merged/c_0.png is (4, 6), Test/trimaps/c_0.png is (3, 3).",
        "Test/GT/a is missing, as .png, .jpg or so: the matte of Test/merged/a_0.png.",
        "Test/GT/a is missing, as .png, .jpg or so: the matte of Test/merged/a_1.png.",
        "Test/merged/d_0 is missing, as .png, .jpg or so: no image belongs to Test/GT/d.png.",
        "Sizes (height, width) differ: Test/merged/b_0.png is (4, 6), Test/GT/b.png is (3, 3).",
    ]


@pytest.mark.parametrize("with_alpha", [True, False])
@pytest.mark.parametrize(
    ("split", "image", "trimap", "alpha"),
    [
        ("training_lowres", "input_training_lowres", "trimap_training_lowres/Trimap2", "gt_training_lowres"),
        (None, "input", "trimap2", "gt"),
    ],
)
def test_alphamatting(place, split, image, trimap, alpha, with_alpha):
    folder = place(f"{image}/GT02.png", f"{trimap}/GT02.png", f"{image}/GT01.png", f"{trimap}/GT01.png")
    if with_alpha:
        place(f"{alpha}/GT01.png", f"{alpha}/GT02.png")
    assert layouts.alphamatting(folder, 2, split) == [
        EvaluationImage(
            name,
            folder / image / f"{name}.png",
            folder / trimap / f"{name}.png",
            folder / alpha / f"{name}.png" if with_alpha else None,
        )
        for name in ("GT01", "GT02")
    ]
    with pytest.raises(FileNotFoundError, match=r"Missing: .*[Tt]rimap3\. Is it the right folder"):
        layouts.alphamatting(folder, 3, split)


def test_alphamatting_problems(place):
    folder = place("input/a.png", "input/b.png", "trimap1/a.png", "gt/b.png")
    place("gt/a.png", size=(9, 9))
    assert problems_of(layouts.alphamatting, folder, 1) == [
        "trimap1/b is missing, as .png, .jpg or so.",
        "Sizes (height, width) differ: input/a.png is (4, 6), trimap1/a.png is (4, 6), gt/a.png is (9, 9).",
    ]


def test_rgba_foregrounds(place):
    folder = place("grey.png", "photo.jpg")
    for name in ("b", "a"):
        (folder / f"{name}.png").write_bytes(png(np.zeros((3, 3, 4)), 6))
    assert problems_of(layouts.rgba_foregrounds, folder) == [
        "grey.png has no alpha channel. Give it one, or move the picture away.",
        "photo.jpg has no alpha channel. Give it one, or move the picture away.",
    ]
    for name in ("grey.png", "photo.jpg"):
        (folder / name).unlink()
    expected = [TrainingForeground(name, folder / f"{name}.png", None) for name in ("a", "b")]
    assert layouts.rgba_foregrounds(folder) == expected


def test_background_pictures(place):
    folder = place("b.png", "b.jpg", "below/c.png")
    assert layouts.background_pictures(folder) == [folder / "b.jpg", folder / "b.png"]
    (folder / "c.jpg").write_bytes(b"")
    (folder / "d.psd").write_bytes(b"")
    assert problems_of(layouts.background_pictures, folder) == [
        "d.psd is of a format that is not read. Export it as PNG or JPEG, or move it away.",
        "c.jpg is empty. Copy or export the picture again.",
    ]
    with pytest.raises(FileNotFoundError, match="nowhere"):
        layouts.background_pictures(folder / "nowhere")
