"""The sheet of kernels as maps."""

import numpy as np
import pytest

from a2u_tf.visualization import KernelMap, kernel_sheet

MARGIN, HEADER = 4, 22
BLUE, WHITE, RED = (33, 102, 172), (247, 247, 247), (178, 24, 43)
SIDE = 212  # 53 for each of 4 x 4 pixels, 17 in the maps of the taps


def uniform(count=1, height=4, width=4, groups=1, size=3, name="kernels_1", scale=2):
    return KernelMap(name, np.full((count, height, width, groups, size, size), 1 / size**2, np.float32), scale)


def tilted(by, **settings):
    """At (1, 2) the first tap weighs more and the last less."""
    level = uniform(**settings)
    level.weights[:, 1, 2, :, 0, 0] += by
    level.weights[:, 1, 2, :, -1, -1] -= by
    return level


def columns(sheet, row):
    """The squares of a level: picture, and deviation and taps of each model."""
    top = 2 * HEADER + row * (2 * HEADER + SIDE + MARGIN) + 2 * HEADER
    return [sheet[top : top + SIDE, left : left + SIDE] for left in range(MARGIN, sheet.shape[1], SIDE + MARGIN)]


def tap(square, i, j, y, x):
    """The middle of the pixel (y, x) of 4 x 4 in the map of tap (i, j)."""
    return square[i * 72 + 17 * y + 8, j * 72 + 17 * x + 8].tolist()


def test_feature_size_and_places(rng):
    pictures = rng.uniform(size=(2, 4, 4, 1))
    models = {"untrained": [uniform(2), uniform(2)], "trained": [tilted(0.06, count=2), uniform(2)]}
    sheet = kernel_sheet(pictures, models, number=1, side=SIDE)
    assert sheet.dtype == np.uint8
    assert sheet.shape == (2 * HEADER + 2 * (2 * HEADER + SIDE + MARGIN), MARGIN + 5 * (SIDE + MARGIN), 3)
    picture, deviation, taps, other_deviation, other_taps = columns(sheet, 0)
    np.testing.assert_allclose(picture[26::53, 26::53, 0], 255 * pictures[1, ..., 0], atol=0.51)
    assert deviation[26::53, 26::53].max() <= 4  # the darkest colour of the map
    bright = other_deviation[26::53, 26::53].sum(axis=-1)
    assert bright.argmax() == 4 + 2
    assert np.count_nonzero(bright > bright.min()) == 1
    for i, j in np.ndindex(3, 3):
        assert tap(taps, i, j, 1, 2) == list(WHITE)
    assert tap(other_taps, 0, 0, 1, 2) == list(RED)
    assert tap(other_taps, 2, 2, 1, 2) == list(BLUE)
    assert tap(other_taps, 1, 1, 1, 2) == list(WHITE)
    assert tap(other_taps, 0, 0, 2, 1) == list(WHITE)


def test_feature_models_share_a_scale_and_levels_do_not():
    models = {"half": [tilted(0.03), tilted(0.01)], "full": [tilted(-0.06), tilted(0.01)]}
    sheet = kernel_sheet(np.zeros((1, 4, 4, 3)), models, side=SIDE)
    half, full = columns(sheet, 0)[2], columns(sheet, 0)[4]
    np.testing.assert_allclose(tap(half, 0, 0, 1, 2), (np.array(RED, float) + WHITE) / 2, atol=1)
    assert tap(full, 0, 0, 1, 2) == list(BLUE)
    assert tap(columns(sheet, 1)[2], 0, 0, 1, 2) == list(RED)


def test_feature_scales_are_drawn_with_their_ends():
    sheet = kernel_sheet(np.zeros((1, 4, 4, 1)), {"trained": [tilted(0.05)]}, side=216)
    line = sheet[3 * HEADER : 4 * HEADER, MARGIN + 2 * 220 :]
    bar = [x for x in range(line.shape[1]) if line[8, x].tolist() in ([*BLUE], [*RED])]
    assert bar[-1] - bar[0] == 95
    assert line[8, bar[0]].tolist() == list(BLUE)
    for numbers in (line[:, : bar[0]], line[:, bar[-1] + 1 :]):
        assert (numbers > 200).any()


def test_feature_mean_over_groups():
    level = uniform(groups=2)
    level.weights[0, 1, 2, 0, 0, 0] += 0.06
    level.weights[0, 1, 2, 1, 0, 0] -= 0.06
    level.weights[0, 1, 2, 0, 2, 2] += 0.02
    square = columns(kernel_sheet(np.zeros((1, 4, 4, 1)), {"trained": [level]}, side=SIDE), 0)[2]
    assert tap(square, 0, 0, 1, 2) == list(WHITE)
    assert tap(square, 2, 2, 1, 2) == list(RED)


def test_feature_gates_are_one_map_a_model(rng):
    gates = {name: [uniform(size=1)] for name in ("untrained", "trained")}
    for name, lowest, highest in (("untrained", 0.45, 0.5), ("trained", 0.2, 0.8)):
        gates[name][0].weights[...] = rng.uniform(0.46, 0.49, (1, 4, 4, 1, 1, 1))
        gates[name][0].weights[0, 0, 1], gates[name][0].weights[0, 3, 2] = lowest, highest
    sheet = kernel_sheet(np.zeros((1, 4, 4, 1)), gates, side=SIDE)
    assert sheet.shape == (HEADER + 2 * HEADER + SIDE + MARGIN, MARGIN + 3 * (SIDE + MARGIN), 3)
    untrained, trained = (
        square[26 - HEADER :: 53, 26::53].sum(axis=-1).astype(int)[:4] for square in columns(sheet, 0)[1:]
    )
    assert (trained.argmin(), trained.argmax()) == (1, 14)
    assert trained.min() < 10 < 350 < trained.max()  # black and yellow: the ends of the shared scale
    assert untrained.min() > trained.min()
    assert untrained.max() < trained.max()


def test_feature_other_shapes():
    sheet = kernel_sheet(np.zeros((1, 7, 3, 1)), {"trained": [uniform(height=7, width=3, size=5)]}, side=SIDE)
    assert sheet.shape == (2 * HEADER + 2 * HEADER + SIDE + MARGIN, MARGIN + 3 * (SIDE + MARGIN), 3)


def test_exception_of_a_small_side():
    with pytest.raises(ValueError, match=r"at least 200\. Received: side=199"):
        kernel_sheet(np.zeros((1, 4, 4, 1)), {"a": [uniform()]}, side=199)


@pytest.mark.parametrize(
    ("pictures", "models", "number", "message"),
    [
        ((1, 4, 4, 1), {}, 0, "same levels"),
        ((1, 4, 4, 1), {"a": []}, 0, "same levels"),
        ((1, 4, 4, 1), {"a": [uniform()], "b": [uniform(height=2)]}, 0, r"same levels.*\(1, 2, 4, 1, 3, 3\)"),
        ((2, 4, 4, 1), {"a": [uniform()]}, 0, r"pictures of shape \(2, 4, 4, 1\)"),
        ((1, 4, 4, 2), {"a": [uniform()]}, 0, r"1 or 3.*\(1, 4, 4, 2\)"),
        ((1, 4, 4), {"a": [uniform()]}, 0, r"1 or 3.*\(1, 4, 4\)"),
        ((1, 4, 4, 1), {"a": [uniform()]}, 1, "from 0 to 0. Received: 1"),
    ],
)
def test_exception_of_what_does_not_belong_together(pictures, models, number, message):
    with pytest.raises(ValueError, match=message):
        kernel_sheet(np.zeros(pictures), models, number)
