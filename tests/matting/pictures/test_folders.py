"""Folders of pictures: problems collected into one message, and sizes that must agree."""

import numpy as np
import pytest

from a2u_tf.matting.pictures import PictureError, folders
from a2u_tf.matting.pictures.folders import Problems, check_sizes, check_trimap_size
from tests.matting.pictures.files import png


@pytest.mark.parametrize(
    ("count", "last"), [(1, "problem 0"), (20, "problem 19"), (21, "and 1 more"), (500, "and 480 more")]
)
def test_problems(count, last):
    problems = Problems("somewhere")
    problems.stop_if_any()
    for number in range(count):
        problems.add(f"problem {number}")
    with pytest.raises(PictureError) as info:
        problems.stop_if_any()
    lines = str(info.value).split("\n  ")
    assert lines[:2] == ["somewhere cannot be used as it is:", "problem 0"]
    assert len(lines) == 1 + min(count, 21)
    assert lines[-1] == last


def test_each_file_is_read_once(tmp_path, monkeypatch):
    paths = [tmp_path / f"{n}.png" for n in range(5)]
    for n, path in enumerate(paths):
        path.write_bytes(png(np.zeros((2, 3 if n else 4)), 0))
    reads = []
    read_header = folders.read_header
    monkeypatch.setattr(folders, "read_header", lambda path: reads.append(path) or read_header(path))
    problems = Problems(tmp_path)
    check_sizes([[path, paths[1]] for path in paths], problems)
    assert sorted(reads) == paths
    assert problems.lines == [f"Sizes (height, width) differ: {paths[0]} is (2, 4), {paths[1]} is (2, 3)."]


def test_file_that_cannot_be_opened(tmp_path):
    problems = Problems(tmp_path)
    (tmp_path / "folder.png").mkdir()
    (tmp_path / "gone.png").symlink_to(tmp_path / "nowhere.png")
    assert not folders.read_headers(folders.list_pictures(tmp_path, problems), problems)
    assert problems.lines == [f"[Errno 2] No such file or directory: '{tmp_path / 'gone.png'}'"]


def test_names_are_escaped_and_told_once():
    problems = Problems("x")
    problems.add_error(ValueError("a  \x1b\nb.png has\n  no reason"), "a  \x1b\nb.png")
    problems.add_error(ValueError("no reason"), "a\nb.png")
    problems.add("a\nb.png")
    assert problems.lines == ["a  \\x1b\\nb.png has no reason", "a\\nb.png: no reason", "a\\nb.png"]


@pytest.mark.parametrize(("size", "way_out"), [((4, 6), "turned by its EXIF"), ((5, 6), "Resize the trimap")])
def test_sizes_of_a_trimap(size, way_out):
    check_trimap_size("a.jpg", size, "a.png", size)
    with pytest.raises(PictureError, match=rf"differ: a.jpg is \({size[0]}, 6\), a.png is \(6, 4\)\. .*{way_out}"):
        check_trimap_size("a.jpg", size, "a.png", (6, 4))
