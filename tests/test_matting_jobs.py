"""Which pictures are matted, and what is refused before the first is read."""

import os
from pathlib import Path

import pytest

from a2u_tf.data.matting.folders import Problems
from a2u_tf.matting_jobs import MattingJob, find_jobs


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("images/a.jpg", "images/b.c.png", "images/notes.txt", "trimaps/a.png", "trimaps/b.c.png"):
        Path(name).parent.mkdir(exist_ok=True)
        Path(name).touch()
    return tmp_path


def find(image, trimap, keep=(), **outputs):
    problems = Problems(image)
    return find_jobs(image, trimap, outputs, problems, keep), problems.lines


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
    assert len(problems) == 3
    for line, part in zip(
        problems, ("f.psd is of a format that is not read", "images/d.png has no partner", "e.png has no"), strict=True
    ):
        assert part in line


def test_bad_names(folder):
    Path("file").touch()
    picture = {"image": "images/a.jpg", "trimap": "trimaps/a.png"}
    folders = {"image": "images", "trimap": "trimaps"}
    for arguments, error, message in (
        ({**picture, "image": "no.jpg", "alpha": "x.png"}, FileNotFoundError, "There is no no.jpg"),
        (
            {**picture, "trimap": "trimaps", "alpha": "x.png"},
            ValueError,
            "two files or two folders. Received: images/a",
        ),
        ({**picture, "alpha": "x.jpg"}, ValueError, r"ends in .png. Received: x.jpg"),
        ({**picture, "alpha": "images"}, ValueError, r"ends in .png. Received: images"),
        ({**picture, "alpha": "trimaps/../trimaps/a.png"}, ValueError, "is an input: it would be overwritten"),
        ({**picture, "alpha": "b.png", "keep": [Path("b.png")]}, ValueError, "b.png is an input"),
        ({**picture, "alpha": "x.png", "cutout": "./x.png"}, ValueError, "is named for another output"),
        ({**picture, "alpha": "file/x.png"}, NotADirectoryError, "file is a file"),
        ({**folders, "alpha": "file"}, ValueError, "Expected a folder to write into.*Received: file"),
        ({**folders, "alpha": "images"}, ValueError, r"images/b\.c\.png is an input"),
        ({**folders, "alpha": "new", "cutout": "new"}, ValueError, "is named for another output"),
    ):
        with pytest.raises(error, match=message):
            find(**arguments)
    assert sorted(path.name for path in folder.iterdir()) == ["file", "images", "trimaps"]


def test_link_to_an_input_is_an_input(folder):
    Path("link.png").symlink_to("trimaps/a.png")
    with pytest.raises(ValueError, match=r"link\.png is an input"):
        find("images/a.jpg", "trimaps/a.png", alpha="link.png")


def test_no_right_to_write(folder, monkeypatch):
    monkeypatch.setattr(os, "access", lambda path, mode: "closed" not in str(path))  # whoever runs this may be root
    Path("closed").mkdir()
    for outputs in ({"alpha": "closed/new/x.png"}, {"alpha": "x.png", "cutout": "closed/x.png"}):
        with pytest.raises(PermissionError, match=r"no right to write to .*closed\."):
            find("images/a.jpg", "trimaps/a.png", **outputs)
    assert len(find("images/a.jpg", "trimaps/a.png", alpha="new/x.png")[0]) == 1
