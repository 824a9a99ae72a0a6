"""Which pictures are matted, and what they are called."""

import os

import pytest

pytest.importorskip("a2u_tf.matting.batch", exc_type=ImportError)

import pyarrow as pa
import pyarrow.parquet as pq

from a2u_tf.matting.batch.places import as_local_file, join, locate
from a2u_tf.matting.batch.plan import check_outputs, pictures_in_folders, pictures_in_table


def touch(folder, *names):
    folder.mkdir()
    for name in names:
        (folder / name).write_bytes(b"x")
    return str(folder)


def test_folders(tmp_path):
    images = touch(tmp_path / "i", "b.JPG", "a.png", "only.png", ".hidden.png", "notes.txt", "old.psd")
    trimaps = touch(tmp_path / "t", "a.png", "b.png", "alone.png")
    pictures, failures = pictures_in_folders(images, trimaps)
    assert pictures.to_pylist() == [
        {"name": "a", "image": f"{images}/a.png", "trimap": f"{trimaps}/a.png"},
        {"name": "b", "image": f"{images}/b.JPG", "trimap": f"{trimaps}/b.png"},
    ]
    assert [(row["name"], row["image"], row["trimap"]) for row in failures] == [
        ("old", f"{images}/old.psd", ""),
        ("alone", "", f"{trimaps}/alone.png"),
        ("only", f"{images}/only.png", ""),
    ]
    assert "of a format that is not read" in failures[0]["error"]
    assert "no partner" in failures[1]["error"]
    with pytest.raises(ValueError, match=r"a\.png is an input"):
        check_outputs(pictures, trimaps)
    check_outputs(pictures, str(tmp_path))
    with pytest.raises(FileNotFoundError, match=r"no folder .*missing"):
        pictures_in_folders(str(tmp_path / "missing"), trimaps)
    empty = touch(tmp_path / "empty")
    with pytest.raises(ValueError, match="holds no pictures"):
        pictures_in_folders(empty, empty)


def test_names_of_folders_that_no_matte_can_have_stop_no_other(tmp_path):
    latin = os.fsdecode(b"\xe9")
    names = ["a.jpg", "a.png", "b.png", "e\u0301.PNG", f"{latin}.png", "_c.png", "\u732b" * 83 + ".png"]
    images = touch(tmp_path / "i", *names)
    trimaps = touch(tmp_path / "t", "a.png", "b.jpg", "\xe9.png", f"{latin}.png", "_c.png", "\u732b" * 83 + ".png")
    (tmp_path / "i" / "folder.png").mkdir()
    for prefix in ("", "file://"):
        pictures, failures = pictures_in_folders(prefix + images, prefix + trimaps)
        assert pictures["name"].to_pylist() == ["b", "\xe9", "\u732b" * 83]
        assert [row["name"] for row in failures] == ["_c", "a", latin]
        for row, part in zip(failures, ("begins a part", "a.jpg and", "is no plain file name"), strict=True):
            assert part in row["error"]


def test_output_in_the_folder_of_an_input_by_another_name(tmp_path):
    images, trimaps = touch(tmp_path / "i", "a.jpg"), touch(tmp_path / "t", "A.PNG", "a.jpg")
    (tmp_path / "link").symlink_to("t")
    pictures, _ = pictures_in_folders(images, trimaps)
    check_outputs(pictures, str(tmp_path / "link"))
    with pytest.raises(ValueError, match="link is an input: the next job"):
        check_outputs(pictures, str(tmp_path / "link"), (images, f"file://{trimaps}/"))
    (tmp_path / "t" / "a.jpg").rename(tmp_path / "t" / "a.png")
    pictures, _ = pictures_in_folders(images, trimaps)
    for output in (str(tmp_path / "link"), f"file://{tmp_path}/t"):
        with pytest.raises(ValueError, match=r"a\.png is an input"):
            check_outputs(pictures, output)


def test_table(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    table = {"image": ["x/1.jpg", "s3://bucket/2.png"], "trimap": ["/t/1.png", "s3://bucket/t/2.png"], "more": [1, 2]}
    pq.write_table(pa.table(table), "list.parquet")
    assert pictures_in_table("list.parquet").to_pylist() == [
        {"name": "1", "image": f"{tmp_path}/x/1.jpg", "trimap": "/t/1.png"},
        {"name": "2", "image": "s3://bucket/2.png", "trimap": "s3://bucket/t/2.png"},
    ]
    pq.write_table(pa.table({**table, "name": ["cats/1", "cats/2"]}), "list.parquet")
    assert pictures_in_table(f"file://{tmp_path}/list.parquet")["name"].to_pylist() == ["cats/1", "cats/2"]


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["a", "a"], "'a' is the name of 2 pictures"),
        (["a", "../b"], "'../b' is no plain file name"),
        (["a", "/b"], "'/b' is no plain file name"),
        (["a", "b//c"], "is no plain file name"),
        (["a", "b\\c"], "is no plain file name"),
        (["a", "b\n"], "is no plain file name"),
        (["a", "./b"], "begins a part with"),
        (["a", "_temporary/b"], "begins a part with"),
        (["a", "ü" * 126], "is longer than 251 bytes"),
        (["a", None], "has no name in row 1"),
        (["a", ""], "has no name in row 1"),
    ],
)
def test_names_stay_in_the_output_and_are_given_once(names, message, tmp_path):
    path = str(tmp_path / "list.parquet")
    pq.write_table(pa.table({"name": names, "image": ["1.png", "2.png"], "trimap": ["1.png", "2.png"]}), path)
    with pytest.raises(ValueError, match=message):
        pictures_in_table(path)


def test_exceptions_of_tables(tmp_path):
    path = tmp_path / "list.parquet"
    with pytest.raises(FileNotFoundError, match="There is no"):
        pictures_in_table(str(path))
    for table, message in (
        ({"image": ["a"], "mask": ["b"]}, "no column trimap, only image, mask"),
        ({"image": ["a"], "trimap": [None]}, "has no trimap in row 0"),
        ({"image": ["x.png", "y/x.png"] * 30, "trimap": ["x.png"] * 60}, "'x' is the name of 60 pictures"),
        ({"image": [f".{n}" for n in range(25)], "trimap": ["x.png"] * 25}, r"'\.19' begins .*\n  and 5 more"),
    ):
        pq.write_table(pa.table(table), path)
        with pytest.raises(ValueError, match=message):
            pictures_in_table(str(path))
    path.write_bytes(b"image,trimap\n")
    with pytest.raises(ValueError, match="is no Parquet table"):
        pictures_in_table(str(path))


@pytest.mark.parametrize("name", ["plain.png", "50% off #1?.png", "ü b.png"])
def test_uris_and_paths_reach_the_same_file(name, tmp_path):
    (tmp_path / name).write_bytes(b"content")
    for folder in (str(tmp_path), f"file://{tmp_path}"):
        files, path = locate(join(folder, name))
        assert path == str(tmp_path / name)
        assert files.get_file_info(path).size == 7


def test_copies_of_remote_files_are_named_by_their_uri(monkeypatch):
    from pyarrow import fs

    files = fs._MockFileSystem()
    files.create_dir("folder")
    with files.open_output_stream("folder/a.png") as stream:
        stream.write(b"content")
    monkeypatch.setattr("a2u_tf.matting.batch.places.locate", lambda uri: (files, uri.removeprefix("mock://")))
    with as_local_file("mock://folder/a.png") as path, open(path, "rb") as file:
        assert file.read() == b"content"
    with pytest.raises(ValueError, match=r"^mock://folder/a.png is bad$"), as_local_file("mock://folder/a.png") as path:
        raise ValueError(f"{path} is bad")
    with pytest.raises(FileNotFoundError), as_local_file("mock://folder/b.png"):
        pass
