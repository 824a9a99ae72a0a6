"""The four errors of a matte: against MATLAB's, against the definitions index by index, and bad input."""

import json
import math
import re

import cv2
import numpy as np
import pytest

from a2u_tf.matting.evaluation import evaluate
from tests.matting.evaluation import oracle

SCALES = {"sad": 1, "mse": 1, "grad": 1000, "conn": 1000}  # The stored vectors' last two are not divided by 1000.


NAMES = ("prediction", "target", "trimap")


@pytest.fixture
def small(rng):
    """Prediction, target and trimap of 5 x 7 with unknown pixels, uint8, by their names."""
    mattes = rng.integers(0, 256, (2, 5, 7), dtype=np.uint8)
    return dict(zip(NAMES, (*mattes, rng.choice(np.uint8([0, 128, 255]), (5, 7))), strict=True))


def assert_errors(actual, expected, rtol, atol=0.0):
    """Compare with errors that are not divided; `None` stands for NaN."""
    assert list(actual) == ["sad", "mse", "grad", "conn"]
    for name, scale in SCALES.items():
        assert type(actual[name]) is float
        value = math.nan if expected[name] is None else expected[name]
        np.testing.assert_allclose(scale * actual[name], value, rtol=rtol, atol=atol, err_msg=name)


def test_errors_of_matlab(golden_dir):
    """Of uint8, and of floats, alone or mixed."""
    cases = json.loads((golden_dir / "F_metrics.json").read_text())["cases"]
    assert len(cases) == 13
    for case in cases:
        files = [cv2.imread(str(golden_dir / "F_metrics" / name), cv2.IMREAD_UNCHANGED) for name in case["files"]]
        assert_errors(evaluate(*files), case["matlab"], rtol=1e-5, atol=1e-9)
        assert_errors(evaluate(*files), case["matlab_float64_recomputed"], rtol=1e-9)
        prediction, target, trimap = files
        for dtype in ("float32", "float64"):
            errors = evaluate(prediction[..., None].astype(dtype), target.astype(dtype), trimap.astype(dtype))
            assert_errors(errors, case["matlab_float64_recomputed"], rtol=1e-9)
            mixed = evaluate(prediction, target.astype(dtype), trimap)
            assert_errors(mixed, case["matlab_float64_recomputed"], rtol=1e-9)


@pytest.mark.parametrize("levels", [2, 3, 6, 256])
@pytest.mark.parametrize("shape", [(1, 1), (1, 7), (6, 1), (3, 3), (4, 5), (9, 8)])
def test_definition_index_by_index(rng, shape, levels):
    """Few levels make ties, empty regions and source regions that jump."""
    for _ in range(12):
        prediction, target = np.rint(rng.integers(0, levels, (2, *shape)) * 255 / (levels - 1)).astype(np.uint8)
        assert_definition(prediction, target, rng.random(shape) < 0.7)


def assert_definition(prediction, target, unknown):
    errors = evaluate(prediction, target, np.where(unknown, 128, 255))
    for name, value in oracle.evaluate(prediction, target, unknown).items():
        np.testing.assert_allclose(errors[name], value, rtol=1e-9, atol=1e-15, err_msg=name)


def test_definition_on_floats(rng):
    """On the thresholds and between the levels of 8 bits; a matte that no threshold reaches."""
    for high in (2, 25, 40, 128, 255):
        prediction, target = np.minimum(rng.choice(np.arange(0, 255.1, 12.75), (2, 6, 7)), high)
        prediction += rng.choice([0, 0.25, -1e-9], (6, 7)) * ((prediction > 1) & (prediction < 200))
        assert_definition(prediction, target, rng.random((6, 7)) < 0.8)


def test_by_hand():
    target = np.zeros((4, 4), np.uint8)
    prediction = target.copy()
    prediction[1, 1], prediction[2, 2] = 51, 255
    trimap = np.full((4, 4), 128, np.uint8)
    trimap[2, 2] = 0
    errors = evaluate(prediction, target, trimap)
    assert errors["sad"] == pytest.approx(0.2 / 1000)
    assert errors["mse"] == pytest.approx(0.04 / 15)
    # No pixel of both mattes reaches 0.1, so that nothing counts as disconnected.
    assert errors["conn"] == 0


def test_perfect_and_symmetric(small):
    prediction, target, trimap = small.values()
    assert set(evaluate(target, target, trimap).values()) == {0.0}
    assert evaluate(**small) == pytest.approx(evaluate(target, prediction, trimap))
    # Levels near 0 and 255 are known.
    noisy = np.select([trimap == 0, trimap == 255], [24, 231], 100)
    assert evaluate(prediction, target, noisy) == evaluate(**small)
    # Without unknown pixels there is no MSE.
    errors = evaluate(prediction, target, np.full((5, 7), 255, np.uint8))
    assert math.isnan(errors.pop("mse"))
    assert set(errors.values()) == {0.0}


@pytest.mark.parametrize("dtype", [np.int8, np.int64, np.uint16])
def test_other_integers_and_black_floats(small, dtype):
    prediction, target, trimap = small["prediction"] // 2, small["target"] // 2, small["trimap"]
    expected = evaluate(prediction, target, trimap)
    assert evaluate(prediction.astype(dtype), target.astype(dtype), trimap.astype(np.int32)) == expected
    black = np.zeros((5, 7))
    assert evaluate(black, target, trimap) == pytest.approx(evaluate(black.astype(np.uint8), target, trimap))


@pytest.mark.parametrize("view", [lambda x: x[::-1, ::-1], lambda x: x.T, lambda x: np.stack([x, x, x], -1)[..., 1]])
def test_views_and_read_only_arrays(rng, view):
    arrays = [*rng.integers(0, 256, (2, 24, 24), dtype=np.uint8), rng.choice(np.uint8([0, 128]), (24, 24))]
    views = [view(array) for array in arrays]
    copies = [array.copy() for array in views]
    for array in (*arrays, *views):
        array.flags.writeable = False
    assert evaluate(*views) == evaluate(*copies)
    for array, copy in zip(views, copies, strict=True):
        np.testing.assert_array_equal(array, copy)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("shape", [(5,), (1, 5, 7, 1), (5, 7, 3), (5, 7, 4), (0, 7), ()])
def test_exception_of_shape(small, name, shape):
    message = rf"`{name}` must be one picture.*Received shape: {re.escape(str(shape))}.*pass one: `{name}\[\.\.\., 0\]`"
    with pytest.raises(ValueError, match=message):
        evaluate(**small | {name: np.zeros(shape, np.uint8)})


def test_exception_of_sizes(small):
    prediction, target, trimap = small.values()
    with pytest.raises(ValueError, match=r"prediction \(5, 6\), target \(5, 7\), trimap \(5, 7\)"):
        evaluate(prediction[:, :6], target, trimap)
    with pytest.raises(ValueError, match=r"trimap \(7, 5\)"):
        evaluate(prediction, target, trimap.T)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("value", [np.nan, np.inf, -0.01, 255.1, 256, -1])
def test_exception_of_range(small, name, value):
    small[name] = small[name].astype(type(value))
    small[name][1, 2] = value
    with pytest.raises(ValueError, match=rf"`{name}` must have finite values from 0 to 255\. Received values from"):
        evaluate(**small)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("dtype", [bool, np.complex64, object])
def test_exception_of_dtype(small, name, dtype):
    small[name] = small[name].astype(dtype)
    with pytest.raises(ValueError, match=rf"`{name}` must hold integers or floats.*Received dtype: {np.dtype(dtype)}"):
        evaluate(**small)


@pytest.mark.parametrize("name", ["prediction", "target"])
@pytest.mark.parametrize("factor", [1 / 255, 1 / 300])
def test_exception_of_mattes_up_to_1(small, name, factor):
    small[name][0, 0] = 255
    small[name] = factor * small[name]
    with pytest.raises(ValueError, match=rf"`{name}`.* looks like a matte in \[0, 1\].*Multiply it by 255"):
        evaluate(**small)


@pytest.mark.parametrize(
    ("levels", "received"),
    [([0, 1, 2], "0, 1, 2"), ([0, 0.5, 1], r"0\.0, 0\.5, 1\.0"), (range(9), "0, 1, 2, 3, 4, ...")],
)
def test_exception_of_a_trimap_of_background_alone(small, levels, received):
    small["trimap"] = np.resize(np.array(levels, float if 0.5 in levels else np.uint8), (5, 7))
    with pytest.raises(ValueError, match=rf"`trimap` has neither .* Received: {received}, of 255\. Multiply"):
        evaluate(**small)
