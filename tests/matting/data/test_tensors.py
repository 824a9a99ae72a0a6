"""The tensors of training and of test time against the released model's."""

import numpy as np
import pytest

from a2u_tf.matting.data.tensors import network_input, training_tensors


def test_golden_training(data_steps):
    arrays, settings = data_steps
    for case in settings["G3_composite_G4_totensor_train"]:
        number = case["id"]
        foreground, background, alpha, trimap = (
            arrays[f"G3_{number}_{name}"] for name in ("fg_bgr", "bg_bgr", "alpha", "trimap")
        )
        results = training_tensors(foreground[..., ::-1], background[..., ::-1], alpha, trimap)
        for result, name in zip(results, ("net_input", "target"), strict=True):
            assert result.dtype == np.float32
            np.testing.assert_allclose(result, arrays[f"G4_{number}_{name}"].transpose(1, 2, 0), rtol=0, atol=2e-6)


def test_golden_test_time(data_steps):
    """Before the padding; levels beside 0 and 255 are unknown, as in the release's demo."""
    arrays, settings = data_steps
    for case in settings["G5_test_time_G6_demo"]:
        number = case["id"]
        image, trimap = arrays[f"G5_{number}_image_bgr"][..., ::-1], arrays[f"G5_{number}_trimap"]
        result = network_input(image, trimap)
        expected = arrays[f"G6_{number}_demo_net_input_padded"][0].transpose(1, 2, 0)[: case["h"], : case["w"]]
        np.testing.assert_allclose(result, expected, rtol=0, atol=2e-6)


@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.float64])
def test_by_hand(rng, dtype):
    foreground, background = (rng.uniform(0, 255, (2, 3, 3)).astype(dtype) for _ in range(2))
    alpha = rng.random((2, 3))
    trimap = np.uint8([[0, 128, 255], [255, 128, 128]])
    levels = np.uint8([[24, 128, 254], [231, 25, 230]])
    inputs, target = training_tensors(foreground, background, alpha, levels)
    for row, column in np.ndindex(alpha.shape):
        a, fg, bg = alpha[row, column], foreground[row, column] / 255, background[row, column] / 255
        image = a * fg + (1 - a) * bg
        unknown = float(trimap[row, column] == 128)
        np.testing.assert_allclose(target[row, column], [a, unknown, *fg, *bg, *image], atol=1e-6)
        normalised = (image - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225]
        np.testing.assert_allclose(inputs[row, column], [*normalised, trimap[row, column] / 255], atol=2e-6)
