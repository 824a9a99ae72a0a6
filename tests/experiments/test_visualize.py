"""The command that looks into kernels."""

import json
from pathlib import Path
from types import SimpleNamespace

import cv2
import keras
import numpy as np
import pytest

from a2u_tf.layers import A2UUpSampling2D
from a2u_tf.matting import MattingModel
from experiments.boundaries import summarize
from experiments.visualize import main, run, table
from tests.helpers import SEED
from train.reconstruction import Settings, make_model

ROOT = Path(__file__).parents[2]


def tiny(path, layer=None, size=(32, 32, 1), wrap=lambda network: network):
    """A network of one upsampling layer."""
    layer = layer or A2UUpSampling2D(variant="hybrid", name="up")
    image = keras.Input(size)
    low = keras.layers.Conv2D(4, 3, strides=2, padding="same", activation="relu")(image)
    wrap(keras.Model(image, keras.layers.Conv2D(1, 1)(layer(low)))).save(path)
    return path


def flags_of(tmp_path, **values):
    defaults = {"model": None, "run_dir": None, "dataset": None, "data_dir": None, "pictures": 5, "image": []}
    defaults |= {"trimap": [], "show": [0], "pixels": [], "seed": 0, "output": str(tmp_path / "out")}
    return SimpleNamespace(**{**defaults, **values})


@pytest.fixture(autouse=True)
def few_test_pictures(monkeypatch):
    monkeypatch.setattr("train.reconstruction.SYNTHETIC_TEST", 5)


def write_picture(path, rng, size=(20, 24, 3)):
    cv2.imwrite(str(path), rng.integers(0, 256, size, dtype="uint8"))
    return str(path)


def test_command(tmp_path, monkeypatch, rng, capsys):
    values = {"model": tiny(tmp_path / "model.keras"), "image": [write_picture(tmp_path / "image.png", rng)]}
    monkeypatch.setattr("sys.argv", ["visualize", "--model=model.keras"])
    monkeypatch.setattr("experiments.visualize.flags.FLAGS", flags_of(tmp_path, **values, pixels=["3,31"]))
    main(["visualize"])
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"kernels_0.png", "pixels_0.png", "kernels.json"}
    content = json.loads((tmp_path / "out" / "kernels.json").read_text())
    assert content["command"] == "python -m experiments.visualize --model=model.keras"
    assert content["pictures"] == 1
    names = {level: list(figures) for level, figures in content["levels"].items()}
    assert names == {"up": ["untrained", "trained", "change"]}
    assert "boundary above flat" in capsys.readouterr().out
    monkeypatch.setattr("experiments.visualize.flags.FLAGS", flags_of(tmp_path, **values, pixels=["3"]))
    with pytest.raises(SystemExit, match=r"^error: Expected --pixels=Y,X with two integers.*Received: \['3'\]$"):
        main(["visualize"])


def test_run_folder_and_its_data_set(tmp_path):
    settings = {"dataset": "synthetic", "upsampling": "a2u_hybrid_cs", "seed": SEED + 1}
    make_model(Settings(**settings), 1).save(tmp_path / "model.keras")
    (tmp_path / "settings.json").write_text(json.dumps(settings))
    content = run(flags_of(tmp_path, run_dir=str(tmp_path), show=[0, 4]))
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"kernels_0.png", "kernels_4.png", "kernels.json"}
    assert content["pictures"] == 5
    assert list(content["levels"]) == ["kernels_1", "kernels_2", "kernels_3"]
    for size, models in zip((32, 16, 8), content["levels"].values(), strict=True):
        inner = models["trained"]["boundary"]["kernels"] + models["trained"]["flat"]["kernels"]
        assert 0 < inner <= 5 * (size - 4) ** 2
        assert models["trained"]["edge"]["kernels"] == 5 * (size**2 - (size - 4) ** 2)
        assert models["trained"]["boundary"]["mean"] > 0
        assert models["trained"] == models["untrained"]  # as it is not trained yet
        assert models["change"]["flat"]["mean"] == 0
    assert cv2.imread(str(tmp_path / "out" / "kernels_4.png")).shape == (22 + 3 * (44 + 220), 4 + 3 * 220, 3)


def test_untrained_kernels_change_with_the_seed_and_trained_ones_do_not(tmp_path):
    model = tiny(tmp_path / "model.keras")
    first, same, other = (
        run(flags_of(tmp_path, model=model, dataset="synthetic", seed=seed))["levels"]["up"] for seed in (1, 1, 2)
    )
    assert first == same
    assert first["trained"] == other["trained"]
    assert first["untrained"] != other["untrained"]


def test_matting_with_its_trimap(tmp_path, rng):
    model = tiny(tmp_path / "model.keras", size=(None, None, 4), wrap=MattingModel)
    image = write_picture(tmp_path / "image.png", rng, (20, 33, 3))
    cv2.imwrite(str(tmp_path / "trimap.png"), rng.choice(np.array([0, 128, 255], "uint8"), (20, 33)))
    trimap = str(tmp_path / "trimap.png")
    content = run(flags_of(tmp_path, model=model, image=[image], trimap=[trimap]))
    assert content["levels"]["up"]["trained"]["edge"]["kernels"] == 32 * 48 - 28 * 44
    sheet = cv2.imread(str(tmp_path / "out" / "kernels_0.png"))
    shown = sheet[88 : 88 + 144, 4:220]  # 32 x 48 pixels, padded, enlarged by 4.5
    # Two pixels are nine here; every other one has its middle at 2, 11, 20 and so on.
    np.testing.assert_allclose(shown[2:88:9, 2:150:9], cv2.imread(image)[::2, ::2], atol=1)


def test_colours_for_a_network_of_any_size(tmp_path, rng):
    model = tiny(tmp_path / "model.keras", size=(None, None, 3))
    images = [write_picture(tmp_path / f"{n}.png", rng, (10 + n, 12, 3)) for n in (0, 1)]
    content = run(flags_of(tmp_path, model=model, image=images, show=[1], pixels=["10,11"]))
    assert content["pictures"] == 2
    assert content["levels"]["up"]["trained"]["edge"]["kernels"] > 0
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"kernels_1.png", "pixels_1.png", "kernels.json"}


@pytest.mark.parametrize(
    ("values", "error", "message"),
    [
        ({}, ValueError, "either --model or --run_dir"),
        ({"model": "tiny", "run_dir": "."}, ValueError, "either --model or --run_dir"),
        ({"model": "tiny"}, ValueError, "either --image or --dataset"),
        ({"model": "tiny", "dataset": "synthetic", "image": ["x.png"]}, ValueError, "either --image or --dataset"),
        ({"model": "missing", "dataset": "synthetic"}, ValueError, r"missing\.keras cannot be read"),
        ({"run_dir": "missing"}, FileNotFoundError, r"missing/settings\.json"),
        ({"model": "tiny", "image": ["missing.png"]}, FileNotFoundError, r"missing\.png"),
        ({"model": "tiny", "image": ["image"], "trimap": ["image"]}, ValueError, "no --trimap.*1 pictures and 1"),
        ({"model": "matting", "image": ["image"]}, ValueError, "one --trimap for each --image.*1 pictures and 0"),
        ({"model": "matting", "image": ["image"], "trimap": ["other"]}, ValueError, "Sizes differ"),
        ({"model": "matting", "dataset": "synthetic"}, ValueError, r"synthetic are \(32, 32, 1\), the network takes"),
        ({"model": "vectors", "image": ["image"]}, ValueError, r"takes pictures.*input shape \(None, 3\)"),
        ({"model": "bilinear", "image": ["image"]}, ValueError, "no upsampling kernels"),
        ({"model": "tiny", "image": ["image"], "pixels": ["32,0"]}, ValueError, r"y from 0 to 31.*\(32, 0\)"),
        ({"model": "tiny", "image": ["image"], "pixels": ["a,b"]}, ValueError, r"--pixels=Y,X.*a,b"),
        ({"model": "tiny", "image": ["image"], "pixels": ["1,2,3"]}, ValueError, r"--pixels=Y,X.*1,2,3"),
        ({"model": "tiny", "image": ["image"], "show": [1]}, ValueError, r"--show from 0 to 0.*\[1\]"),
        ({"model": "tiny", "dataset": "mnist", "data_dir": "/nowhere"}, FileNotFoundError, "/nowhere"),
    ],
)
def test_exceptions_leave_no_files(tmp_path, monkeypatch, values, error, message):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "image").write_bytes(cv2.imencode(".png", np.zeros((20, 24, 3), np.uint8))[1].tobytes())
    (tmp_path / "other").write_bytes(cv2.imencode(".png", np.full((20, 25), 128, np.uint8))[1].tobytes())
    make = {
        "tiny": tiny,
        "bilinear": lambda path: tiny(path, keras.layers.UpSampling2D()),
        "matting": lambda path: tiny(path, size=(None, None, 4)),
        "vectors": lambda path: keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)]).save(path),
    }
    if name := values.get("model"):
        path = tmp_path / f"{name}.keras"
        if name in make:
            make[name](path)
        values = {**values, "model": path}
    with pytest.raises(error, match=message):
        run(flags_of(tmp_path, **values))
    assert not (tmp_path / "out").exists()


def test_table_of_levels_without_boundaries():
    figures = summarize({"boundary": np.zeros(0), "flat": np.zeros(3), "edge": np.zeros(0)})
    _, row = table({"up": {"trained": figures}})
    assert row == ["up", "trained", "-", "0.0000", "-", "-", "-"]


def test_document_has_the_figures_of_its_files():
    lines = (ROOT / "docs" / "kernels.md").read_text().splitlines()
    shown = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("|")]
    paths = sorted((ROOT / "docs" / "kernels").glob("*/kernels.json"))
    assert len(paths) > 3
    for path in paths:
        levels = json.loads(path.read_text())["levels"]
        kernels, _, seed = path.parent.name.partition("_seed_")
        if not seed:
            assert all(row in shown for row in table(levels)[1:])
        for level, figures in levels.items():
            shares = [f"{figures['change'][key]:.2f}" for key in ("boundary_over_flat", "boundary_above_flat")]
            assert [kernels.replace("_", " "), seed or "0", level, *shares] in shown
