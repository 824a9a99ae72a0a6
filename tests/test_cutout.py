"""Pictures without their background."""

import importlib.util
import sys
import types

import numpy as np
import pytest

from a2u_tf.cutout import cover, estimate_foreground, lay_over, parse_colour
from a2u_tf.data.matting.pictures import read_alpha, read_rgb


def scene():
    """A red disc with a soft edge before blue."""
    rows, columns = np.indices((48, 64))
    alpha = np.clip((16 - np.hypot(rows - 24, columns - 32)) / 6 + 0.5, 0, 1).astype(np.float32)
    image = alpha[..., None] * [230, 50, 25] + (1 - alpha[..., None]) * [25, 50, 200]
    return np.rint(image).astype(np.uint8), alpha


@pytest.mark.slow
def test_colours_are_those_of_the_foreground():
    pytest.importorskip("pymatting", reason="needs a2u_tf[pymatting]")
    image, alpha = scene()
    colours = estimate_foreground(image, alpha)
    assert colours.dtype == np.float32
    np.testing.assert_array_equal(colours[alpha == 1], image[alpha == 1] / np.float32(255))
    halo = (alpha > 0.05) & (alpha < 0.95)
    wanted = np.array([230, 50, 25]) / 255
    assert np.abs(image[halo] / 255 - wanted).max() > 0.5
    np.testing.assert_allclose(colours[halo], np.broadcast_to(wanted, colours[halo].shape), atol=0.06)


@pytest.mark.slow
def test_no_old_background_around_fur(data_dir):
    pytest.importorskip("pymatting", reason="needs a2u_tf[pymatting]")
    folder = data_dir / "matting_lemur"
    if not folder.exists():
        pytest.skip(f"{folder} is not there")
    image, alpha = read_rgb(folder / "lemur.png"), read_alpha(folder / "lemur_alpha.png")
    colours = estimate_foreground(image, alpha)
    fur = (alpha > 0.05) & (alpha < 0.6) & (np.indices(alpha.shape)[0] < 110)  # white, before a dark green wood
    saturation = [np.ptp(picture[fur], axis=-1).mean() for picture in (image / 255, colours)]
    brightness = [picture[fur].mean() for picture in (image / 255, colours)]
    assert saturation[1] < 0.7 * saturation[0], saturation
    assert brightness[1] > brightness[0] + 0.15, brightness


def test_what_is_opaque_keeps_its_colours(monkeypatch):
    def estimate(image, alpha):
        return np.full_like(image, 0.25)

    monkeypatch.setitem(sys.modules, "pymatting", types.SimpleNamespace(estimate_foreground_ml=estimate))
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: name)
    image, alpha = scene()
    colours = estimate_foreground(image, alpha)
    np.testing.assert_array_equal(colours[alpha == 1], image[alpha == 1] / np.float32(255))
    assert (colours[alpha < 1] == 0.25).all()


def test_one_pixel(monkeypatch):
    monkeypatch.setitem(sys.modules, "pymatting", types.SimpleNamespace(estimate_foreground_ml=None))
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: name)
    colours = estimate_foreground(np.uint8([[[0, 51, 255]]]), np.float32([[0.5]]))
    np.testing.assert_allclose(colours, [[[0, 0.2, 1]]], atol=1e-7)


def test_without_pymatting(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ModuleNotFoundError, match=r"pip install 'a2u_tf\[pymatting\]'"):
        estimate_foreground(*scene())


def test_lay_over():
    colours = np.float32([[[1, 0.5, 0], [1, 0.5, 0], [1, 0.5, 0]]])
    result = lay_over(colours, np.float32([[0, 0.25, 1]]), np.uint8([[[0, 0, 255]]]))
    np.testing.assert_allclose(result, [[[0, 0, 1], [0.25, 0.125, 0.75], [1, 0.5, 0]]], atol=1e-6)
    assert result.dtype == np.float32


@pytest.mark.parametrize("size", [(10, 40), (40, 10), (7, 7), (1, 9), (60, 30), (200, 333)])
def test_cover(size):
    rows, columns = np.indices((60, 30))
    picture = np.dstack([4 * rows, 8 * columns, 0 * rows]).astype(np.uint8)
    result = cover(picture, size)
    assert result.shape == (*size, 3)
    # Nothing is stretched, the centre stays the centre and one side is whole.
    zoom = max(size[0] / 60, size[1] / 30)
    for axis, (channel, step, own) in enumerate(((0, 4, 60), (1, 8, 30))):
        line = result[..., channel].astype(float).mean(axis=1 - axis) / step
        assert abs(line.mean() - (own - 1) / 2) < 0.6 + 0.6 / zoom
        if min(size) > 5:
            assert abs(np.ptp(line) - size[axis] / zoom) < 1.5 + 1 / zoom


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("white", (255, 255, 255)),
        ("Green", (0, 128, 0)),
        ("#ff8000", (255, 128, 0)),
        ("#F80", (255, 136, 0)),
        ("#ff80", None),
        ("#gg8000", None),
        ("#ff 80", None),
        ("beach.png", None),
        ("", None),
    ],
)
def test_parse_colour(text, expected):
    colour = parse_colour(text)
    if expected is None:
        assert colour is None
    else:
        np.testing.assert_array_equal(colour, [[expected]])
        assert colour.dtype == np.uint8
