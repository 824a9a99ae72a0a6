"""One rule for the levels of trimaps: each trimap of a table goes through every door.

The network answers 0.5 everywhere, so that a matte shows the trimap that was acted upon.
"""

import types

import cv2
import keras
import numpy as np
import pytest
from absl import logging

from a2u_program.main import a2u_matte
from a2u_tf.matting import MattingModel
from a2u_tf.matting.data import network_input
from a2u_tf.matting.evaluation import evaluate, evaluate_files, matting_grid
from a2u_tf.matting.pictures import EvaluationImage, read_trimap
from a2u_tf.matting.prediction import predict_alpha
from demo.cutout import cut_out
from demo.uploads import read_dropped_trimap
from experiments.baseline import half
from experiments.visualize import read_batches

SIZE = (48, 64)


def drawn(background=0, unknown=128, foreground=255):
    rows, columns = np.indices(SIZE)
    radius = np.hypot(rows - 24, columns - 32) + 2 * np.sin(columns)
    return np.select([radius > 20, radius < 12], [background, foreground], unknown).astype("uint8")


def file_of(levels, ending=".png"):
    return cv2.imencode(ending, levels, [cv2.IMWRITE_JPEG_QUALITY, 75])[1].tobytes()


GOOD = {
    "0/128/255": file_of(drawn()),
    "0/127/254": file_of(drawn(0, 127, 254)),
    "1/128/254": file_of(drawn(1, 128, 254)),
    "5/128/250": file_of(drawn(5, 128, 250)),
    "24/25/231": file_of(drawn(24, 25, 231)),
    "JPEG, grey": file_of(drawn(), ".jpg"),
    "JPEG, RGB": file_of(np.dstack([drawn()] * 3), ".jpg"),
    "soft": file_of(cv2.GaussianBlur(drawn(), (0, 0), 2)),
    "16 bits": file_of(drawn().astype("uint16") * 257),
    "all 255": file_of(np.full(SIZE, 255, "uint8")),
    "all 128": file_of(np.full(SIZE, 128, "uint8")),
}
BAD = {
    "0/1/2": (file_of(drawn(0, 1, 2)), "0, 1, 2"),
    "0/1": (file_of(drawn(0, 0, 1)), "0, 1"),
    "all 0": (file_of(np.zeros(SIZE, "uint8")), "0"),
    "16 bits of 0/1/2": (file_of(drawn(0, 1, 2).astype("uint16")), "0, 1, 2"),
}


@pytest.fixture(scope="module")
def model():
    flat = keras.layers.Conv2D(1, 1, kernel_initializer="zeros", bias_initializer=keras.initializers.Constant(0.5))
    return MattingModel(keras.Sequential([keras.Input((None, None, 4)), flat]))


@pytest.fixture(scope="module")
def graphs(model):
    """What an export serves: the function of pixels and that of files."""
    import tensorflow as tf

    endpoint = model.export_endpoint()
    pixels = tf.function(endpoint.function, autograph=False).get_concrete_function(*endpoint.inputs)
    (files,) = endpoint.signatures
    return pixels, tf.function(files.around(pixels), autograph=False).get_concrete_function(*files.inputs)


@pytest.fixture
def given(model, monkeypatch, tmp_path, rng, request, capsys):
    """A function that writes image.png and trimap.png, and returns what else doors are given."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("a2u_tf.matting.folder.load_matting", lambda path: model)
    image = rng.integers(0, 256, (*SIZE, 3), dtype="uint8")
    cv2.imwrite("image.png", image[..., ::-1])

    def write(file):
        (tmp_path / "trimap.png").write_bytes(file)
        levels = cv2.imread("trimap.png", cv2.IMREAD_ANYDEPTH)
        return types.SimpleNamespace(image=image, levels=levels, file=file, model=model, request=request, capsys=capsys)

    return write


def exact(levels):
    levels = np.rint(levels / 257) if levels.dtype == np.uint16 else levels
    return np.select([levels <= 24, levels >= 231], [0, 255], 128).astype("uint8")


def shown(alpha):
    return np.rint(255 * np.asarray(alpha))


def command_line(x, *options):
    if a2u_matte(["image.png", "trimap.png", "-o", "alpha.png", *options]):
        raise ValueError(x.capsys.readouterr().err)
    return cv2.imread("alpha.png", cv2.IMREAD_UNCHANGED)


def reduced(x):
    alpha = predict_alpha(x.model, x.image, x.levels, max_side=32)
    return np.where((alpha == 0) | (alpha == 1), 255 * alpha, 128)


def many_pictures(x):
    pytest.importorskip("pyarrow", reason="needs a2u_tf[ray]")
    from a2u_tf.matting.batch import stages

    return stages._read_pair({"image": "image.png", "trimap": "trimap.png"})[1]


def served_pixels(x):
    pixels, _ = x.request.getfixturevalue("graphs")
    return shown(pixels(image=x.image[None], trimap=x.levels[None, ..., None])["alpha"][0, ..., 0])


def served_files(x):
    import tensorflow as tf

    _, encoded = x.request.getfixturevalue("graphs")
    image = file_of(x.image[..., ::-1])
    (png,) = encoded(image_bytes=tf.constant([image]), trimap_bytes=tf.constant([x.file]))["alpha_bytes"].numpy()
    return cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_UNCHANGED)


def visualized(x):
    return shown(read_batches(x.model.network, ["image.png"], ["trimap.png"])[0][1][0, ..., 3])


def called(x):
    inputs = {"image": x.image[None], "trimap": x.levels[None, ..., None]}
    return shown(x.model.predict_on_batch(inputs)["alpha"][0, ..., 0])


DOORS = {
    "read_trimap": lambda x: read_trimap("trimap.png"),
    "a2u-matte": command_line,
    "demo": lambda x: shown(cut_out(x.model, x.image, read_dropped_trimap("trimap.png"), 64).alpha),
    "experiments.visualize": visualized,
    "many pictures": many_pictures,
    "predict_alpha": lambda x: shown(predict_alpha(x.model, x.image, x.levels)),
    "predict_alpha, reduced": reduced,
    "half": lambda x: shown(half(x.image, x.levels)),
}
GRAPHS = {"serving_default": served_pixels, "serve_encoded": served_files}
# What cannot say what is wrong, or need not.
OTHERS = {"Matting": called, "network_input": lambda x: shown(network_input(x.image, x.levels)[..., 3])}
ON_TENSORFLOW = [pytest.param(door, id=name, marks=pytest.mark.tensorflow) for name, door in GRAPHS.items()]


def doors(table):
    return [pytest.param(door, id=name) for name, door in table.items()]


@pytest.mark.parametrize("door", [*doors(DOORS | OTHERS), *ON_TENSORFLOW])
@pytest.mark.parametrize("name", GOOD)
def test_levels_near_0_and_255_are_known(given, name, door):
    x = given(GOOD[name])
    expected = exact(x.levels)
    if door in (*OTHERS.values(), served_pixels) and x.levels.dtype == np.uint16:
        x.levels = np.rint(x.levels / 257).astype("uint8")  # they take nothing else
    np.testing.assert_array_equal(door(x), expected)
    if name not in ("soft", "all 255", "all 128"):  # JPEG may widen the band
        assert ((expected != drawn()) & (drawn() != 128)).sum() < 30
        assert (expected[drawn() == 128] == 128).all()


def masked(x):
    return command_line(x, "--from-mask", "6")


def evaluated(x):
    return evaluate(x.levels * 0, x.levels * 0, x.levels)


def evaluated_files(x):
    cv2.imwrite("matte.png", np.zeros(SIZE, "uint8"))
    return list(evaluate_files([EvaluationImage("x", None, "trimap.png", "matte.png")], {"x": {"x": "matte.png"}}))


@pytest.mark.parametrize("door", [*doors(DOORS), masked, evaluated, evaluated_files])
@pytest.mark.parametrize(("file", "levels"), BAD.values(), ids=BAD)
def test_background_alone_is_an_error(given, file, levels, door):
    message = rf"trimap.* has neither foreground .* Received: {levels}, of \d+\. (Multiply|Paint)"
    x = given(file)
    with pytest.raises(ValueError, match=message):
        door(x)


@pytest.mark.parametrize("file", [BAD["0/1/2"][0], BAD["all 0"][0]])
@pytest.mark.parametrize("door", ON_TENSORFLOW)
def test_background_alone_is_an_error_of_the_graph(given, file, door):
    import tensorflow as tf

    x = given(file)
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"Every trimap must have foreground.* Multiply its"):
        door(x)


@pytest.mark.parametrize("name", GOOD)
def test_evaluation_counts_what_is_unknown_to_predictions(given, rng, name):
    x = given(GOOD[name])
    trimap = exact(x.levels)
    prediction, target = rng.integers(0, 256, (2, *SIZE), dtype="uint8")
    expected = evaluate(prediction, target, trimap)
    np.testing.assert_equal(evaluate(prediction, target, x.levels), expected)
    cv2.imwrite("prediction.png", prediction)
    cv2.imwrite("target.png", target)
    (row,) = evaluate_files([EvaluationImage("x", None, "trimap.png", "target.png")], {"x": {"x": "prediction.png"}})
    np.testing.assert_equal(row, {"image": "x", "method": "x", "unknown": (trimap == 128).sum(), **expected})
    if x.levels.dtype == np.uint8:
        errors = [matting_grid([(x.image, t, target, prediction)], side=64)[:, -64:] for t in (x.levels, trimap)]
        np.testing.assert_array_equal(*errors)


@pytest.mark.parametrize(
    ("levels", "note"),
    [
        ((0, 128, 128), "has no sure foreground."),
        ((0, 0, 255), "has no unknown region."),
        ((128, 128, 128), "has no sure foreground and no sure background."),
        ((0, 128, 255), None),
    ],
)
def test_what_a_trimap_lacks_is_one_note(given, monkeypatch, levels, note):
    x = given(file_of(drawn(*levels)))
    command_line(x)
    hint = " Is it a mask? Then --from-mask WIDTH finds the edges." * (note == "has no unknown region.")
    assert x.capsys.readouterr().err == (f"note: trimap.png {note}{hint}\n" if note else "")
    said = []
    monkeypatch.setattr(logging, "warning", lambda text, *values: said.append(text % values))
    image = EvaluationImage("x", None, "trimap.png", "trimap.png")
    list(evaluate_files([image], {"x": {"x": "trimap.png"}}))
    assert said == [f"trimap.png {note}"] * bool(note)


def test_notes_of_many_pictures():
    pytest.importorskip("pyarrow", reason="needs a2u_tf[ray]")
    from a2u_tf.matting.batch.job import Summary

    picture = {"name": "x", "image": "i", "trimap": "t.png", "height": 1, "width": 1, "error": "", "note": "has no"}
    seconds = {"read_seconds": 0, "matte_seconds": 0}
    summary = Summary(2)
    summary.add({"write_seconds": 0, "pictures": [picture | seconds, picture | seconds | {"note": ""}]})
    assert summary.notes == ["t.png has no"]
