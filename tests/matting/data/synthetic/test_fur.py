"""Fur: hairs that root in the body and grow outwards, beyond the skin."""

import cv2
import numpy as np
import pytest

from a2u_tf.matting.data.synthetic import fur as module
from a2u_tf.matting.data.synthetic.bodies import ellipse, melt
from a2u_tf.matting.data.synthetic.fur import fur

HEIGHT, WIDTH, LENGTH = 130, 150, 12.0


@pytest.fixture(scope="module")
def skin():
    return melt(HEIGHT, WIDTH, [ellipse(75, 65, 45, 35)], 1.5, 2.0)


@pytest.fixture(scope="module")
def roots(skin):
    """Points along the outline and in the whole body."""
    return module._roots(np.random.default_rng(0), skin, 500, 400)


def _radius(points):
    """Return how far points lie from the centre of the ellipse, 1 on its outline."""
    return np.hypot((points[..., 0] - 75) / 45, (points[..., 1] - 65) / 35)


def test_roots_lie_in_the_body_the_outermost_first(skin, roots):
    rim, inner = roots
    assert (rim.shape, inner.shape) == ((500, 2), (400, 2))
    for points in roots:
        assert _radius(points).max() < 1.04
        radius = _radius(points)
        assert np.corrcoef(radius, np.arange(len(radius)))[0, 1] < -0.5
    assert _radius(rim).min() > 0.8  # along the outline
    assert (_radius(inner) < 0.5).mean() == pytest.approx(0.25, abs=0.07)  # anywhere: by area
    angles = np.arctan2(rim[:, 1] - 65, rim[:, 0] - 75)
    assert (np.histogram(angles, 8, (-np.pi, np.pi))[0] > 20).all()


def test_an_empty_body_has_no_roots():
    nothing = np.zeros((40, 50), np.float32)
    rim, inner = module._roots(np.random.default_rng(0), nothing, 10, 10)
    assert rim.shape == inner.shape == (0, 2)


def test_hairs_grow_outwards(skin, roots):
    """From the roots to the tips the distance to the body's centre grows, in nearly all hairs."""
    coat = np.full((HEIGHT, WIDTH, 3), 0.5, np.float32)
    outward, lengths = [], []
    for seed in range(6):
        outlines, colours = module._hairs(np.random.default_rng(seed), skin, coat, roots[0], LENGTH, 0.6)
        curves = (outlines[:, :7] + outlines[:, :6:-1]) / 2  # there along one side and back along the other
        np.testing.assert_allclose(curves[:, 0], roots[0], atol=1e-6)
        outward.append(_radius(curves[:, -1]) - _radius(curves[:, 0]))
        lengths.append(np.linalg.norm(np.diff(curves, axis=1), axis=2).sum(axis=1))
        assert colours.shape == (500, 4)
        assert 0 <= colours.min() <= colours.max() <= 1
    assert (np.array(outward) > 0).mean() > 0.9
    assert np.mean(outward) > 0.5 * LENGTH / 45
    assert np.median(lengths) == pytest.approx(LENGTH, rel=0.3)


def test_hairs_have_the_colours_of_their_roots(skin, roots):
    coat = np.zeros((HEIGHT, WIDTH, 3), np.float32)
    coat[:, :75] = (0.6, 0.1, 0.1)
    coat[:, 75:] = (0.1, 0.1, 0.6)
    _, colours = module._hairs(np.random.default_rng(0), skin, coat, roots[1], LENGTH, 0.6)
    left = roots[1][:, 0] < 75
    assert (colours[left, 0] > 2 * colours[left, 2]).all()
    assert (colours[~left, 2] > 2 * colours[~left, 0]).all()


@pytest.fixture(scope="module")
def bodies_and_layers():
    """Some layers, with their bodies' skins."""
    drawn = []
    with pytest.MonkeyPatch.context() as patch:
        skins = []
        patch.setattr(module, "melt", lambda *args, **kwargs: skins.append(melt(*args, **kwargs)) or skins[-1])
        for seed in range(8):
            layer = fur(np.random.default_rng(seed), HEIGHT, WIDTH)
            drawn.append((skins.pop(), layer))
    return drawn


def test_fur_covers_the_skin_and_reaches_beyond_it(bodies_and_layers):
    beyond = []
    for skin, layer in bodies_and_layers:
        alpha = layer[..., 3]
        assert (alpha >= skin - 1e-5).all()
        outside = cv2.dilate(skin, np.ones((3, 3))) == 0
        beyond.append((alpha[outside] > 0.1).sum() / (skin > 0.5).sum())
        far = cv2.distanceTransform((skin < 0.5).astype(np.uint8), cv2.DIST_L2, 5) > 4 * 0.09 * HEIGHT
        assert not alpha[far].any()
    assert min(beyond) > 0
    assert np.median(beyond) > 0.03


def test_fur_has_thin_hairs_at_its_rim(bodies_and_layers):
    """Round the body there are many more pixels between 0 and 1 than a cut-out's one-pixel edge has."""
    shares = []
    for skin, layer in bodies_and_layers:
        body = (skin > 0.5).astype(np.uint8)
        edge = (cv2.dilate(body, np.ones((3, 3), np.uint8)) - body).sum()
        shares.append(((layer[..., 3] > 0.02) & (layer[..., 3] < 0.98)).sum() / edge)
    assert np.median(shares) > 2


def test_coats_are_colours_of_every_kind():
    coats = [module._coat(np.random.default_rng(seed), 65, 97) for seed in range(30)]
    assert all(0 <= coat.min() <= coat.max() <= 1 for coat in coats)
    assert len({coat.tobytes() for coat in coats}) == 30


def test_buttons_lie_on_the_body(skin):
    for seed in range(8):
        layer = module._buttons(np.random.default_rng(seed), HEIGHT, WIDTH, skin)
        assert layer[..., 3].max() > 0.9
        assert (layer[..., 3] <= skin + 1e-6).all()
        assert np.nonzero(layer[..., 3])[0].mean() < 65  # in its upper part
    assert not module._buttons(np.random.default_rng(0), 40, 40, np.zeros((40, 40), np.float32)).any()
