"""The command line before hostile pictures and paths: one line for each, and no file outside the output folder."""

import os
from pathlib import Path

import numpy as np
import pytest

from a2u_program.main import a2u_matte
from a2u_tf.matting.pictures import write_alpha
from tests.hostile.corpus import BAD, ODD, RGB
from tests.matting.pictures.files import png

TRIMAP = png(np.full(RGB.shape[:2], 128, np.uint8), 0)


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Run the command in an empty folder, with a network that finds everything transparent."""
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setattr("a2u_tf.matting.folder.load_matting", lambda path: None)
    monkeypatch.setattr(
        "a2u_tf.matting.folder.predict_alpha", lambda model, image, trimap, max_side: np.zeros(trimap.shape)
    )
    return lambda *arguments: a2u_matte([*map(str, arguments), "--model", "model.keras"])


def save(path, data):
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_bytes(data)


def save_pairs(*names):
    for name in names:
        save(f"images/{name}", png(RGB, 2))
        save(f"trimaps/{name}", TRIMAP)


def all_files(folder):
    """What lies in and below a folder, with its bytes."""
    return {path: path.read_bytes() for path in Path(folder).rglob("*") if path.is_file()}


def test_corpus_in_folders(run, capfd):
    pictures = {f"bad {name}": data for name, (data, _) in BAD.items()}
    pictures |= {f"odd {name}": data for name, (data, _) in ODD.items()}
    for name, data in pictures.items():
        height, width = ODD[name[4:]][1].shape[:2] if name.startswith("odd") else RGB.shape[:2]
        save(f"images/{name}.png", data)
        save(f"trimaps/{name}.png", png(np.full((height, width), 128, np.uint8), 0))
    assert run("images", "trimaps", "-o", "alphas") == 1
    out, err = capfd.readouterr()
    assert f"{len(ODD)} of {len(pictures)} done" in out
    assert sorted(os.listdir("alphas")) == sorted(f"odd {name}.png" for name in ODD)
    ours = [line for line in err.splitlines() if "images/" in line]  # libpng has words of its own
    assert len(ours) == len(BAD)
    assert all(any(f"bad {name}.png" in line for line in ours) for name in BAD)
    assert "Traceback" not in err


NAMES = ["a...png", "a..png", "a.png.png", "-o.png", "~.png", "$HOME.png", "a;touch b.png", "a\nb.png", "\x1b[2J.png"]


def test_names_of_pictures_lead_nowhere_else(run, tmp_path, capsys):
    save_pairs(*NAMES)
    before = set(all_files(tmp_path))
    assert run("images", "trimaps", "-o", "alphas") == 0
    assert set(all_files(tmp_path)) - before == {tmp_path / "work" / "alphas" / name for name in NAMES}


def test_links_among_the_inputs_and_in_the_output(run, tmp_path):
    """Linked inputs are read; a link in the output folder is replaced, and what it leads to stays."""
    save(tmp_path / "elsewhere" / "photo.png", png(RGB, 2))
    save(tmp_path / "elsewhere" / "precious.png", b"precious")
    save("trimaps/a.png", TRIMAP)
    Path("images").mkdir()
    Path("images/a.png").symlink_to(tmp_path / "elsewhere" / "photo.png")
    Path("images/b.png").symlink_to("b.png")
    save("trimaps/b.png", TRIMAP)
    Path("alphas").mkdir()
    Path("alphas/a.png").symlink_to(tmp_path / "elsewhere" / "precious.png")
    assert run("images", "trimaps", "-o", "alphas") == 1
    assert not Path("alphas/a.png").is_symlink()
    assert os.listdir("alphas") == ["a.png"]
    assert all_files(tmp_path / "elsewhere") == {
        tmp_path / "elsewhere" / "photo.png": png(RGB, 2),
        tmp_path / "elsewhere" / "precious.png": b"precious",
    }


def test_temporary_names_cannot_be_foreseen(tmp_path, monkeypatch):
    """A link under the temporary name would lead the writing out of the folder."""
    seen = set()
    monkeypatch.setattr("os.replace", lambda temporary, path: seen.add(Path(temporary).name))
    for _ in range(3):
        write_alpha(tmp_path / "alpha.png", np.zeros((2, 2)))
    assert len(seen) == 3
    assert all(len(name.split(".")[1]) >= 16 for name in seen)
