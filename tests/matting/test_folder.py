"""Which pictures are matted, and what is refused before the first is read."""

import contextlib
import os
from pathlib import Path

import pytest

from a2u_tf.matting.folder import MattingJob, find_jobs
from a2u_tf.matting.pictures.folders import Problems


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("images/a.jpg", "images/b.c.png", "images/notes.txt", "trimaps/a.png", "trimaps/b.c.png"):
        Path(name).parent.mkdir(exist_ok=True)
        Path(name).touch()
    return tmp_path


def find(image, trimap, keep=(), **outputs):
    problems = Problems(image)
    places = {kind: Path(output) for kind, output in outputs.items()}
    return find_jobs(image, trimap, places, problems, keep), problems.lines


def test_files(folder):
    jobs, problems = find("images/a.jpg", "trimaps/b.c.png", alpha="new/x.PNG", cutout="y.png")
    outputs = {"alpha": Path("new/x.PNG"), "cutout": Path("y.png")}
    assert jobs == [MattingJob(Path("images/a.jpg"), Path("trimaps/b.c.png"), outputs)]
    assert problems == []
    assert not Path("new").exists()


def test_folders(folder):
    Path("images/d.png").touch()
    Path("trimaps/e.png").touch()
    Path("trimaps/f.psd").touch()
    jobs, problems = find("images", "trimaps", alpha="alphas")
    assert [(str(job.image), str(job.trimap), str(job.outputs["alpha"])) for job in jobs] == [
        ("images/a.jpg", "trimaps/a.png", "alphas/a.png"),
        ("images/b.c.png", "trimaps/b.c.png", "alphas/b.c.png"),
    ]
    for line, part in zip(problems, ("f.psd is of a", "images/d.png has no partner", "e.png has no"), strict=True):
        assert part in line


FILES = {"image": "images/a.jpg", "trimap": "trimaps/a.png"}
FOLDERS = {"image": "images", "trimap": "trimaps"}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({**FILES, "image": "no.jpg", "alpha": "x.png"}, "There is no no.jpg"),
        ({**FILES, "trimap": "trimaps", "alpha": "x.png"}, "two files or two folders. Received: images/a"),
        ({**FILES, "alpha": "x.jpg"}, r"ends in .png. Received: x.jpg"),
        ({**FILES, "alpha": "images"}, r"an output file, .* Received: images"),
        ({**FILES, "alpha": "trimaps/../trimaps/a.png"}, "is an input: it would be overwritten"),
        ({**FILES, "alpha": "b.png", "keep": [Path("b.png")]}, "b.png is an input"),
        ({**FILES, "alpha": "x.png", "cutout": "./x.png"}, "is named for another output"),
        ({**FILES, "alpha": "file/x.png"}, "file is a file"),
        ({**FOLDERS, "alpha": "file"}, "Expected an output folder, .*Received: file"),
        ({**FOLDERS, "alpha": "images"}, r"images is an input: the next run"),
        ({**FOLDERS, "alpha": "new", "cutout": "images/../trimaps"}, r"trimaps is an input: the next run"),
        ({**FOLDERS, "alpha": "new", "cutout": "new"}, "is named for another output"),
    ],
)
def test_bad_names(folder, arguments, message):
    Path("file").touch()
    with pytest.raises((ValueError, OSError), match=message):
        find(**arguments)
    assert sorted(path.name for path in folder.iterdir()) == ["file", "images", "trimaps"]


@pytest.mark.parametrize("link", [Path.symlink_to, Path.hardlink_to])
def test_link_to_an_input_is_an_input(folder, link):
    link(Path("link.png"), Path("trimaps/a.png"))
    with pytest.raises(ValueError, match=r"link\.png is an input"):
        find("images/a.jpg", "trimaps/a.png", alpha="link.png")


@pytest.mark.parametrize(
    "name", ["images/a.png", "images/a.PNG", "trimaps/only.png", "images/old.gif", "images/x.png/b"]
)
def test_no_file_of_an_input_folder_is_replaced(folder, name):
    """Not those that became no job either, by whatever name they are reached."""
    Path(name).parent.mkdir(exist_ok=True)
    Path(name).write_text("precious")
    Path("alphas").mkdir()
    for output in ("images", "trimaps", "alphas"):
        for path in ("a.png", "b.c.png"):
            Path("alphas", path).unlink(missing_ok=True)
            Path("alphas", path).symlink_to(Path("..", name))
        with contextlib.suppress(ValueError):
            jobs, _ = find("images", "trimaps", alpha=output)
            assert not any(path.exists() for job in jobs for path in job.outputs.values())
        assert Path(name).read_text() == "precious"


def test_pictures_of_one_name_are_all_left_out(folder):
    composed, apart = "\u00e9", "e\u0301"
    for name in ("images/b.c.JPEG", f"images/{composed}.png", f"images/{apart}.jpg", f"trimaps/{apart}.png"):
        Path(name).touch()
    jobs, problems = find("images", "trimaps", alpha="alphas")
    assert [job.image.name for job in jobs] == ["a.jpg"]
    assert len(problems) == 2
    assert "images/b.c.JPEG and images/b.c.png have the same name" in problems[0]
    assert f"images/{apart}.jpg and images/{composed}.png have the same name" in problems[1]


def test_names_that_people_have(folder):
    composed, apart, latin = "\u00e9", "e\u0301", os.fsdecode(b"\xe9")
    names = ["-x", composed, latin, "\u732b" * 83, "n" * 251]
    for name in names:
        Path("images", f"{name}.JPG").touch()
        Path("trimaps", f"{name.replace(composed, apart)}.PNG").touch()
    for hidden in (".hidden.png", "._a.jpg", ".old.tif", "Thumbs.db"):
        Path("images", hidden).touch()
    Path("images/folder.png").mkdir()
    Path("trimaps/a.jpg").mkdir()
    jobs, problems = find("images", "trimaps", alpha="alphas")
    assert problems == []
    assert {job.outputs["alpha"].name for job in jobs} == {f"{name}.png" for name in [*names, "a", "b.c"]}


def test_no_right_to_write(folder, monkeypatch):
    monkeypatch.setattr(os, "access", lambda path, mode: "closed" not in str(path))  # whoever runs this may be root
    Path("closed").mkdir()
    for outputs in ({"alpha": "closed/new/x.png"}, {"alpha": "x.png", "cutout": "closed/x.png"}):
        with pytest.raises(PermissionError, match=r"no right to write to .*closed\."):
            find("images/a.jpg", "trimaps/a.png", **outputs)
    assert len(find("images/a.jpg", "trimaps/a.png", alpha="new/x.png")[0]) == 1


@pytest.mark.parametrize("inputs", ["images", "trimaps"])
def test_outputs_do_not_become_inputs(folder, inputs):
    """Also where no name is taken, as among JPEG files."""
    Path("images/b.c.png").rename("images/b.c.jpg")
    Path("link").symlink_to(inputs)
    for output in (inputs, "link", f"./{inputs}/", folder / inputs):
        with pytest.raises(ValueError, match=r"is an input: the next run would take mattes"):
            find("images", "trimaps", alpha=output)
    assert len(find("images", "trimaps", alpha=f"{inputs}/new")[0]) == 2


def test_folders_where_files_are_to_be(folder):
    Path("x.png").mkdir()
    with pytest.raises(ValueError, match=r"an output file, .* Received: x.png"):
        find("images/a.jpg", "trimaps/a.png", alpha="x.png")
    Path("alphas/a.png").mkdir(parents=True)
    jobs, problems = find("images", "trimaps", alpha="alphas", cutout="cutouts")
    assert [job.image.name for job in jobs] == ["b.c.png"]
    assert problems == ["alphas/a.png is a folder where images/a.jpg's file would be. Move it, or name another output."]


def test_problems_of_one_folder_for_both_are_told_once(folder):
    for name in ("images/b.c.JPEG", "images/x.psd"):
        Path(name).touch()
    _, problems = find("images", "./images/../images", alpha="alphas")
    assert len(problems) == 2
