"""Blur: it spreads what is there and keeps its mass."""

import numpy as np
import pytest

from a2u_tf.data.matting.synthetic import layers
from a2u_tf.data.matting.synthetic.blur import blur_focus, blur_motion
from a2u_tf.data.matting.synthetic.bodies import ellipse


@pytest.mark.parametrize("blur", [blur_motion, blur_focus])
def test_blur_keeps_mass_and_softens(blur):
    sharp = layers.draw_polygons(128, 128, [ellipse(64, 64, 25, 25)], [(1, 1, 1)])
    for seed in range(6):
        blurred = blur(np.random.default_rng(seed), sharp)
        assert blurred[..., 3].sum() == pytest.approx(sharp[..., 3].sum(), rel=0.15)
        between = [((layer[..., 3] > 0.02) & (layer[..., 3] < 0.98)).sum() for layer in (sharp, blurred)]
        assert between[1] > between[0]
        np.testing.assert_allclose(blurred[..., 0], blurred[..., 3], atol=1e-5)  # white stays white
