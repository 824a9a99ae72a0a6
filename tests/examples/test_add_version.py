"""How an exported version gets into Triton's repository."""

import importlib.util

import pytest

from examples.serving_triton.add_version import add_version

COMPILED = importlib.util.cache_from_source("model.py")


def test_complete_and_at_once(tmp_path):
    for name in ("1", "matting"):
        (tmp_path / name).mkdir()
    (tmp_path / "matting" / "saved_model.pb").touch()
    model = tmp_path / "served" / "matting"
    for exported in ("1", "matting"):
        with pytest.raises(ValueError, match="Expected the folder of one version, NAME/1 with a saved_model"):
            add_version(tmp_path / exported, model)
    (tmp_path / "1" / "saved_model.pb").touch()
    add_version(tmp_path / "1", model)
    files = {str(path.relative_to(model)) for path in model.rglob("*") if path.is_file()}
    assert files == {"config.pbtxt", *(f"1/{name}" for name in ("saved_model.pb", "model.py", COMPILED))}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["1", "matting", "served"]
    with pytest.raises(FileExistsError, match=r"has a version 1\. Export with another --version"):
        add_version(tmp_path / "1", model)
