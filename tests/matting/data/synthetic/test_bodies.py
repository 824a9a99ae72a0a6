"""Bodies: outlines of the promised size and place, soft edges and light; solid things with holes, and plaited ones."""

import cv2
import numpy as np
import pytest

from a2u_tf.matting.data.synthetic import bodies
from a2u_tf.matting.data.synthetic.bodies import ellipse, melt
from a2u_tf.matting.data.synthetic.layers import draw_mask
from tests.matting.data.synthetic.helpers import Choosing, area

HEIGHT, WIDTH = 140, 120


def _contains(polygon, point):
    return cv2.pointPolygonTest(np.float32(polygon)[:, None], tuple(map(float, point)), False) > 0


def _turns(polygon):
    """Return the angles by which a closed polygon turns at its corners."""
    steps = np.diff(polygon, axis=0, append=polygon[:1])
    heading = np.arctan2(steps[:, 1], steps[:, 0])
    return (np.diff(heading, append=heading[:1]) + np.pi) % (2 * np.pi) - np.pi


@pytest.fixture(scope="module")
def disc():
    return melt(96, 96, [ellipse(48, 48, 36, 36)], 2.0)


def test_soft_edge_is_as_wide_as_asked():
    disc = [ellipse(60, 60, 40, 40, points=90)]
    for softness in (4.0, 12.0):
        profile = melt(121, 121, disc, 3.0, softness)[60, 60:]
        assert profile[0] == 1
        assert profile[-1] == 0
        assert ((profile > 0.02) & (profile < 0.98)).sum() == pytest.approx(softness, abs=0.5 * softness)


@pytest.mark.parametrize("angle", [0.0, 0.7, -2.0])
def test_ellipse_has_its_area_and_centre_and_is_turned_by_its_angle(angle):
    """Its long axis points from x towards y by the angle, as the points' covariance tells."""
    outline = ellipse(30, -12, 9, 4, angle, points=720)
    assert outline.shape == (720, 2)
    assert area(outline) == pytest.approx(np.pi * 9 * 4, rel=1e-3)
    np.testing.assert_allclose(outline.mean(axis=0), (30, -12), atol=1e-9)
    variances, axes = np.linalg.eigh(np.cov(outline.T))
    np.testing.assert_allclose(np.sqrt(2 * variances), (4, 9), rtol=0.01)
    assert abs(axes[:, 1] @ (np.cos(angle), np.sin(angle))) == pytest.approx(1)


@pytest.mark.parametrize("end", [(60, 20), (20, 60), (-5, -30), (20.5, 5)])
def test_limb_has_its_ends_and_widths(end):
    start, end = np.array([20.0, 20]), np.array(end, float)
    outline = bodies.limb(start, end, 8, 5)
    assert _contains(outline, start)
    assert _contains(outline, end)
    along = (end - start) / np.linalg.norm(end - start)
    for place, width in ((start, 8), (end, 5)):
        side = (outline - place) @ np.array([-along[1], along[0]])
        near = np.abs((outline - place) @ along) < 1e-6
        np.testing.assert_allclose(np.sort(side[near]), (-width / 2, width / 2), atol=1e-6)
    reach = (outline - start) @ along
    assert reach.min() == pytest.approx(-4)
    assert reach.max() == pytest.approx(np.linalg.norm(end - start) + 2.5)
    # A trapezium and two half discs of eight chords.
    expected = np.linalg.norm(end - start) * 6.5 + np.pi / 2 * (4**2 + 2.5**2)
    assert area(outline) == pytest.approx(expected, rel=0.01)


@pytest.mark.parametrize("seed", range(8))
def test_blob_has_its_size_and_lies_round_its_point(seed):
    smooth = bodies.blob(np.random.default_rng(seed), 50, 40, 20, roughness=0)
    assert area(smooth) == pytest.approx(np.pi * 20**2, rel=0.01)
    np.testing.assert_allclose(smooth.mean(axis=0), (50, 40), atol=1e-9)
    rough = bodies.blob(np.random.default_rng(seed), 50, 40, 20)
    assert area(rough) == pytest.approx(np.pi * 20**2, rel=0.35)
    assert _contains(rough, (50, 40))
    assert _turns(rough).sum() == pytest.approx(2 * np.pi * np.sign(_turns(rough).sum()))  # once round
    assert np.abs(_turns(rough)).max() < 1.0  # without corners


@pytest.mark.parametrize("smoothing", [1.5, 12.0])
def test_melt_is_the_union(smoothing):
    """Two ellipses that overlap are one body, covered once and as large as their union."""
    parts = [ellipse(60, 80, 40, 45), ellipse(95, 80, 45, 35)]
    body = melt(160, 160, parts, smoothing)
    union = draw_mask(160, 160, parts)
    assert body.dtype == np.float32
    assert body.min() == 0
    assert body.max() == 1
    assert (body[60:100, 40:120] == 1).all()
    assert body.sum() == pytest.approx(union.sum(), rel=0.08)
    assert np.abs(body - union).mean() < 0.03


def test_melt_rounds_corners_and_fills_notches():
    square = np.array([(30.0, 30), (90, 30), (90, 90), (30, 90)])
    body = melt(120, 120, [square], 6.0)
    assert draw_mask(120, 120, [square])[31, 31] == 1
    assert body[31, 31] == 0
    assert body[60, 31] == 1  # the sides stay where they are
    assert body[60, 27] == 0
    notched = [(square - (30, 0)) * (0.5, 1) + (30 + left, 0) for left in (0, 31)]
    assert melt(120, 120, notched, 6.0)[45:75, 60].min() == 1
    # What covers all stays closed at the border.
    assert (melt(40, 50, [np.array([(-90.0, -90), (150, -90), (150, 150), (-90, 150)])], 5.0) == 1).all()


@pytest.mark.parametrize("shape", [(160, 130), (97, 150)])
def test_animals_are_in_the_picture_and_in_one_piece(shape):
    height, width = shape
    shares = []
    for seed in range(30):
        parts = bodies.animal(np.random.default_rng(seed), height, width)
        everything = draw_mask(3 * height, 3 * width, [part + np.array([width, height]) for part in parts])
        inside = everything[height : 2 * height, width : 2 * width]
        shares.append(inside.sum() / everything.sum())
        assert 0.04 < inside.mean() < 0.85
        pieces, _ = cv2.connectedComponents((everything > 0.5).astype(np.uint8))
        assert pieces == 2  # the background and the animal
    assert np.median(shares) > 0.8  # as in photographs, the border cuts some
    assert min(shares) > 0.5


def test_shading_is_about_1_and_brighter_above(disc):
    """Light falls from above, from the left or from the right: the cushion's upper flank is the brighter one."""
    means, above = [], []
    for seed in range(40):
        field = bodies.shading(np.random.default_rng(seed), disc)
        assert field.shape == disc.shape
        assert field.dtype == np.float32
        assert field.min() > 0
        means.append(field[disc > 0.5].mean())
        above.append(field[16:24, 40:56].mean() - field[72:80, 40:56].mean())
    assert np.mean(means) == pytest.approx(1, abs=0.2)
    assert 0.5 < min(means) < max(means) < 1.4
    assert np.mean(np.array(above) > 0) > 0.85
    assert np.mean(above) > 0.1


def test_cushion_is_flat_beyond_its_depth(disc):
    """With a small depth only the rim is curved; the middle is lit evenly but for the bumps."""
    for seed in range(5):
        flat, round_ = (bodies.shading(np.random.default_rng(seed), disc, depth)[28:68, 28:68] for depth in (5.0, 36.0))
        assert flat.std() < 0.8 * round_.std()


def test_solid_has_the_masks_alpha_and_its_colour(disc):
    layer = bodies.solid(np.random.default_rng(0), disc, (0.8, 0.4, 0.2))
    np.testing.assert_array_equal(layer[..., 3], disc)
    inside = disc > 0.5
    np.testing.assert_allclose(layer[inside][:, 0], 2 * layer[inside][:, 1], rtol=1e-5)
    np.testing.assert_allclose(layer[inside][:, 1], 2 * layer[inside][:, 2], rtol=1e-5)
    texture = np.zeros((96, 96, 3), np.float32)
    texture[:, 48:] = 0.5
    painted = bodies.solid(np.random.default_rng(0), disc, texture)
    assert not painted[:, :48, :3].any()
    assert painted[40:56, 50:80, :3].min() > 0.05


def _edge(mask):
    """Return the pixels within one and a half of the border between inside and outside."""
    inside = (mask > 0.5).astype(np.uint8)
    return cv2.dilate(inside, np.ones((3, 3), np.uint8)) != cv2.erode(inside, np.ones((3, 3), np.uint8))


def test_objects_are_opaque_with_edges_of_a_pixel():
    for seed in range(12):
        alpha = bodies.objects(np.random.default_rng(seed), HEIGHT, WIDTH)[..., 3]
        between = (alpha > 0.02) & (alpha < 0.98)
        assert between.any()
        assert between[_edge(alpha)].sum() > 0.9 * between.sum()  # nothing is half transparent but the edge
        assert 0.02 < (alpha >= 0.98).mean() < 0.95


@pytest.mark.parametrize("kind", range(5))
def test_silhouettes_of_every_kind(kind):
    pierced = []
    for seed in range(8):
        mask = bodies._silhouette(Choosing(seed, integers=kind), HEIGHT, WIDTH, 1)
        assert 0 <= mask.min() <= mask.max() == 1
        assert 0.01 < mask.mean() < 0.9
        between = (mask > 0) & (mask < 1)
        assert between[_edge(mask)].sum() > 0.9 * between.sum()
        framed = cv2.copyMakeBorder((mask < 0.5).astype(np.uint8), 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=1)
        pierced.append(cv2.connectedComponents(framed)[0] > 2)  # more than inside and outside
    if kind == 1:
        assert not any(pierced)  # blobs
    if kind in (2, 4):
        assert any(pierced)  # stars and plates, half of them with a hole
        assert not all(pierced)


def test_many_objects_are_smaller_than_one():
    """Each of `count` objects has about its share of the area."""
    one, four = (
        [bodies._silhouette(Choosing(seed, integers=1), HEIGHT, WIDTH, count) for seed in range(12)] for count in (1, 4)
    )
    assert np.mean(four) == pytest.approx(np.mean(one) / 4, rel=0.3)


def test_wicker_is_a_disc_of_bars_with_holes():
    """Its bars differ in colour by depth and by light."""
    filled = []
    for seed in range(12):
        layer = bodies.wicker(np.random.default_rng(seed), HEIGHT, WIDTH)
        alpha = layer[..., 3]
        y, x = np.nonzero(alpha > 0.5)
        across, down = np.ptp(x) + 1, np.ptp(y) + 1
        assert across == pytest.approx(down, rel=0.25)  # a ball
        radius = max(across, down) / 2
        assert 0.2 * WIDTH < radius < 0.47 * WIDTH
        middle = np.array([(x.max() + x.min()) / 2, (y.max() + y.min()) / 2])
        rows, columns = np.indices(alpha.shape)
        away = np.hypot(columns - middle[0], rows - middle[1])
        assert not alpha[away > 1.25 * radius].any()
        filled.append((alpha[away < 0.9 * radius] > 0.5).mean())
        tones = layer[alpha > 0.95][:, :3].mean(axis=1)
        assert len(tones) < 100 or tones.std() > 0.1 * tones.mean()
    assert 0.1 < min(filled) < 0.7  # holes
    assert np.median(filled) < 0.98
