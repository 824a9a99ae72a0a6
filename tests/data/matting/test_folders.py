"""Lists of pictures, and all of their problems in one message."""

import numpy as np
import pytest

from a2u_tf.data.matting import folders
from a2u_tf.data.matting.folders import Problems, check_sizes, list_pictures, read_headers
from a2u_tf.data.matting.picture_files import PictureError
from tests.data.matting.files import png


@pytest.mark.parametrize(
    ("count", "last"), [(1, "problem 0"), (20, "problem 19"), (21, "and 1 more"), (500, "and 480 more")]
)
def test_problems(count, last):
    problems = Problems("somewhere")
    problems.stop_if_any()
    for number in range(count):
        problems.add(f"problem {number}")
    with pytest.raises(PictureError, match=r"^somewhere cannot be used as it is:\n  problem 0") as info:
        problems.stop_if_any()
    lines = str(info.value).split("\n  ")
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
    with pytest.raises(PictureError, match=r"differ: .*0\.png is \(2, 4\), .*1\.png is \(2, 3\)\.$"):
        problems.stop_if_any()


def test_file_that_cannot_be_opened(tmp_path):
    problems = Problems(tmp_path)
    (tmp_path / "folder.png").mkdir()
    (tmp_path / "gone.png").symlink_to(tmp_path / "nowhere.png")
    assert not read_headers(list_pictures(tmp_path, problems), problems)
    with pytest.raises(PictureError, match=r"as it is:\n  .*No such file or directory: .*gone\.png'$"):
        problems.stop_if_any()
