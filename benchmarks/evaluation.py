"""The errors of alpha mattes beside a plain implementation with scikit-image and SciPy, at 1920 x 1080.

    pip install 'a2u_tf[benchmark]'
    python -m benchmarks.evaluation --output benchmarks/evaluation.json      # about a minute on two cores

Both sides compute the same definitions, and must agree, on drawn mattes: a large object with a narrow unknown band, a
hairy one with a wide unknown region, and one in many pieces, where no source region outweighs all others. Rounds
alternate over the sides, times are medians, `ratio` is to ours in the same round.
"""

import importlib.metadata
import importlib.util
import statistics
import time

import cv2
import numpy as np
from absl import app, flags

from a2u_tf.files import write_json
from a2u_tf.matting.evaluation import evaluate
from a2u_tf.matting.evaluation.protocol import connectivity_error, derivative_filters, gradient_error
from benchmarks.record import describe_run

HEIGHT, WIDTH = 1080, 1920
CASES = ("narrow band", "hair", "pieces")

_OUTPUT = flags.DEFINE_string("output", "benchmarks/evaluation.json", "JSON file to write.")
_ROUNDS = flags.DEFINE_integer("rounds", 11, "Timed rounds over both sides; medians are reported.", lower_bound=1)


def plain_gradient_error(prediction, target, unknown):
    """The definition, with SciPy's separable convolutions."""
    from scipy.ndimage import convolve1d

    smooth, derivative = derivative_filters()
    magnitudes = []
    for picture in (prediction, target):
        picture = (picture - float(picture.min())) / (float(picture.max()) - float(picture.min()))
        across = convolve1d(convolve1d(picture, derivative, axis=1, mode="nearest"), smooth, axis=0, mode="nearest")
        down = convolve1d(convolve1d(picture, derivative, axis=0, mode="nearest"), smooth, axis=1, mode="nearest")
        magnitudes.append(np.sqrt(across**2 + down**2))
    return np.sum((magnitudes[0] - magnitudes[1])[unknown] ** 2) / 1000


def plain_connectivity_error(prediction, target, unknown):
    """The definition, with scikit-image's labels."""
    from skimage.measure import label

    # Transposed, so that labels are numbered column by column.
    prediction, target, unknown = (np.ascontiguousarray(x.T) for x in (prediction / 255, target / 255, unknown))
    levels = np.full(prediction.shape, -1.0)
    for threshold in np.arange(1, 11) / 10:
        labels = label((prediction >= threshold) & (target >= threshold), connectivity=1)
        areas = np.bincount(labels.ravel())[1:]
        if areas.size:
            source = labels == 1 + areas.argmax()
            levels[(levels == -1) & ~source] = threshold - 0.1
    levels[levels == -1] = 1
    excess = [picture - levels for picture in (prediction, target)]
    connected = [1 - x * (x >= 0.15) for x in excess]
    return np.sum(np.abs(connected[0] - connected[1])[unknown]) / 1000


def plain_evaluate(prediction, target, unknown):
    """All four errors."""
    difference = (prediction[unknown].astype(float) - target[unknown]) / 255
    return {
        "sad": np.sum(np.abs(difference)) / 1000,
        "mse": np.mean(difference**2),
        "grad": plain_gradient_error(prediction, target, unknown),
        "conn": plain_connectivity_error(prediction, target, unknown),
    }


def draw(case):
    """Return prediction, target and trimap, uint8."""
    rng = np.random.default_rng(0)
    target = np.zeros((HEIGHT, WIDTH), np.uint8)
    if case == "pieces":
        for _ in range(400):
            centre, axes = rng.integers((WIDTH, HEIGHT)).tolist(), rng.integers(4, 45, 2).tolist()
            cv2.ellipse(target, centre, axes, 0, 0, 360, int(rng.integers(30, 256)), -1, cv2.LINE_AA)
    else:
        cv2.ellipse(target, (960, 620), (520, 420), 0, 0, 360, 255, -1, cv2.LINE_AA)
    if case == "hair":
        for _ in range(1500):
            angle = rng.uniform(0, 2 * np.pi)
            start = np.array([960 + 470 * np.cos(angle), 620 + 380 * np.sin(angle)])
            angles = angle + rng.normal(0, 0.5) + np.cumsum(rng.normal(0, 0.12, 12))
            steps = rng.uniform(5, 22) * np.stack([np.cos(angles), np.sin(angles)], axis=1)
            points = np.round(16 * (start + np.cumsum(steps, axis=0))).astype(np.int32)
            cv2.polylines(target, [points], False, int(rng.integers(60, 256)), 1, cv2.LINE_AA, 4)
    target = cv2.GaussianBlur(target, (0, 0), 0.8)
    mixed = ((target > 0) & (target < 255)).astype(np.uint8)
    width = 15 if case == "narrow band" else 51
    unknown = cv2.dilate(mixed, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (width, width))) > 0
    trimap = np.where(unknown, 128, target).astype(np.uint8)
    noisy = cv2.GaussianBlur(target, (0, 0), 1.5) + rng.normal(0, 12, target.shape)
    prediction = np.where(mixed > 0, np.clip(np.rint(noisy), 0, 255), target).astype(np.uint8)
    return prediction, target, trimap


def measure(case, rounds):
    """Return one result row for each error and side."""
    prediction, target, trimap = draw(case)
    unknown = trimap == 128
    expected = plain_evaluate(prediction, target, unknown)
    for name, value in evaluate(prediction, target, trimap).items():
        np.testing.assert_allclose(value, expected[name], rtol=1e-9)
    arrays = prediction, target, unknown
    jobs = {
        "grad": (lambda: gradient_error(*arrays), lambda: plain_gradient_error(*arrays)),
        "conn": (lambda: connectivity_error(*arrays), lambda: plain_connectivity_error(*arrays)),
        "all four": (lambda: evaluate(prediction, target, trimap), lambda: plain_evaluate(*arrays)),
    }
    rows = []
    for error, functions in jobs.items():
        times = [[seconds(function) for function in functions] for _ in range(rounds)]
        ratios = [plain / ours for ours, plain in times]
        for side, t, ratio in zip(
            ("ours", "plain"), zip(*times, strict=True), (1.0, statistics.median(ratios)), strict=True
        ):
            row = {
                "case": case,
                "unknown": round(float(unknown.mean()), 3),
                "error": error,
                "side": side,
                "median_ms": round(1e3 * statistics.median(t), 2),
                "spread_ms": [round(1e3 * min(t), 2), round(1e3 * max(t), 2)],
                "ratio": round(ratio, 2),
            }
            rows.append(row)
            print(f"{case:12} {error:9} {side:6}{row['median_ms']:10.2f} ms {row['ratio']:7.2f} x", flush=True)
    return rows


def seconds(function):
    """Wall time of one call."""
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


def main(_):
    if importlib.util.find_spec("skimage") is None:
        raise SystemExit("error: the plain side needs scikit-image: pip install 'a2u_tf[benchmark]'")
    record = describe_run()
    for package in ("scikit-image", "scipy"):
        record["versions"][package] = importlib.metadata.version(package)
    rows = [row for case in CASES for row in measure(case, _ROUNDS.value)]
    write_json(_OUTPUT.value, {**record, "rounds": _ROUNDS.value, "size": [HEIGHT, WIDTH], "results": rows})


if __name__ == "__main__":
    app.run(main)
