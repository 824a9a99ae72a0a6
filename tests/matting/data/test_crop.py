"""Crops against those of the released model, and what a crop is centred on."""

import cv2
import numpy as np
import pytest

from a2u_tf.matting.data.crop import crop
from a2u_tf.matting.pictures import trimap_from_alpha


class Scripted:
    """Draws that are known beforehand."""

    def __init__(self, draws):
        self.draws = list(draws)

    def integers(self, high):
        assert 0 <= self.draws[0] < high
        return self.draws.pop(0)


def layers_of(rng, height, width, unknown=()):
    """Pictures whose pixels say where they came from; the trimap is unknown at the pixels `unknown`."""
    foreground, background = (rng.integers(0, 256, (height, width, 3), dtype=np.uint8) for _ in range(2))
    trimap = np.zeros((height, width), np.uint8)
    for row, column in unknown:
        trimap[row, column] = 128
    alpha = np.arange(height * width, dtype=np.float32).reshape(height, width)
    return foreground, alpha, trimap, background


def test_golden(data_steps):
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
    layers = layers_of(rng, 41, 50, pixels)
    corners = {divmod(int(crop(*layers, 32, rng)[1][0, 0]), 50) for _ in range(300)}
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
def test_bad_size(rng, size):
    with pytest.raises(ValueError, match=r"`size` of a crop must be an integer of at least 16 pixels. Received: "):
        crop(*layers_of(rng, 64, 64), size, rng)
