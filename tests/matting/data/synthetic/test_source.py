"""The source: the same for the same seed, in range, varied, and with the mattes that it promises."""

import itertools

import cv2
import numpy as np
import pytest

from a2u_tf.matting.data.synthetic import SyntheticSource, source

SIZE, COUNT = 160, 10
# For every kind: the least median share of pixels between 0.02 and 0.98, the least median share above 0.98, and the
# least greatest alpha of any picture.
PROMISES = {
    "hair": (0.05, 0.15, 0.98),
    "fur": (0.02, 0.10, 0.95),
    "arrangement": (0.01, 0.05, 0.95),
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


def test_a_kind_may_be_asked_for():
    drawer = SyntheticSource(64)
    asked, drawn = (call(np.random.default_rng(3), "wicker") for call in (drawer.foreground, drawer._draw))
    np.testing.assert_array_equal(asked[1], drawn[1])
    with pytest.raises(ValueError, match=r"`kind` must be one of \['objects'.*Received: 'dragon'"):
        drawer.foreground(np.random.default_rng(3), "dragon")


def test_every_kind_has_a_promise_and_shares_sum_to_one():
    assert set(PROMISES) == set(source.KINDS)
    assert sum(share for _, share in source.KINDS.values()) == pytest.approx(1)
    assert set(source.BLURRED) <= set(source.KINDS)


@pytest.mark.parametrize("name", PROMISES)
def test_kind_keeps_its_promise_in_pictures_that_differ(pictures, name):
    between, solid, greatest = PROMISES[name]
    mattes = [alpha for _, alpha in pictures[name]]
    assert np.median([((alpha > 0.02) & (alpha < 0.98)).mean() for alpha in mattes]) > between
    assert np.median([(alpha > 0.98).mean() for alpha in mattes]) >= solid
    assert min(alpha.max() for alpha in mattes) > greatest
    for rgb, alpha in pictures[name]:
        assert (alpha > 0.02).mean() > 0.01  # never empty
        assert (alpha == 0).mean() > 0.02  # never all of the picture
        assert (rgb.dtype, alpha.dtype) == (np.uint8, np.float32)
        assert rgb.shape == (*alpha.shape, 3)
        assert 0 <= alpha.min() <= alpha.max() <= 1
        assert all(0.8 * SIZE < length < 1.25 * SIZE for length in alpha.shape)
    thumbnails = [cv2.resize(alpha, (8, 8), interpolation=cv2.INTER_AREA) for alpha in mattes]
    least = min(np.abs(a - b).mean() for a, b in itertools.combinations(thumbnails, 2))
    assert least > (0.01 if name == "smoke" else 0.001)


@pytest.mark.parametrize("name", PROMISES)
def test_layers_of_a_kind(name):
    """What every drawing is before light is clipped, in pictures upright and lengthwise."""
    draw, _ = source.KINDS[name]
    for seed in range(8):
        height, width = ((97, 130), (128, 89))[seed % 2]
        layer = draw(np.random.default_rng(seed), height, width)
        assert layer.shape == (height, width, 4)
        assert layer.dtype == np.float32
        assert 0 <= layer[..., 3].min() <= layer[..., 3].max() <= 1 + 1e-5
        assert np.isfinite(layer).all()


@pytest.mark.parametrize("name", ["hair", "fur", "plant", "objects"])
def test_no_dark_halo(pictures, name):
    """Where a pixel is covered a little, and outside, its colour is its surroundings' and not mixed with black."""
    for rgb, alpha in pictures[name]:
        near = cv2.dilate((alpha > 0.9).astype(np.uint8), np.ones((5, 5))) > 0
        faint = near & (alpha < 0.3)
        if faint.sum() > 50:
            assert rgb[faint].mean() > 0.5 * rgb[near & (alpha > 0.9)].mean()


def test_same_state_gives_the_same_bits_and_seeds_differ():
    np.random.seed(0)
    expected = np.random.random(3)
    np.random.seed(0)
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
    # NumPy's global state is left alone.
    np.testing.assert_array_equal(np.random.random(3), expected)


def test_source_draws_every_kind(monkeypatch):
    drawn = []
    monkeypatch.setattr(SyntheticSource, "_draw", lambda self, rng, name: drawn.append(name))
    rng = np.random.default_rng(0)
    for _ in range(1000):
        SyntheticSource().foreground(rng)
    for name, (_, share) in source.KINDS.items():
        assert 0 < drawn.count(name) / 1000 == pytest.approx(share, abs=0.05)


def test_pictures_are_mirrored_half_of_the_time_and_blurred_as_often_as_told(monkeypatch):
    drawn = []

    def draw(rng, height, width):
        layer = np.zeros((height, width, 4), np.float32)
        layer[:, : width // 4] = 1
        return layer

    def blur(rng, layer):
        drawn.append("blurred")
        return layer

    monkeypatch.setattr(source.layers, "blur_motion", blur)
    monkeypatch.setattr(source.layers, "blur_focus", blur)
    monkeypatch.setitem(source.KINDS, "objects", (draw, 1.0))
    monkeypatch.setitem(source.KINDS, "smoke", (draw, 1.0))
    rng, drawer = np.random.default_rng(0), SyntheticSource(64)
    left = [drawer._draw(rng, "objects")[1][:, 0].mean() > 0.5 for _ in range(400)]
    assert np.mean(left) == pytest.approx(0.5, abs=0.08)
    assert len(drawn) / 400 == pytest.approx(source.BLURRED["objects"], abs=0.08)
    drawn.clear()
    for _ in range(50):
        drawer._draw(rng, "smoke")
    assert not drawn  # smoke has no edges that could be blurred


def test_pictures_are_upright_and_lengthwise(rng):
    assert SyntheticSource(np.int64(96)).size == 96
    shapes = np.array([SyntheticSource()._shape(rng) for _ in range(200)])
    assert shapes.min() >= 427
    assert shapes.max() <= 614
    np.testing.assert_allclose(shapes.prod(axis=1), 512**2, rtol=0.01)
    assert (shapes[:, 0] > shapes[:, 1]).mean() == pytest.approx(0.5, abs=0.1)


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


TEXTURES = ("cloudy", "grained", "striped", "checked", "spotted", "dead_leaves")


@pytest.mark.parametrize("shape", [(64, 64), (64, 97), (131, 65)])
@pytest.mark.parametrize("name", [*source.BACKGROUNDS, *TEXTURES])
def test_shapes_and_ranges_of_backgrounds_and_textures(name, shape):
    paint = getattr(source.textures, name) if name in TEXTURES else source.BACKGROUNDS[name]
    images = [paint(np.random.default_rng(seed), *shape) for seed in range(6)]
    assert len({image.tobytes() for image in images}) == 6
    for image in images:
        assert image.shape == (*shape, 3)
        assert image.dtype == np.float32
        assert np.isfinite(image).all()
        assert image.min() > -0.01
        assert 0.01 < image.mean() < 1.2  # light may be brighter than white
        assert image.std() > 0.003
        assert name not in TEXTURES or 0 <= image.min() <= image.max() <= 1


def test_background_draws_every_kind_sharp_or_out_of_focus(monkeypatch):
    """Noise stays as it is in about 45 of 100 pictures and is smoothed in the others."""
    drawn = []

    def draw(name):
        return lambda rng, height, width: drawn.append(name) or rng.random((height, width, 3), dtype=np.float32)

    for name in source.BACKGROUNDS:
        monkeypatch.setitem(source.BACKGROUNDS, name, draw(name))
    rng = np.random.default_rng(0)
    images = [SyntheticSource(64).background(rng) for _ in range(300)]
    assert {(image.shape[2], image.dtype) for image in images} == {(3, np.dtype(np.uint8))}
    sharp = [image.std() > 55 for image in images]
    assert set(drawn) == set(source.BACKGROUNDS)
    assert min(drawn.count(name) for name in source.BACKGROUNDS) > 20
    assert np.mean(sharp) == pytest.approx(0.45, abs=0.08)


def test_a_wall_is_smooth():
    for seed in range(6):
        image = source.plain(np.random.default_rng(seed), 96, 128)
        assert max(np.abs(np.diff(image, axis=axis)).max() for axis in (0, 1)) < 0.06


def test_sky_is_above():
    """It is brighter, on average, than the ground in the lower rows, and never yellow."""
    images = [source.landscape(np.random.default_rng(seed), 128, 120) for seed in range(12)]
    upper, lower = (np.array([image[rows] for image in images]) for rows in (slice(0, 16), slice(112, 128)))
    assert upper.mean() > lower.mean() + 0.1
    assert (upper[..., 2] > upper[..., 0] - 0.4).all()


def test_lights_are_round_and_cut_off_at_the_border(monkeypatch):
    """One light of radius 11 whose centre lies on the left border: half of a disc with a bright rim."""

    class Choosing:
        def uniform(self, low, high, size=None):
            return {0.1: 0.0, 0.01: 0.1, 0.7: 1.1, 0.15: 0.5}[low]

        def integers(self, *args):
            return 1 if len(args) == 2 else 0

        def random(self, size):
            return np.array([0.0, 0.5])

    monkeypatch.setattr(source, "cloudy", lambda rng, height, width: np.ones((height, width, 3), np.float32))
    monkeypatch.setattr(source.textures, "palette", lambda rng, count: np.ones((count, 3)))
    image = source.lights(Choosing(), 80, 100)[..., 0]
    y, x = np.indices((80, 100))
    distance = np.hypot(x, y - 40)
    assert image[distance < 8].min() > 0.35
    assert image[distance > 15].max() < 0.01
    assert image.sum() == pytest.approx(0.4 * np.pi * 11**2 / 2, rel=0.15)
    assert image[40, 8] > image[40, 0] > 0.7 * image[40, 8]


def test_a_hedge_covers_all_and_its_depth_is_dark():
    """What lies on top is brighter: leaves in the middle of brightness stand on darker gaps, all of them covered."""
    for seed in range(6):
        image = source.foliage(np.random.default_rng(seed), 96, 128).mean(axis=2)
        low, middle, high = np.quantile(image, [0.05, 0.5, 0.95])
        assert high > 1.5 * low
        assert (image < 0.5 * middle).mean() < 0.4


def test_a_room_has_a_wall_and_a_floor(monkeypatch):
    """In two even textures: the wall's is above and the floor's below, but for boxes before them."""
    tones = iter([0.2, 0.8] * 6)
    monkeypatch.setattr(source, "texture", lambda rng, *shape: np.full((*shape, 3), next(tones), np.float32))
    for seed in range(6):
        image = source.room(np.random.default_rng(seed), 100, 80)
        assert np.median(image[-5:]) >= 0.48  # 0.8, or a box's 0.6 of it
        assert (np.abs(image - 0.8) < 1e-3).mean() > 0.02
        assert (np.abs(image - 0.2) < 1e-3).mean() > 0.2


def test_light_falls_off_smoothly(monkeypatch):
    monkeypatch.setattr(source, "BACKGROUNDS", {"even": lambda rng, *shape: np.full((*shape, 3), 0.5, np.float32)})
    for seed in range(6):
        lit = SyntheticSource(97).background(np.random.default_rng(seed)).astype(np.float32) / 255
        assert lit.std() > 0.005
        assert 0.25 < lit.min() < lit.max() < 0.9
        assert np.abs(cv2.Laplacian(cv2.blur(lit[..., 0], (5, 5)), cv2.CV_32F)).max() < 0.02
        np.testing.assert_array_equal(lit[..., 0], lit[..., 2])
