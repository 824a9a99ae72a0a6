"""Kernels of a pixel of the demo's picture."""

import numpy as np
import pytest

from a2u_tf.matting import MattingModel, matting_net
from a2u_tf.matting.conventions import MEAN, STANDARD_DEVIATION
from a2u_tf.matting.network.model import framed
from a2u_tf.visualization import kernel_maps, pixel_sheet
from demo.cutout import CutOut
from demo.kernels import kernels_at


@pytest.fixture
def result(rng):
    image = rng.integers(0, 256, (20, 33, 3), dtype=np.uint8)
    trimap = rng.choice(np.array([0, 128, 255], np.uint8), (20, 33))
    alpha = trimap / np.float32(255)
    return CutOut(image, trimap, alpha, alpha, image)


@pytest.mark.network
def test_sheet_is_that_of_the_network(result, monkeypatch):
    model = MattingModel(matting_net(width=0.03))
    sheet = kernels_at(model, result, (19, 32))
    inputs = np.asarray(framed(result.image[None], result.trimap[None, ..., None], 16))
    np.testing.assert_allclose(
        (inputs[0, :20, :33, :3] * STANDARD_DEVIATION + MEAN) * 255, result.image.astype(float), atol=1e-3
    )
    shown = inputs[..., :3] * np.float32(STANDARD_DEVIATION) + np.float32(MEAN)
    maps = kernel_maps(model.network, inputs)
    np.testing.assert_array_equal(sheet, pixel_sheet(shown, {"kernel": maps}, [(19, 32)]))
    monkeypatch.setattr("demo.kernels.kernel_maps", None)  # a second click does not run the network
    assert (kernels_at(model, result, (3, 4)) != sheet).any()


@pytest.mark.network
def test_model_without_kernels(result):
    model = MattingModel(matting_net(width=0.03, upsampling="bilinear", downsampling="max_pool"))
    with pytest.raises(ValueError, match="no upsampling kernels"):
        kernels_at(model, result, (0, 0))
