"""Synthetic matting pictures: the same for the same seed, in range, varied, and with the mattes that they promise."""

import cv2
import numpy as np
import pytest

from a2u_tf.data.matting import synthetic
from a2u_tf.data.matting.synthetic import SyntheticSource, layers, noise, source, strands
from a2u_tf.data.matting.synthetic.backgrounds import KINDS as BACKGROUNDS
from a2u_tf.data.matting.synthetic.blur import blur_focus, blur_motion
from a2u_tf.data.matting.synthetic.bodies import ellipse, melt
from a2u_tf.data.matting.synthetic.textures import cloudy, dead_leaves

SIZE, COUNT = 160, 10
# For every kind: the least median share of pixels between 0.02 and 0.98, the least median share above 0.98, and the
# least greatest alpha of any picture.
PROMISES = {
    "hair": (0.05, 0.15, 0.98),
    "fur": (0.02, 0.10, 0.95),
    "plant": (0.02, 0.002, 0.6),
    "objects": (0.004, 0.05, 0.95),
    "wicker": (0.04, 0.002, 0.5),
    "lace": (0.15, 0.0, 0.6),
    "net": (0.08, 0.001, 0.7),
    "veil": (0.2, 0.0, 0.35),
    "bubbles": (0.1, 0.0, 0.5),
    "glass": (0.08, 0.0, 0.3),
    "smoke": (0.1, 0.0, 0.55),
}


@pytest.fixture(scope="module")
def pictures():
    """`COUNT` foregrounds of every kind."""
    drawer = SyntheticSource(SIZE)
    return {
        name: [drawer._draw(np.random.default_rng([5, index]), name) for index in range(COUNT)] for name in source.KINDS
    }


def test_every_kind_has_a_promise_and_shares_sum_to_one():
    assert set(PROMISES) == set(source.KINDS)
    assert sum(share for _, share in source.KINDS.values()) == pytest.approx(1)
    assert set(source.BLURRED) <= set(source.KINDS)


@pytest.mark.parametrize("name", PROMISES)
def test_kind_keeps_its_promise(pictures, name):
    between, solid, greatest = PROMISES[name]
    mattes = [alpha for _, alpha in pictures[name]]
    assert np.median([((alpha > 0.02) & (alpha < 0.98)).mean() for alpha in mattes]) > between
    assert np.median([(alpha > 0.98).mean() for alpha in mattes]) >= solid
    assert min(alpha.max() for alpha in mattes) > greatest
    for alpha in mattes:
        assert (alpha > 0.02).mean() > 0.01  # never empty
        assert (alpha == 0).mean() > 0.02  # never all of the picture


@pytest.mark.parametrize("name", PROMISES)
def test_shapes_dtypes_and_ranges(pictures, name):
    for rgb, alpha in pictures[name]:
        assert rgb.dtype == np.uint8
        assert alpha.dtype == np.float32
        assert rgb.shape == (*alpha.shape, 3)
        assert np.isfinite(alpha).all()
        assert alpha.min() >= 0
        assert alpha.max() <= 1
        assert all(0.8 * SIZE < length < 1.25 * SIZE for length in alpha.shape)


@pytest.mark.parametrize("name", PROMISES)
def test_pictures_of_a_kind_differ(pictures, name):
    thumbnails = [cv2.resize(alpha, (8, 8), interpolation=cv2.INTER_AREA) for _, alpha in pictures[name]]
    for index, first in enumerate(thumbnails):
        for second in thumbnails[index + 1 :]:
            assert np.abs(first - second).mean() > 1e-3


@pytest.mark.parametrize("name", ["hair", "fur", "plant", "objects"])
def test_no_dark_halo(pictures, name):
    """Where a pixel is covered a little, and outside, its colour is its surroundings' and not mixed with black."""
    for rgb, alpha in pictures[name]:
        near = cv2.dilate((alpha > 0.9).astype(np.uint8), np.ones((5, 5))) > 0
        faint = near & (alpha < 0.3)
        covered = near & (alpha > 0.9)
        if faint.sum() > 50:
            assert rgb[faint].mean() > 0.5 * rgb[covered].mean()


def test_same_state_gives_the_same_bits_and_seeds_differ():
    drawer = SyntheticSource(96)
    draws = []
    for seed in (3, 3, 4):
        rng = np.random.default_rng(seed)
        draws.append([*drawer.foreground(rng), drawer.background(rng), *drawer.foreground(rng)])
    for first, second in zip(draws[0], draws[1], strict=True):
        np.testing.assert_array_equal(first, second)
    assert not np.array_equal(draws[0][0], draws[0][3])
    assert not np.array_equal(draws[0][0], draws[2][0])
    assert not np.array_equal(draws[0][2], draws[2][2])


def test_global_random_state_is_left_alone():
    np.random.seed(0)
    expected = np.random.random(3)
    np.random.seed(0)
    drawer = SyntheticSource(64)
    drawer.foreground(np.random.default_rng(1))
    drawer.background(np.random.default_rng(1))
    np.testing.assert_array_equal(np.random.random(3), expected)


def test_source_draws_every_kind(monkeypatch):
    drawn = []
    monkeypatch.setattr(SyntheticSource, "_draw", lambda self, rng, name: drawn.append(name))
    rng = np.random.default_rng(0)
    for _ in range(1000):
        SyntheticSource().foreground(rng)
    for name, (_, share) in source.KINDS.items():
        assert drawn.count(name) / 1000 == pytest.approx(share, abs=0.05)
        assert name in drawn


def test_pictures_are_upright_and_lengthwise():
    rng = np.random.default_rng(0)
    shapes = np.array([SyntheticSource(512)._shape(rng) for _ in range(200)])
    assert shapes.min() >= 427
    assert shapes.max() <= 614
    np.testing.assert_allclose(shapes.prod(axis=1), 512**2, rtol=0.01)
    assert (shapes[:, 0] > shapes[:, 1]).mean() == pytest.approx(0.5, abs=0.1)


@pytest.mark.parametrize("name", BACKGROUNDS)
def test_backgrounds(name, monkeypatch):
    for other in set(BACKGROUNDS) - {name}:
        monkeypatch.delitem(BACKGROUNDS, other)
    drawer = SyntheticSource(97)
    images = [drawer.background(np.random.default_rng(seed)) for seed in range(4)]
    for image in images:
        assert image.dtype == np.uint8
        assert image.ndim == 3
        assert image.shape[2] == 3
        assert 2 < image.mean() < 253
    assert len({image.tobytes() for image in images}) == 4


def test_natural_statistics():
    """Amplitude falls as about `1 / f`, as in photographs: the slope of log power over log frequency is near -2."""
    slopes = []
    for draw in (cloudy, dead_leaves):
        power = 0
        for seed in range(6):
            grey = draw(np.random.default_rng(seed), 128, 128).mean(axis=2)
            window = np.hanning(128)[:, None] * np.hanning(128)
            power = power + np.abs(np.fft.fft2((grey - grey.mean()) * window)) ** 2
        radius = np.rint(np.hypot(*np.meshgrid(np.fft.fftfreq(128), np.fft.fftfreq(128))) * 128).astype(int)
        profile = np.bincount(radius.ravel(), power.ravel()) / np.bincount(radius.ravel())
        slopes.append(np.polyfit(np.log(np.arange(3, 40)), np.log(profile[3:40]), 1)[0])
    assert all(-3.8 < slope < -1.5 for slope in slopes)


def test_smooth_noise_has_its_variance_and_scale():
    for cell in (2, 7, 20):
        field = noise.smooth_noise(np.random.default_rng(0), 300, 300, cell)
        assert abs(field.mean()) < 0.2
        assert 0.6 < field.std() < 1.2
        apart = np.corrcoef(field[:, : -2 * cell].ravel(), field[:, 2 * cell :].ravel())[0, 1]
        near = np.corrcoef(field[:, :-1].ravel(), field[:, 1:].ravel())[0, 1]
        assert near > 0.6
        assert abs(apart) < 0.3


def test_coverage_is_the_area():
    """A rectangle with borders between pixels covers every pixel by its share; it is drawn 1/8 larger on each side."""
    left, top, right, bottom = 3.0, 4.25, 9.5, 12.0
    mask = layers.draw_mask(20, 16, [np.array([(left, top), (right, top), (right, bottom), (left, bottom)])])
    left, top, right, bottom = left - 1 / 8, top - 1 / 8, right + 1 / 8, bottom + 1 / 8
    # Pixel x covers [x - 0.5, x + 0.5].
    columns = np.clip(np.minimum(np.arange(16) + 0.5, right) - np.maximum(np.arange(16) - 0.5, left), 0, 1)
    rows = np.clip(np.minimum(np.arange(20) + 0.5, bottom) - np.maximum(np.arange(20) - 0.5, top), 0, 1)
    np.testing.assert_allclose(mask, rows[:, None] * columns, atol=0.13)
    assert mask.sum() == pytest.approx((right - left) * (bottom - top), rel=0.01)


@pytest.mark.parametrize("width", [0.15, 0.5, 1.0, 2.5])
def test_strand_covers_its_width(width):
    curve = np.stack([np.linspace(5, 45, 9), np.linspace(10.3, 18.7, 9)], axis=1)[None]
    group = strands.ribbons(curve, np.array([width]), np.ones((1, 3)), taper=0)
    layer = strands.draw_strands(30, 50, group)
    length = np.hypot(40, 8.4)
    assert layer[..., 3].sum() == pytest.approx(length * width, rel=0.25)


def test_strand_tapers():
    curve = np.stack([np.linspace(2, 60, 9), np.full(9, 8.0)], axis=1)[None]
    alpha = strands.draw_strands(17, 64, strands.ribbons(curve, np.array([4.0]), np.ones((1, 3)), taper=1))[..., 3]
    coverage = alpha.sum(axis=0)
    assert coverage[4] == pytest.approx(4, abs=0.5)
    assert coverage[31] == pytest.approx(2, abs=0.4)
    assert coverage[56] < 0.6


def test_drawing_a_part_of_the_canvas_changes_nothing():
    """What lies outside is cut off, and a drawing in a corner is the same as beside others."""
    triangle = np.array([(2.0, 3.0), (9.0, 5.0), (4.0, 11.0)])
    alone = layers.draw_polygons(24, 24, [triangle], [(1.0, 0.5, 0.0)])
    crowd = layers.draw_polygons(24, 24, [triangle, triangle + 30, triangle - 40, triangle + 12], np.full((4, 3), 0.5))
    np.testing.assert_array_equal(alone[:12, :12, 3], crowd[:12, :12, 3])
    assert not layers.draw_polygons(24, 24, [triangle + 50], [(1, 1, 1)]).any()
    assert not layers.draw_polygons(24, 24, [], np.zeros((0, 3))).any()


def test_over_is_porter_and_duff(rng):
    front, back = (rng.random((5, 7, 4)).astype(np.float32) for _ in range(2))
    np.testing.assert_allclose(layers.over(front, back), front + back * (1 - front[..., 3:]), atol=1e-6)


def test_straight_colours_compose_as_the_layer_does(rng):
    layer = layers.draw_polygons(
        41, 53, [ellipse(25, 20, 9, 14), ellipse(30, 20, 4, 3)], [(0.9, 0.2, 0.4), (0, 1, 0)], 1.5
    )
    rgb, alpha = layers.straighten(layer)
    behind = rng.random((41, 53, 3))
    expected = layer[..., :3] + behind * (1 - layer[..., 3:])
    received = rgb / 255 * alpha[..., None] + behind * (1 - alpha[..., None])
    np.testing.assert_allclose(received, expected, atol=1 / 255)
    assert alpha[0, 0] == 0
    assert rgb[0, 0].max() > 100  # the far corner has a colour of the ellipses, too


def test_soft_edge_is_as_wide_as_asked():
    disc = [ellipse(60, 60, 40, 40, points=90)]
    for softness in (4.0, 12.0):
        profile = melt(121, 121, disc, 3.0, softness)[60, 60:]
        assert profile[0] == 1
        assert profile[-1] == 0
        assert ((profile > 0.02) & (profile < 0.98)).sum() == pytest.approx(softness, abs=0.5 * softness)


@pytest.mark.parametrize("blur", [blur_motion, blur_focus])
def test_blur_keeps_mass_and_softens(blur):
    sharp = layers.draw_polygons(128, 128, [ellipse(64, 64, 25, 25)], [(1, 1, 1)])
    for seed in range(6):
        blurred = blur(np.random.default_rng(seed), sharp)
        assert blurred[..., 3].sum() == pytest.approx(sharp[..., 3].sum(), rel=0.15)
        between = [((layer[..., 3] > 0.02) & (layer[..., 3] < 0.98)).sum() for layer in (sharp, blurred)]
        assert between[1] > between[0]
        np.testing.assert_allclose(blurred[..., 0], blurred[..., 3], atol=1e-5)  # white stays white


@pytest.mark.parametrize("size", [63, 0, -512, 512.0, "512", None, True])
def test_bad_size(size):
    with pytest.raises(ValueError, match=r"`size` must be an integer of at least 64. Received: "):
        SyntheticSource(size)


@pytest.mark.parametrize("rng", [None, 3, np.random.RandomState(0), np.random])
def test_bad_generator(rng):
    drawer = SyntheticSource()
    for draw in (drawer.foreground, drawer.background):
        with pytest.raises(TypeError, match=r"`rng` must be a numpy.random.Generator"):
            draw(rng)


def test_public_name():
    assert synthetic.__all__ == ["SyntheticSource"]
