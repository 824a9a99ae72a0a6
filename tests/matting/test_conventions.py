"""The data and the model mean the same by pictures and trimaps."""

import numpy as np

from a2u_tf.matting.conventions import BACKGROUND, FOREGROUND, UNKNOWN
from a2u_tf.matting.data import network_input
from a2u_tf.matting.evaluation import evaluate
from a2u_tf.matting.network import model
from a2u_tf.matting.pictures import trimap_from_alpha
from tests.helpers import to_numpy


def test_training_and_prediction_read_the_same_numbers(rng):
    image = rng.integers(0, 256, (16, 32, 3), dtype="uint8")
    trimap = rng.choice(np.array([BACKGROUND, UNKNOWN, FOREGROUND], "uint8"), (16, 32))
    trained_on = network_input(image, trimap)
    predicted_from = to_numpy(model.framed(image[None], trimap[None, ..., None], 16))[0]
    np.testing.assert_allclose(trained_on, predicted_from, atol=1e-5)


def test_trimaps_that_are_made_can_be_evaluated():
    alpha = np.linspace(-1, 2, 60, dtype="float32").clip(0, 1)[None].repeat(20, axis=0)
    trimap = trimap_from_alpha(alpha, 3, 3)
    assert set(np.unique(trimap)) == {BACKGROUND, UNKNOWN, FOREGROUND}
    errors = evaluate(np.zeros_like(alpha), 255 * alpha, trimap)
    assert errors["sad"] > 0
    assert not np.isnan(errors["mse"])
