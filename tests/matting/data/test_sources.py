"""Sources: which files they read, and with which probability."""

import cv2
import numpy as np
import pytest

from a2u_tf.matting.data.sources import MixedSource, PictureSource, RecolouredSource
from a2u_tf.matting.pictures import TrainingForeground, write_alpha
from tests.matting.pictures.files import jpeg, png


@pytest.fixture
def files(tmp_path, rng):
    """An RGBA foreground, one with a matte of its own, and a background; with what they hold."""
    rgba = rng.integers(0, 256, (6, 8, 4), dtype=np.uint8)
    colours = rng.integers(0, 256, (5, 7, 3), dtype=np.uint8)
    alpha = rng.random((5, 7)).astype(np.float32)
    background = rng.integers(0, 256, (40, 30, 3), dtype=np.uint8)
    (tmp_path / "rgba.png").write_bytes(png(rgba, 6))
    (tmp_path / "colours.png").write_bytes(png(colours, 2))
    (tmp_path / "background.png").write_bytes(png(background, 2))
    write_alpha(tmp_path / "alpha.png", alpha, bits=16)
    foregrounds = [
        TrainingForeground("rgba", tmp_path / "rgba.png", None),
        TrainingForeground("colours", tmp_path / "colours.png", tmp_path / "alpha.png"),
    ]
    return foregrounds, [tmp_path / "background.png"], (rgba, colours, alpha, background)


def test_picture_source(files, rng):
    foregrounds, backgrounds, (rgba, colours, alpha, background) = files
    source = PictureSource(foregrounds, backgrounds)
    np.testing.assert_array_equal(source.background(rng), background)
    expected = {(6, 8): (rgba[..., :3], rgba[..., 3] / 255), (5, 7): (colours, alpha)}
    seen = []
    for _ in range(60):
        rgb, matte = source.foreground(rng)
        np.testing.assert_array_equal(rgb, expected[matte.shape][0])
        np.testing.assert_allclose(matte, expected[matte.shape][1], atol=1e-5)
        assert (rgb.dtype, matte.dtype) == (np.uint8, np.float32)
        seen.append(matte.shape)
    assert 15 < seen.count((5, 7)) < 45


def test_alpha_channel_beside_a_matte_is_ignored(files, rng):
    foregrounds, backgrounds, (rgba, *_) = files
    both = TrainingForeground("both", foregrounds[0].colours, foregrounds[0].colours.with_name("matte.png"))
    write_alpha(both.alpha, np.ones((6, 8)))
    rgb, alpha = PictureSource([both], backgrounds).foreground(rng)
    np.testing.assert_array_equal(rgb, rgba[..., :3])
    np.testing.assert_array_equal(alpha, 1)


def test_recoloured_source(files, rng):
    foregrounds, backgrounds, (rgba, _, _, background) = files
    source = RecolouredSource(foregrounds[:1], backgrounds)
    plain = 0
    for _ in range(60):
        rgb, alpha = source.foreground(rng)
        assert (rgb.shape, rgb.dtype) == ((6, 8, 3), np.uint8)
        np.testing.assert_array_equal(alpha, (rgba[..., 3] / 255).astype(np.float32))
        plain += (rgb == rgb[0, 0]).all()
    assert 15 < plain < 45
    np.testing.assert_array_equal(source.background(rng), background)


def test_recoloured_source_shows_parts_of_the_background(files, rng):
    """A picture of rows: a part of it has rows, too, in the same order."""
    foregrounds, backgrounds, _ = files
    cv2.imwrite(str(backgrounds[0]), np.repeat(np.arange(40, 240, dtype=np.uint8), 50).reshape(200, 50))
    source = RecolouredSource(foregrounds[:1], backgrounds)
    pictures = [rgb for rgb, _ in (source.foreground(rng) for _ in range(60)) if (rgb[0] != rgb[-1]).any()]
    for rgb in pictures:
        assert (np.diff(rgb.astype(int), axis=0) > 0).all()
        assert np.ptp(rgb, axis=1).max() <= 1
    extents = [np.ptp(rgb) for rgb in pictures]
    assert 40 < min(extents) < 100 < max(extents) < 200


class Named:
    def __init__(self, name):
        self.foreground = self.background = lambda rng: name


def test_mixed_source(rng):
    source = MixedSource([Named("a"), Named("b"), Named("c")], [1, 3, 6])
    pairs = [(source.foreground(rng), source.background(rng)) for _ in range(1000)]
    for names in zip(*pairs, strict=True):
        np.testing.assert_allclose([names.count(name) / 1000 for name in "abc"], [0.1, 0.3, 0.6], atol=0.05)
    assert len(set(pairs)) == 9


def test_bad_arguments(files):
    foregrounds, backgrounds, _ = files
    with pytest.raises(ValueError, match=r"`foregrounds` must not be empty. Received: foregrounds=\[\]"):
        PictureSource([], backgrounds)
    with pytest.raises(ValueError, match="`backgrounds` must not be empty"):
        RecolouredSource(foregrounds, [])
    for sources, weights in (([], []), ([Named("a")], [1, 2]), ([Named("a")], [0]), ([Named("a")], 1)):
        with pytest.raises(ValueError, match=r"one positive number for each of `sources`.*weights="):
            MixedSource(sources, weights)


def test_damaged_file_is_named(files, rng):
    foregrounds, backgrounds, _ = files
    backgrounds[0].write_bytes(jpeg(np.zeros((9, 9, 3), np.uint8))[:-9])
    with pytest.raises(ValueError, match=r"background\.png is damaged or cut short"):
        PictureSource(foregrounds, backgrounds).background(rng)
