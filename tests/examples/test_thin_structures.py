"""The example of thin structures: pictures, measures, and that its network learns from a tenth of the training."""

import json
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
from scipy import ndimage

from a2u_tf.layers import GUIDED, make_upsampler
from examples.thin_structures import CLASSES, boundary, draw_pictures, measure, train, unet, upsampling
from experiments.report_thin_structures import read_runs

ROOT = Path(__file__).parents[2]


def test_boundary_of_a_bar_and_of_a_corner():
    mask = np.zeros((6, 7), bool)
    mask[1:5, 2:6] = True
    inside = np.zeros_like(mask)
    inside[2:4, 3:5] = True
    np.testing.assert_array_equal(boundary(mask), mask & ~inside)
    corner = np.zeros((4, 4), bool)
    corner[:3, :3] = True  # what touches the picture's rim has no edge there
    expected = corner.copy()
    expected[:2, :2] = False
    np.testing.assert_array_equal(boundary(corner), expected)


def test_boundary_is_that_of_scipy(rng):
    for mask in ndimage.gaussian_filter(rng.normal(size=(5, 30, 41)), (0, 2, 2)) > 0:
        np.testing.assert_array_equal(boundary(mask), mask & ~ndimage.binary_erosion(mask, border_value=1))


def test_measures_of_shifted_squares():
    """A square of 4 x 4 and the same one column on: 12 of 20 pixels in common, and 6 of 18 along the edges."""
    labels, predicted = np.zeros((2, 2, 8, 9), int)
    labels[0, 2:6, 2:6] = predicted[0, 2:6, 3:7] = 1
    for number in (2, 3):
        labels[1, 2:6, 4 * number - 8 : 4 * number - 4] = predicted[1, 2:6, 4 * number - 8 : 4 * number - 4] = number
    figures = measure(predicted, labels)
    np.testing.assert_allclose(figures["iou"], (12 / 20 + 2) / 3)
    np.testing.assert_allclose(figures["boundary_iou"], (6 / 18 + 2) / 3)
    assert measure(np.zeros_like(labels), labels) == {"iou": 0, "boundary_iou": 0}


def test_pictures_are_drawn_again_alike_and_hold_every_class():
    pictures, labels = draw_pictures("validation", 20)
    assert pictures.dtype == np.uint8
    assert pictures.shape == (*labels.shape, 3)
    assert set(np.unique(labels)) == set(range(1 + len(CLASSES)))
    np.testing.assert_array_equal(draw_pictures("validation", 3)[0], pictures[:3])
    assert np.abs(draw_pictures("test", 3)[0].astype(int) - pictures[:3]).mean() > 10


@pytest.mark.parametrize(("name", "options"), [("a2u", {"kernel_size": 1}), ("sapa_b", {}), ("carafe", {})])
def test_upsampling_is_in_every_level_of_the_decoder(name, options):
    for skips in (4, 0):
        network = unet(upsampling(name, **options), skips)
        layers = [layer for layer in network.layers if type(layer) is type(make_upsampler(name))]
        assert [layer.output.shape[1] for layer in layers] == [8, 16, 32, 64]
        assert all(len(keras.tree.flatten(layer.input)) == 1 + (name in GUIDED) for layer in layers)
        assert sum(isinstance(layer, keras.layers.Concatenate) for layer in network.layers) == skips
        assert network.output.shape == (None, 64, 64, 1 + len(CLASSES))


@pytest.mark.network
@pytest.mark.tensorflow
def test_a_tenth_of_the_training_beats_the_best_constant_answer():
    training = {"skips": 4, "seed": 0, "epochs": 3, "pictures": 200, "learning_rate": 4e-3}
    model = train(upsampling("nearest"), **training)
    pictures, labels = draw_pictures("validation", 50)
    shares = np.bincount(labels.ravel()) / labels.size
    entropy = -np.sum(shares * np.log(shares))
    assert model.evaluate(pictures, labels, verbose=0) < 0.9 * entropy


@pytest.mark.process
@pytest.mark.network
@pytest.mark.tensorflow
def test_command_writes_a_run_that_the_report_reads(tmp_path):
    flags = ["--upsampling=nearest", "--skips=0", "--epochs=1", "--pictures=20", f"--output={tmp_path}"]
    command = [sys.executable, "-m", "examples.thin_structures", *flags]
    subprocess.run(command, check=True, cwd=ROOT, timeout=300, capture_output=True)
    run = json.loads((tmp_path / "nearest-skips-0-seed-0.json").read_text())
    assert (tmp_path / "nearest-skips-0-seed-0.png").exists()
    assert run["command"] == " ".join(["python", *command[1:]])
    assert read_runs(tmp_path) == {4: {}, 0: {"nearest": [run]}}
