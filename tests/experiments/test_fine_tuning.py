"""Fine-tuning: what the training does not get to see."""

import os

from experiments.fine_tuning import split


def test_what_is_held_out_is_not_linked(tmp_path):
    paths = [tmp_path / f"{name}.png" for name in "abc"]
    for path in paths:
        path.write_text(path.name)
    for _ in range(2):  # going on with it is fine
        folder = split(paths, paths[1:2], tmp_path / "training")
    assert sorted(os.listdir(folder)) == ["a.png", "c.png"]
    assert (folder / "c.png").read_text() == "c.png"
