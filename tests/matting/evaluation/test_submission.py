"""Submissions to alphamatting.com."""

import cv2
import numpy as np
import pytest

from a2u_tf.files import write_png
from a2u_tf.matting.evaluation.submission import write_submission
from a2u_tf.matting.pictures import EvaluationImage

NAMES = [f"Trimap{trimap}/{name}" for trimap in (1, 2, 3) for name in ("doll", "net")]
IMAGES = [EvaluationImage(name, None, None, None) for name in NAMES]


def test_submission(tmp_path, rng):
    levels = {name: rng.integers(0, 256, (5, 6), dtype=np.uint8) for name in NAMES}
    predictions = {name: tmp_path / "ours" / f"{name}.png" for name in NAMES}
    for name, path in predictions.items():
        write_png(path, levels[name])
    write_png(predictions["Trimap2/net"], levels["Trimap2/net"].astype(np.uint16) * 257)
    write_png(predictions["Trimap3/doll"], np.stack([levels["Trimap3/doll"]] * 3, axis=-1))
    write_submission(IMAGES, predictions, tmp_path / "out")
    written = sorted(path.relative_to(tmp_path / "out").as_posix() for path in (tmp_path / "out").rglob("*.*"))
    assert written == [f"{name}.png" for name in NAMES]
    for name in NAMES:
        picture = cv2.imread(str(tmp_path / "out" / f"{name}.png"), cv2.IMREAD_UNCHANGED)
        assert picture.dtype == np.uint8
        np.testing.assert_array_equal(picture, levels[name])


@pytest.mark.parametrize("images", [IMAGES[:4], [EvaluationImage("doll", None, None, None)]])
def test_exception_of_trimaps(tmp_path, images):
    with pytest.raises(FileNotFoundError, match=r"needs images with Trimap1, Trimap2, Trimap3\. Received: "):
        write_submission(images, {}, tmp_path / "out")
    assert not list(tmp_path.iterdir())


def test_predictions_are_not_replaced(tmp_path):
    predictions = {name: tmp_path / "ours" / f"{name}.png" for name in NAMES}
    for path in predictions.values():
        write_png(path, np.zeros((2, 2), np.uint16))
    (tmp_path / "link").symlink_to("ours")
    with pytest.raises(ValueError, match=r"doll\.png is an input"):
        write_submission(IMAGES, predictions, tmp_path / "link")
    assert cv2.imread(str(predictions["Trimap1/doll"]), cv2.IMREAD_UNCHANGED).dtype == np.uint16
