"""Textures: in range, varied, and with the statistics of photographs."""

import numpy as np

from a2u_tf.data.matting.synthetic.textures import cloudy, dead_leaves


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
