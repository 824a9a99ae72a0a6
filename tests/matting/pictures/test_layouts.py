"""Data sets in their folders: what is found, and every problem told by name."""

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
class TestTraining:
    def test_pairs(self, place, read, colours, alpha):
        folder = place(f"{colours}/b_1.JPG", f"{alpha}/b_1.png", f"{colours}/a.png", f"{alpha}/a.jpeg")
        place(f"{colours}/.hidden.png")
        (folder / colours / "Thumbs.db").write_bytes(b"no picture")
        assert (
            read(folder)
            == read(str(folder))
            == [
                TrainingForeground("a", folder / colours / "a.png", folder / alpha / "a.jpeg"),
                TrainingForeground("b_1", folder / colours / "b_1.JPG", folder / alpha / "b_1.png"),
            ]
        )

    def test_missing_folders(self, place, read, colours, alpha):
        folder = place(f"{colours}/a.png")
        with pytest.raises(FileNotFoundError, match=f"must hold the folders .*Missing: {folder / alpha}. Is it the"):
            read(folder)
        with pytest.raises(FileNotFoundError, match=f"Missing: .*nowhere/{colours}, .*nowhere/{alpha}"):
            read(folder / "nowhere")

    def test_all_problems_at_once(self, place, read, colours, alpha):
        folder = place(*(f"{colours}/{name}.png" for name in "abdef"), *(f"{alpha}/{name}.png" for name in "acdefg"))
        place(f"{alpha}/e.png", size=(6, 4))
        place(f"{colours}/a.jpg")
        (folder / alpha / "f.png").write_bytes(b"GIF89a--")
        (folder / colours / "d.png").write_bytes(png(np.zeros((4, 6)), 0)[:-5])
        (folder / colours / "h.psd").write_bytes(b"")
        problems = problems_of(read, folder)
        expected = [
            f"{colours}/h.psd is of a format that is not read",
            f"{colours}/a.jpg and {colours}/a.png have the same name",
            f"{alpha}/b is missing, as .png, .jpg or so",
            f"{colours}/c is missing",
            f"{colours}/g is missing",
            f"{colours}/d.png is damaged or cut short",
            f"{alpha}/f.png is damaged or no picture of the formats PNG, JPEG",
            rf"Sizes \(height, width\) differ: {colours}/e.png is \(4, 6\), {alpha}/e.png is \(6, 4\)",
        ]
        assert len(problems) == len(expected)
        for line, start in zip(problems, expected, strict=True):
            assert re.match(start, line)

    def test_many_problems(self, place, read, colours, alpha):
        folder = place(*(f"{colours}/{n:03}.png" for n in range(50)), f"{alpha}/007.png")
        problems = problems_of(read, folder)
        assert len(problems) == 21
        assert problems[0].startswith(f"{alpha}/000 is missing")
        assert problems[-1] == "and 29 more"

    def test_empty_folders(self, place, read, colours, alpha):
        folder = place(f"{colours}/a.png", f"{alpha}/b.txt")
        assert problems_of(read, folder) == [f"{alpha} holds no pictures ending in {', '.join(ENDINGS)}."]


@pytest.mark.parametrize(
    ("read", "image", "trimap", "alpha"),
    [
        (layouts.composition_1k_test, "Test_set/merged", "Test_set/trimaps", "Test_set/alpha"),
        (layouts.distinctions_646_test, "Test/merged", "Test/trimaps", "Test/GT"),
    ],
)
class TestComposed:
    def test_groups(self, place, read, image, trimap, alpha):
        """A name that itself ends in a number keeps it."""
        names = "boy_0", "boy_12", "boy_12_0"
        folder = place(*(f"{kind}/{name}.png" for name in names for kind in (image, trimap)))
        place(f"{alpha}/boy.png", f"{alpha}/boy_12.png")
        assert read(folder) == [
            EvaluationImage(
                name, folder / image / f"{name}.png", folder / trimap / f"{name}.png", folder / alpha / f"{owner}.png"
            )
            for name, owner in zip(names, ("boy", "boy", "boy_12"), strict=True)
        ]

    def test_problems(self, place, read, image, trimap, alpha):
        folder = place(*(f"{kind}/{name}.png" for name in ("a_0", "b_0", "c_0") for kind in (image, trimap)))
        place(f"{image}/a_1.png", f"{trimap}/a_2.png", f"{alpha}/c.png", f"{alpha}/d.png", f"{alpha}/b.png")
        place(f"{trimap}/c_0.png", f"{alpha}/b.png", size=(3, 3))
        assert problems_of(read, folder) == [
            f"{trimap}/a_1 is missing, as .png, .jpg or so.",
            f"{image}/a_2 is missing, as .png, .jpg or so.",
            f"Sizes (height, width) differ: {image}/c_0.png is (4, 6), {trimap}/c_0.png is (3, 3).",
            f"{alpha}/a is missing, as .png, .jpg or so: the matte of {image}/a_0.png.",
            f"{alpha}/a is missing, as .png, .jpg or so: the matte of {image}/a_1.png.",
            f"{image}/d_0 is missing, as .png, .jpg or so: no image belongs to {alpha}/d.png.",
            f"Sizes (height, width) differ: {image}/b_0.png is (4, 6), {alpha}/b.png is (3, 3).",
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
    (folder / "grey.png").unlink()
    (folder / "photo.jpg").unlink()
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


def test_real_data(data_dir):
    folder = data_dir / "matting_alphamatting_lowres"
    if not folder.is_dir():
        pytest.skip(f"{folder} is not there")
    training = layouts.alphamatting(folder / "train_with_gt", trimap=1)
    assert [image.name for image in training] == [f"GT{number:02}" for number in range(1, 16)]
    assert all(image.alpha for image in training)
    assert len(layouts.alphamatting(folder / "test_no_gt", trimap=3)) == 8
