"""Hair and fur: every style grows from the head and hides what it should; fur roots in the body and grows outwards."""

import cv2
import numpy as np
import pytest

from a2u_tf.matting.data.synthetic import hair
from a2u_tf.matting.data.synthetic.bodies import ellipse, melt
from tests.matting.data.synthetic.helpers import curves_and_widths, lengths

HEIGHT, WIDTH = 160, 130
HEAD = (65.0, 64.0, 20.0, 25.0)
KINDS = sorted(set(hair.STYLES))


def _guides(style, seed, count=60):
    return hair._guides(np.random.default_rng(seed), HEIGHT, WIDTH, HEAD, style, count)


def _radius(points):
    """Return how far points lie from the centre of the head, 1 on its outline."""
    return np.hypot((points[..., 0] - HEAD[0]) / HEAD[2], (points[..., 1] - HEAD[1]) / HEAD[3])


@pytest.fixture(scope="module")
def heads_and_layers():
    """For every style, layers and the heads that they were drawn on."""
    drawn = {}
    with pytest.MonkeyPatch.context() as patch:
        heads = []
        person = hair._person

        def remember(rng, height, width, head, tone):
            heads.append(head)
            return person(rng, height, width, head, tone)

        patch.setattr(hair, "_person", remember)
        for style in KINDS:
            patch.setattr(hair, "STYLES", (style,))
            layers = [hair.hair(np.random.default_rng(seed), HEIGHT, WIDTH) for seed in range(4)]
            drawn[style] = list(zip(layers, heads, strict=True))
            heads.clear()
    return drawn


@pytest.mark.parametrize("style", KINDS)
def test_every_style_covers_the_head(heads_and_layers, style):
    y, x = np.indices((HEIGHT, WIDTH))
    for layer, (u, v, across, down) in heads_and_layers[style]:
        alpha = layer[..., 3]
        radius = np.hypot((x - u) / across, (y - v) / down)
        assert alpha[radius < 0.9].min() > 0.95
        # There is hair round the head, and it has thin places.
        around = alpha[(radius > 1.1) & (radius < 2) & (y < v)]
        assert (around > 0.1).mean() > 0.02
        assert ((around > 0.02) & (around < 0.98)).mean() > 0.02
        # Shoulders reach the lower border.
        assert alpha[-1, int(u) - 8 : int(u) + 9].min() > 0.95


@pytest.mark.parametrize("style", KINDS)
def test_guides_root_in_the_upper_head(style):
    for seed in range(5):
        guides = _guides(style, seed)
        assert (len(guides), guides.shape[2]) == (60, 2)
        roots = guides[:, 0]
        if style in ("short", "standing", "windy", "curly"):  # the others are laid aside or swung at their roots
            assert _radius(roots).max() < 1.01
            assert _radius(roots).min() > 0.55
            assert (roots[:, 1] < HEAD[1] + 0.3 * HEAD[3]).all()


def test_styles_have_their_lengths_and_directions():
    """In head heights: short hair is the shortest, long hair hangs, standing hair rises, wind blows aside."""
    guides = {style: [_guides(style, seed) for seed in range(12)] for style in KINDS}
    reach = {style: np.median([lengths(curves) for curves in drawn]) for style, drawn in guides.items()}
    fall = {
        style: np.median([(curves[:, -1] - curves[:, 0])[:, 1] for curves in drawn]) for style, drawn in guides.items()
    }
    assert reach["short"] == min(reach.values()) < 0.8 * HEAD[3]
    assert reach["long"] > 1.5 * HEAD[3]
    assert min(fall["long"], fall["wavy"]) > HEAD[3]
    assert fall["standing"] < -0.3 * HEAD[3]
    shares = []
    for seed in range(12):
        ends = guides["windy"][seed][:, -1, 0] - guides["windy"][seed][:, 0, 0]
        shares.append(max((ends > 0).mean(), (ends < 0).mean()))
        assert np.abs(ends).mean() > 0.7 * HEAD[3]
    assert np.median(shares) > 0.85  # nearly all one way


def test_curls_and_waves_swing_more_than_long_hair():
    def swing(style):
        """Return how much longer the curves are than straight lines in pieces of a third of their length."""
        ratios = []
        for seed in range(8):
            guides = _guides(style, seed)
            ratios.append(np.median(lengths(guides) / lengths(guides[:, :: (guides.shape[1] - 1) // 3])))
        return np.median(ratios)

    assert swing("curly") > swing("wavy") > swing("long") >= 1


def test_hanging_hair_lies_beside_the_face():
    for seed in range(6):
        ends = _guides("long", seed)[:, -4:]
        beside = np.abs(ends[..., 1] - HEAD[1]) < 0.8 * HEAD[3]
        level = beside & (ends[..., 1] > HEAD[1] + 0.25 * HEAD[3])  # fully laid aside from there on
        assert (np.abs(ends[..., 0] - HEAD[0])[level] > 0.95 * HEAD[2]).all()


@pytest.mark.parametrize("style", ["long", "curly"])
def test_locks_are_divided_into_those_before_and_behind(style):
    guides = _guides(style, 0)
    back, front = hair._locks(np.random.default_rng(0), guides, HEAD, style, 5)
    assert len(back) + len(front) == 60 * 5
    assert back.shape[1:] == front.shape[1:] == guides.shape[1:]
    assert len(back) > 50
    assert len(front) > 50
    assert front[:, 0, 1].mean() < back[:, 0, 1].mean()  # upper roots fall over the head


def test_flyaways_leave_the_mass():
    """They end further from the head than where they set out, and are thin."""
    gone = []
    for seed in range(10):
        guides = _guides("long", seed)
        outlines, colours = hair._flyaways(np.random.default_rng(seed), guides, HEAD, np.array([0.4, 0.3, 0.2]))
        assert 15 <= len(outlines) < 110
        assert 0 <= colours.min() <= colours.max() <= 1
        middle, widths = curves_and_widths(outlines)
        away = np.linalg.norm(middle - np.array(HEAD[:2]), axis=2)
        gone += list(away[:, -1] > away[:, 0])
        assert widths.max() <= 0.7
        nearest = np.linalg.norm(middle[:, :1, None] - guides[None, None], axis=-1).min(axis=(1, 2, 3))
        assert nearest.max() < 1e-6  # they set out from a lock
    assert np.mean(gone) > 0.9


def test_mass_is_the_locks_thick_beginning():
    guides = _guides("long", 0)
    groups = hair._mass(np.random.default_rng(0), guides, np.array([0.2, 0.1, 0.1]), "long", 25.0)
    (coarse, coarse_widths), (fine, fine_widths) = (curves_and_widths(outlines) for outlines, _ in groups)
    assert coarse_widths[:, 0].mean() > 2 * fine_widths[:, 0].mean() > 2  # coarse ones below finer ones
    assert all((colours[:, 3] == 1).all() for _, colours in groups)
    for curves in (coarse, fine):
        np.testing.assert_allclose(curves, guides[:, : curves.shape[1]], atol=1e-6)


FUR, LENGTH = (130, 150), 12.0


@pytest.fixture(scope="module")
def skin():
    return melt(*FUR, [ellipse(75, 65, 45, 35)], 1.5, 2.0)


@pytest.fixture(scope="module")
def roots(skin):
    """Points along the outline and in the whole body."""
    return hair._roots(np.random.default_rng(0), skin, 500, 400)


def _skin_radius(points):
    """Return how far points lie from the centre of the ellipse, 1 on its outline."""
    return np.hypot((points[..., 0] - 75) / 45, (points[..., 1] - 65) / 35)


def test_roots_lie_in_the_body_the_outermost_first(skin, roots):
    rim, inner = roots
    assert (rim.shape, inner.shape) == ((500, 2), (400, 2))
    for points in roots:
        assert _skin_radius(points).max() < 1.04
        radius = _skin_radius(points)
        assert np.corrcoef(radius, np.arange(len(radius)))[0, 1] < -0.5
    assert _skin_radius(rim).min() > 0.8  # along the outline
    assert (_skin_radius(inner) < 0.5).mean() == pytest.approx(0.25, abs=0.07)  # anywhere: by area
    assert (np.histogram(np.arctan2(rim[:, 1] - 65, rim[:, 0] - 75), 8, (-np.pi, np.pi))[0] > 20).all()
    # An empty body has none.
    assert all(len(none) == 0 for none in hair._roots(np.random.default_rng(0), 0 * skin, 10, 10))


def test_hairs_grow_outwards(skin, roots):
    """From the roots to the tips the distance to the body's centre grows, in nearly all hairs."""
    coat = np.full((*FUR, 3), 0.5, np.float32)
    outward, reached = [], []
    for seed in range(6):
        outlines, colours = hair._hairs(np.random.default_rng(seed), skin, coat, roots[0], LENGTH, 0.6)
        curves, _ = curves_and_widths(outlines)
        np.testing.assert_allclose(curves[:, 0], roots[0], atol=1e-6)
        outward.append(_skin_radius(curves[:, -1]) - _skin_radius(curves[:, 0]))
        reached.append(lengths(curves))
        assert colours.shape == (500, 4)
        assert 0 <= colours.min() <= colours.max() <= 1
    assert (np.array(outward) > 0).mean() > 0.9
    assert np.mean(outward) > 0.5 * LENGTH / 45
    assert np.median(reached) == pytest.approx(LENGTH, rel=0.3)


def test_hairs_have_the_colours_of_their_roots(skin, roots):
    coat = np.zeros((*FUR, 3), np.float32)
    coat[:, :75] = (0.6, 0.1, 0.1)
    coat[:, 75:] = (0.1, 0.1, 0.6)
    _, colours = hair._hairs(np.random.default_rng(0), skin, coat, roots[1], LENGTH, 0.6)
    left = roots[1][:, 0] < 75
    assert (colours[left, 0] > 2 * colours[left, 2]).all()
    assert (colours[~left, 2] > 2 * colours[~left, 0]).all()


def test_fur_covers_the_skin_and_reaches_beyond_it(monkeypatch):
    """With thin hairs: many more pixels between 0 and 1 than the one-pixel edge of a cut-out has."""
    beyond, shares, skins = [], [], []
    monkeypatch.setattr(hair, "melt", lambda *args, **settings: skins.append(melt(*args, **settings)) or skins[-1])
    for seed in range(8):
        alpha = hair.fur(np.random.default_rng(seed), *FUR)[..., 3]
        skin = skins[seed]
        assert (alpha >= skin - 1e-5).all()
        beyond.append((alpha[cv2.dilate(skin, np.ones((3, 3))) == 0] > 0.1).sum() / (skin > 0.5).sum())
        far = cv2.distanceTransform((skin < 0.5).astype(np.uint8), cv2.DIST_L2, 5) > 4 * 0.09 * FUR[0]
        assert not alpha[far].any()
        body = (skin > 0.5).astype(np.uint8)
        edge = (cv2.dilate(body, np.ones((3, 3), np.uint8)) - body).sum()
        shares.append(((alpha > 0.02) & (alpha < 0.98)).sum() / edge)
    assert min(beyond) > 0
    assert np.median(beyond) > 0.03
    assert np.median(shares) > 2


def test_buttons_lie_on_the_body(skin):
    for seed in range(8):
        layer = hair._buttons(np.random.default_rng(seed), *FUR, skin)
        assert layer[..., 3].max() > 0.9
        assert (layer[..., 3] <= skin + 1e-6).all()
        assert np.nonzero(layer[..., 3])[0].mean() < 65  # in its upper part
    assert not hair._buttons(np.random.default_rng(0), 40, 40, np.zeros((40, 40), np.float32)).any()
