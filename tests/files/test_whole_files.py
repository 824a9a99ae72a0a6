"""Files that are either whole or not there."""

import errno

import pytest

from a2u_tf.files import check_not_inputs, printable, replaced, write_text


def names(folder):
    return [path.name for path in folder.iterdir()]


@pytest.mark.parametrize("as_text", [False, True])
def test_feature_makes_folders_and_replaces_at_the_end(tmp_path, as_text):
    path = tmp_path / "new" / "folder" / "file.json"
    for before, text in ((None, "old"), ("old", "new")):
        with replaced(str(path) if as_text else path) as temporary:
            assert temporary.parent == path.parent
            assert temporary.suffix == ".json"
            temporary.write_text(text)
            assert (path.read_text() if path.exists() else None) == before
        assert path.read_text() == text
        assert names(path.parent) == ["file.json"]


@pytest.mark.parametrize("old", [None, "old"])
@pytest.mark.parametrize("written", [False, True])
def test_exception_leaves_what_was(tmp_path, old, written):
    path = tmp_path / "file.txt"
    if old:
        path.write_text(old)

    def fail():
        with replaced(path) as temporary:
            if written:
                temporary.write_text("half of")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    with pytest.raises(FileNotFoundError), replaced(path):
        pass  # and writes nothing
    assert [(place.name, place.read_text()) for place in tmp_path.iterdir()] == ([("file.txt", old)] if old else [])


@pytest.mark.parametrize("name", ["\u732b" * 83 + ".keras", "n" * 243 + ".weights.h5", "x." + "y" * 250, "a"])
def test_names_as_long_as_the_file_system_takes(tmp_path, name):
    path = tmp_path / name
    with replaced(path) as temporary:
        assert temporary.name.endswith(name[-11:])
        assert len(temporary.name) <= 30
        temporary.touch()
    assert names(tmp_path) == [name]


def test_text_holds_any_name(tmp_path):
    write_text(tmp_path / "x.md", "\u732b \udce9")
    assert (tmp_path / "x.md").read_bytes() == b"\xe7\x8c\xab \\udce9"


def test_inputs_are_known_by_what_they_are(tmp_path):
    path = tmp_path / "a"
    path.touch()
    (tmp_path / "hard").hardlink_to(path)
    (tmp_path / "loop").symlink_to("loop")
    for name in ("hard", "../" + tmp_path.name + "/a"):
        with pytest.raises(ValueError, match="is an input"):
            check_not_inputs([tmp_path / "new", tmp_path / name], [path, tmp_path / "loop"])
    check_not_inputs([tmp_path / "new"], [path, tmp_path / "missing"])
    with pytest.raises(ValueError, match="missing is an input"):
        check_not_inputs([tmp_path / "missing"], [tmp_path / "missing"])


@pytest.mark.parametrize("raised", [OSError(errno.ENOSPC, "full"), None])
def test_errors_name_the_file(tmp_path, raised):
    path = tmp_path / "file.txt"
    path.mkdir()

    def fail():
        with replaced(path) as temporary:
            temporary.write_text("new")
            if raised:
                raise raised

    with pytest.raises(OSError, match=rf"'{path}'$") as info:
        fail()
    assert info.value.errno == (errno.ENOSPC if raised else errno.EISDIR)
    assert info.value.filename == str(path)
    assert info.value.filename2 is None
    assert names(tmp_path) == ["file.txt"]


def test_errors_of_other_files_keep_their_names(tmp_path):
    with pytest.raises(FileNotFoundError, match="missing"), replaced(tmp_path / "file.txt"):
        (tmp_path / "missing").read_bytes()


def test_no_folder_that_the_path_leaves_again(tmp_path):
    write_text(tmp_path / "new" / ".." / "x.md", "x")
    assert names(tmp_path) == ["x.md"]


def test_names_are_printed_in_one_line():
    assert printable("a  \u732b\n\x1b[2J\u2028\x9b\udce9\u200d") == "a  \u732b\\n\\x1b[2J\\u2028\\x9b\udce9\u200d"
