"""Noise: its variance, its scale and its spectrum."""

import numpy as np

from a2u_tf.data.matting.synthetic import noise


def test_smooth_noise_has_its_variance_and_scale():
    for cell in (2, 7, 20):
        field = noise.smooth_noise(np.random.default_rng(0), 300, 300, cell)
        assert abs(field.mean()) < 0.2
        assert 0.6 < field.std() < 1.2
        apart = np.corrcoef(field[:, : -2 * cell].ravel(), field[:, 2 * cell :].ravel())[0, 1]
        near = np.corrcoef(field[:, :-1].ravel(), field[:, 1:].ravel())[0, 1]
        assert near > 0.6
        assert abs(apart) < 0.3
