"""Bodies: outlines of the promised size and place, soft edges and light."""

import pytest

from a2u_tf.data.matting.synthetic.bodies import ellipse, melt


def test_soft_edge_is_as_wide_as_asked():
    disc = [ellipse(60, 60, 40, 40, points=90)]
    for softness in (4.0, 12.0):
        profile = melt(121, 121, disc, 3.0, softness)[60, 60:]
        assert profile[0] == 1
        assert profile[-1] == 0
        assert ((profile > 0.02) & (profile < 0.98)).sum() == pytest.approx(softness, abs=0.5 * softness)
