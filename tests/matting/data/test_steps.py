"""The steps of the chain, against those of the released model and by hand: affine maps, crops, jitter, tensors."""

import colorsys

import cv2
import numpy as np
import pytest

from a2u_tf.matting.data.augmentation import affine, affine_matrix, crop, jitter, network_input, training_tensors
from a2u_tf.matting.pictures import trimap_from_alpha


def test_affine_golden(data_steps):
    arrays, settings = data_steps
    for case in settings["G7_affine"]:
        foreground, alpha, matrix, expected, expected_alpha = (
            arrays[f"G7_{case['id']}_{name}"] for name in ("fg", "alpha", "matrix", "fg_out", "alpha_out")
        )
        flip = [sign < 0 for sign in case["flip"]]
        result = affine_matrix(alpha.shape, case["angle_deg"], case["scale"], case["shear_deg"], flip)
        np.testing.assert_allclose(result, matrix, atol=1e-10)
        # Ties between two nearest pixels fall differently in the versions of OpenCV.
        assert np.mean((affine(foreground, result) != expected).any(axis=-1)) < 0.05
        assert np.mean(affine(alpha, result) != expected_alpha) < 0.05


@pytest.mark.parametrize("shape", [(9, 12), (9, 12, 3)])
def test_flips(rng, shape):
    """The centre lies one pixel right of and below the middle, so that a flip moves the picture by two."""
    pixels = rng.random(shape, np.float32)
    np.testing.assert_array_equal(affine(pixels, affine_matrix((9, 12))), pixels)
    columns = affine(pixels, affine_matrix((9, 12), flip=(True, False)))
    np.testing.assert_array_equal(columns[:, 2:], pixels[:, :1:-1])
    rows = affine(pixels, affine_matrix((9, 12), flip=(False, True)))
    np.testing.assert_array_equal(rows[2:], pixels[:1:-1])


def test_scale_enlarges_about_the_centre_and_outside_is_transparent():
    alpha = np.zeros((64, 64), np.float32)
    alpha[24:40, 24:40] = 1
    rows, columns = np.nonzero(affine(alpha, affine_matrix((64, 64), scale=(1.5, 0.5))))
    assert np.ptp(columns) + 1 == pytest.approx(24, abs=1)
    assert np.ptp(rows) + 1 == pytest.approx(8, abs=1)
    assert columns.mean() == pytest.approx(31.5, abs=1)
    alpha = affine(np.ones((40, 40), np.float32), affine_matrix((40, 40), angle=45))
    np.testing.assert_array_equal(alpha[[0, 0, -1, -1], [0, -1, 0, -1]], 0)
    assert alpha[20, 20] == 1


class Scripted:
    """Draws that are known beforehand."""

    def __init__(self, draws):
        self.draws = list(draws)

    def integers(self, high):
        assert 0 <= self.draws[0] < high
        return self.draws.pop(0)


def layers_of(rng, height, width, unknown=()):
    """Pictures whose pixels say where they came from; the trimap is unknown at the pixels `unknown`."""
    foreground, background = rng.integers(0, 256, (2, height, width, 3), dtype=np.uint8)
    trimap = np.zeros((height, width), np.uint8)
    for pixel in unknown:
        trimap[pixel] = 128
    alpha = np.arange(height * width, dtype=np.float32).reshape(height, width)
    return foreground, alpha, trimap, background


def test_crop_golden(data_steps):
    arrays, settings = data_steps
    for case in settings["G9_crop"]:
        names = [f"G9_{case['id']}_{name}" for name in ("fg", "alpha", "trimap", "bg")]
        rng = Scripted(case["scripted_randint"])
        results = crop(*(arrays[name] for name in names), case["crop"], rng)
        assert len(rng.draws) == len(case["scripted_randint"]) - case["randints_consumed"]
        for name, result in zip(names, results, strict=True):
            expected = arrays[f"{name}_out"]
            assert result.dtype == expected.dtype
            np.testing.assert_allclose(
                result.astype(float), expected.astype(float), rtol=0, atol=1 if name.endswith("bg") else 0
            )


@pytest.mark.parametrize(("height", "width"), [(60, 33), (34, 90), (60, 60)])
def test_crop_is_centred_on_an_unknown_pixel(rng, height, width):
    foreground, alpha, _, background = layers_of(rng, height, width)
    trimap = np.where(rng.random((height, width)) < 0.7, 128, 255).astype(np.uint8)
    for _ in range(20):
        results = crop(foreground, alpha, trimap, background, 32, rng)
        assert results[2][16, 16] == 128
        top, left = divmod(int(results[1][0, 0]), width)
        for result, layer in zip(results, (foreground, alpha, trimap, background), strict=True):
            np.testing.assert_array_equal(result, layer[top : top + 32, left : left + 32])


def test_every_unknown_pixel_can_be_the_centre(rng):
    pixels = [(row, column) for row in (16, 20, 24) for column in (16, 22, 30, 33)]
    corners = {divmod(int(crop(*layers_of(rng, 41, 50, pixels), 32, rng)[1][0, 0]), 50) for _ in range(300)}
    assert corners == {(row - 16, column - 16) for row, column in pixels}


def test_few_unknown_pixels(rng):
    """Nine do not suffice, and those near the border cannot be a centre: then the crop falls anywhere."""
    near_the_border = [(3, column) for column in range(36)]
    for count in (9, 10):
        centres = [(row, column) for row in (16, 17, 18) for column in range(16, 20)][:count]
        layers = layers_of(rng, 35, 36, centres + near_the_border)
        corners = {divmod(int(crop(*layers, 32, rng)[1][0, 0]), 36) for _ in range(300)}
        anywhere = {(row, column) for row in range(4) for column in range(5)}
        assert corners == (anywhere if count == 9 else {(row - 16, column - 16) for row, column in centres})


def test_picture_of_the_size_of_the_crop_is_enlarged(rng):
    """By a tenth, so that there is something to choose from."""
    layers = layers_of(rng, 40, 32, [(row, column) for row in range(40) for column in range(32)])
    alpha = crop(*layers, 32, Scripted([0]))[1]
    np.testing.assert_array_equal(alpha, cv2.resize(layers[1], (35, 44), interpolation=cv2.INTER_NEAREST)[:32, :32])


@pytest.mark.parametrize("shape", [(33, 40), (200, 20), (5, 7), (1, 1)])
@pytest.mark.parametrize("background_shape", [(1, 1), (33, 300), (500, 400)])
def test_any_size(rng, shape, background_shape):
    alpha = np.full(shape, 0.5, np.float32)
    foreground = rng.integers(0, 256, (*shape, 3), dtype=np.uint8)
    background = rng.integers(0, 256, (*background_shape, 3), dtype=np.uint8)
    for trimap in (trimap_from_alpha(alpha, 1, 1), np.full(shape, 255, np.uint8)):
        results = crop(foreground, alpha, trimap, background, 48, rng)
        assert [result.shape for result in results] == [(48, 48, 3), (48, 48), (48, 48), (48, 48, 3)]


@pytest.mark.parametrize(("shape", "background_shape"), [((28, 40), (61, 97)), ((9, 20), (300, 211))])
def test_background_is_enlarged_by_the_same_factor(rng, shape, background_shape):
    trimap = np.full(shape, 128, np.uint8)
    foreground = np.zeros((*shape, 3), np.uint8)
    background = rng.integers(0, 256, (*background_shape, 3), dtype=np.uint8)
    ratio = 1.1 * 32 / shape[0]
    size = int(background_shape[1] * ratio), int(background_shape[0] * ratio)
    whole = cv2.resize(background, size, interpolation=cv2.INTER_CUBIC)
    result = crop(foreground, trimap, trimap, background, 32, Scripted([37]))[3]
    left = 37 % (int(shape[1] * ratio) - 32)
    top = 37 // (int(shape[1] * ratio) - 32)
    np.testing.assert_array_equal(result, whole[top : top + 32, left : left + 32])


def test_without_unknown_region_everything_is_resized(rng):
    foreground, alpha, trimap, background = layers_of(rng, 64, 96)
    results = crop(foreground, alpha, trimap, background, 32, Scripted([]))
    np.testing.assert_array_equal(results[0], foreground[::2, ::3])
    np.testing.assert_array_equal(results[1], alpha[::2, ::3])
    assert results[3].shape == (32, 32, 3)


@pytest.mark.parametrize("size", [15, 0, -32, 32.0, None])
def test_bad_crop_size(rng, size):
    with pytest.raises(ValueError, match=r"`size` of a crop must be an integer of at least 16 pixels. Received: "):
        crop(*layers_of(rng, 64, 64), size, rng)


def jitter_by_hand(foreground, alpha, hue, saturation, value):
    hsv = np.apply_along_axis(lambda rgb: colorsys.rgb_to_hsv(*rgb), -1, foreground / 255)
    means = hsv[alpha > 0].mean(axis=0)
    for row, column in np.ndindex(alpha.shape):
        h, s, v = hsv[row, column]
        s = abs(s + saturation * (1.1 - means[1]) / 5 - (1.1 - means[1]) / 10)
        v = abs(v + value * (1.1 - means[2]) / 5 - (1.1 - means[2]) / 10)
        s, v = (2 - x if x > 1 else x for x in (s, v))
        hsv[row, column] = colorsys.hsv_to_rgb((h + hue / 360) % 1, s, v)
    return hsv * 255


def test_jitter_golden(data_steps):
    arrays, settings = data_steps
    for case in settings["G8_jitter"]:
        foreground, alpha, expected = (arrays[f"G8_{case['id']}_{name}"] for name in ("fg_bgr", "alpha", "fg_out"))
        result = jitter(foreground[..., ::-1], alpha, case["hue_jitter"], case["rand_sat"], case["rand_val"])
        assert result.dtype == np.float32
        np.testing.assert_allclose(result, expected[..., ::-1], atol=1e-3)


@pytest.mark.parametrize(
    ("hue", "saturation", "value"), [(0, 0.5, 0.5), (0, 1, 0), (0, 0, 1), (39, 0.3, 0.9), (-40, 0.99, 0.01)]
)
def test_jitter_by_hand(rng, hue, saturation, value):
    foreground = rng.integers(0, 256, (9, 8, 3), dtype=np.uint8)
    foreground[:2, :2] = [[0, 0, 0], [255, 255, 255]]
    alpha = np.maximum(rng.uniform(-1, 1, (9, 8)), 0)
    before = foreground.copy()
    result = jitter(foreground, alpha, hue, saturation, value)
    np.testing.assert_allclose(result, jitter_by_hand(foreground, alpha, hue, saturation, value), atol=1e-3)
    np.testing.assert_array_equal(foreground, before)
    # Where there is nothing to see, it remains as it is.
    nothing = jitter(foreground, 0 * alpha, hue, saturation, value)
    assert nothing.dtype == np.float32
    np.testing.assert_array_equal(nothing, foreground)


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
def test_tensors_by_hand(rng, dtype):
    foreground, background = (rng.uniform(0, 255, (2, 3, 3)).astype(dtype) for _ in range(2))
    alpha = rng.random((2, 3))
    trimap = np.uint8([[0, 128, 255], [255, 128, 128]])
    inputs, target = training_tensors(foreground, background, alpha, np.uint8([[24, 128, 254], [231, 25, 230]]))
    for row, column in np.ndindex(alpha.shape):
        a, fg, bg = alpha[row, column], foreground[row, column] / 255, background[row, column] / 255
        image = a * fg + (1 - a) * bg
        unknown = float(trimap[row, column] == 128)
        np.testing.assert_allclose(target[row, column], [a, unknown, *fg, *bg, *image], atol=1e-6)
        normalised = (image - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225]
        np.testing.assert_allclose(inputs[row, column], [*normalised, trimap[row, column] / 255], atol=2e-6)
