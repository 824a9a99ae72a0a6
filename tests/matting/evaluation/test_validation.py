"""Validation while a network trains."""

import numpy as np
import pytest

from a2u_tf.matting.evaluation import evaluate
from a2u_tf.matting.evaluation.validation import ProtocolValidation, ValidationPicture, held_out_pictures, validate
from a2u_tf.matting.prediction import predict_alpha
from tests.helpers import tiny_matting


@pytest.fixture(scope="module")
def model():
    return tiny_matting()


def picture(rng, size, unknown=True):
    trimap = np.full(size, 128 if unknown else 255, "uint8")
    trimap[:2] = 255
    image, target = (rng.integers(0, 256, (*size, *channels), dtype="uint8") for channels in ((3,), ()))
    return ValidationPicture("x", image, trimap, target)


def test_means_of_the_protocol(rng, model):
    pictures = [picture(rng, (20, 33)), picture(rng, (18, 16))]
    rows = []
    for one in pictures:
        alpha = np.rint(255 * predict_alpha(model, one.image, one.trimap)).astype("uint8")
        rows.append(evaluate(alpha, one.target, one.trimap))
    errors, shown = validate(model, pictures, shown=1)
    assert errors == {name: pytest.approx(np.mean([row[name] for row in rows])) for name in rows[0]}
    assert [alpha.shape for _, alpha in shown] == [(20, 33)]


def test_pictures_without_unknown_pixels_have_no_mse(rng, model):
    known, unknown = picture(rng, (16, 16), unknown=False), picture(rng, (16, 16))
    both, _ = validate(model, [known, unknown])
    alone, _ = validate(model, [unknown])
    assert both["mse"] == alone["mse"]
    assert both["sad"] == pytest.approx(alone["sad"] / 2)
    assert np.isnan(validate(model, [known])[0]["mse"])


def test_callback_fills_the_logs(rng, model):
    seen = []
    callback = ProtocolValidation(
        model, [picture(rng, (16, 16))], lambda epoch, shown: seen.append((epoch, len(shown)))
    )
    logs = {"loss": 1.0}
    callback.on_epoch_end(4, logs)
    assert list(logs) == ["loss", "val_sad", "val_mse", "val_grad", "val_conn"]
    assert seen == [(5, 1)]


def test_held_out_pictures_are_never_background_alone():
    class Source:
        calls = 0

        def foreground(self, rng):
            self.calls += 1
            alpha = np.zeros((40, 40), "float32")
            alpha[5:35, 5:35] = self.calls > 4  # a sample asks twice at most
            return np.full((40, 40, 3), 200, "uint8"), alpha

        def background(self, rng):
            return np.full((40, 40, 3), 20, "uint8")

    pictures = held_out_pictures(Source(), 3, 32)
    assert [picture.name for picture in pictures] != ["held_out_000", "held_out_001", "held_out_002"]
    assert [bool(picture.trimap.any()) for picture in pictures] == [True] * 3
