"""Finished work in a folder and in a Parquet data set."""

import pytest

pytest.importorskip("a2u_tf.matting.batch", exc_type=ImportError)

import pyarrow.parquet as pq

from a2u_tf.matting.batch.places import ParquetParts, PngFolder, open_output

SETTINGS = {"model": "0", "bits": 8}
MATTES = {"a": b"1", "b": b"2", "c": b"3"}


def names(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("prefix", ["", "file://"])
def test_folder(prefix, tmp_path):
    output = open_output(f"{prefix}{tmp_path}/new/alphas/")
    assert isinstance(output, PngFolder)
    folder = tmp_path / "new/alphas"
    output.prepare(SETTINGS)
    assert output.finished() == set()
    assert output.write({"a": b"1", "cats/b": b"2"}) == ""
    (folder / "empty.png").write_bytes(b"")
    assert output.finished() == {"a", "cats/b"}
    assert output.write({"a": b"other", "empty": b"3"}) == ""
    assert [(folder / f"{name}.png").read_bytes() for name in ("a", "cats/b", "empty")] == [b"1", b"2", b"3"]
    output.close()
    assert names(folder) == ["_settings.json", "a.png", "cats/b.png", "empty.png"]


def test_parts_are_seen_when_they_are_committed(tmp_path):
    output = open_output(tmp_path / "alphas.parquet")
    assert isinstance(output, ParquetParts)
    output.prepare(SETTINGS)
    assert output.write({}) == ""
    first, second = (output.write({name: MATTES[name] for name in names}) for names in ("ab", "c"))
    assert output.finished() == set()
    output.commit(first)
    output.write_failures([])
    assert output.finished() == {"a", "b"}
    output.commit(second)
    output.close()
    table = pq.read_table(tmp_path / "alphas.parquet")  # as users read it: files that begin with _ are left out
    assert dict(zip(*(table[name].to_pylist() for name in ("name", "alpha")), strict=True)) == MATTES


def test_what_a_killed_job_left_is_deleted(tmp_path):
    output = ParquetParts(tmp_path / "alphas.parquet")
    output.prepare(SETTINGS)
    output.write({"a": b"1"})
    output.write_failures([{"name": "\udce9", "image": "\u732b", "trimap": "", "error": 'has "no", partner'}])
    text = (tmp_path / "alphas.parquet/_failures.csv").read_text(encoding="utf-8")
    assert text == 'name,image,trimap,error\n\\udce9,\u732b,,"has ""no"", partner"\n'
    output.prepare(SETTINGS)
    assert names(tmp_path / "alphas.parquet") == ["_settings.json"]


def test_outputs_that_are_refused(tmp_path):
    PngFolder(tmp_path).prepare(SETTINGS)
    for other in ({"model": "1", "bits": 8}, {"model": "0", "bits": 16}):
        with pytest.raises(ValueError, match=r"made otherwise.*Choose a new output"):
            PngFolder(tmp_path).prepare(other)
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(NotADirectoryError, match="file, a file"):
        PngFolder(tmp_path / "file").prepare(SETTINGS)


@pytest.mark.parametrize("name", ["_temporary/file", "_failures.csv"])
def test_files_of_no_job_are_not_deleted(tmp_path, name):
    path = tmp_path / "alphas" / name
    path.parent.mkdir(parents=True)
    path.write_text("precious")
    with pytest.raises(ValueError, match=r"is of no job.*Move it away, or choose a new output"):
        PngFolder(tmp_path / "alphas").prepare(SETTINGS)
    assert names(tmp_path / "alphas") == [name]
