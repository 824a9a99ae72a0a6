"""One picture through a model."""

import numpy as np
import pytest

from a2u_tf.inference import predict_alpha
from a2u_tf.models import Matting, matting_net


@pytest.fixture(scope="module")
def model():
    return Matting(matting_net(width=0.03))


@pytest.mark.parametrize("size", [(1, 1), (20, 33), (16, 16)])
def test_size_and_range(rng, model, size):
    image = rng.integers(0, 256, (*size, 3), dtype="uint8")
    trimap = rng.choice(np.array([0, 128, 255], "uint8"), size)
    alpha = predict_alpha(model, image, trimap)
    assert alpha.shape == size
    assert alpha.dtype == np.float32
    np.testing.assert_array_equal(alpha[trimap == 255], 1)
    np.testing.assert_array_equal(alpha[trimap == 0], 0)


@pytest.mark.parametrize("shapes", [((4, 4, 3), (4, 5)), ((4, 4), (4, 4)), ((4, 4, 3), (4, 4, 1)), ((0, 4, 3), (0, 4))])
def test_exception(model, shapes):
    image, trimap = (np.zeros(shape, "uint8") for shape in shapes)
    with pytest.raises(ValueError, match=r"shapes \(H, W, 3\) and \(H, W\), of one size. Received: image.shape="):
        predict_alpha(model, image, trimap)


@pytest.mark.parametrize("upsampling", ["bilinear", "a2u"])
def test_pictures_of_several_sizes(rng, upsampling):
    model = Matting(matting_net(upsampling, "max_pool", width=0.03))
    for size in ((33, 50), (48, 50), (20, 17)):
        image, trimap = rng.integers(0, 256, (*size, 3), dtype="uint8"), np.full(size, 128, "uint8")
        assert predict_alpha(model, image, trimap).shape == size
