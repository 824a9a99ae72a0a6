"""Compare ways to write the reassembly composite on TensorFlow: the two that are shipped and their alternatives.

    python -m benchmarks.reassembly --output benchmarks/reassembly.json      # about 6 minutes on two cores

Every candidate runs inside one `tf.function`, with and without XLA, forward and forward + backward, and is compared
with the reference first. Rounds alternate over the candidates; times are medians, ratios are to the fastest candidate
of the same case and mode. A bilinear resize (upwards) or an average pool (downwards) of the same sizes stands beside
them as a yardstick.
"""

import statistics

import numpy as np
from absl import app, flags
from keras import ops

from a2u_tf.files import write_json
from a2u_tf.ops import composite, reference
from a2u_tf.ops.composite import matmul, taps
from benchmarks.record import describe_run
from benchmarks.rounds import seconds
from benchmarks.timing import make_step, make_tensors, yardstick

# name: direction, features shape, kernel size, scale
CASES = {
    "digits up": ("up", (100, 8, 8, 64), 3, 2),
    "digits down": ("down", (100, 16, 16, 64), 6, 2),
    "matting up": ("up", (1, 128, 128, 64), 3, 2),
    "matting down": ("down", (1, 256, 256, 64), 6, 2),
    "wide up": ("up", (2, 32, 32, 256), 5, 2),
    "wide down": ("down", (2, 64, 64, 256), 6, 2),
}

_OUTPUT = flags.DEFINE_string("output", "benchmarks/reassembly.json", "JSON file to write.")
_ROUNDS = flags.DEFINE_integer("rounds", 7, "Timed rounds over all candidates; medians are reported.", lower_bound=1)
_CASES = flags.DEFINE_multi_enum("case", list(CASES), list(CASES), "Cases to run.")


def own_gradient(form):
    """The shipped composite, held to one form."""
    return lambda x, k, window: composite.reassemble(x, k, window, form)


def stacked_windows(x, k, window):
    """Windows gathered by slices and one batched matrix product, left to automatic differentiation."""
    size, up, down, p = window.kernel_size, window.up, window.down, window.before
    n, h, w = k.shape[0], x.shape[1] // down, x.shape[2] // down
    x = ops.pad(x, [[0, 0], [p, size], [p, size], [0, 0]])
    ends = down * h, down * w
    windows = [x[:, i : i + ends[0] : down, j : j + ends[1] : down] for i, j in window.taps()]
    k = ops.reshape(k, (n, h, up, w, up, size * size))
    k = ops.reshape(ops.transpose(k, (0, 1, 3, 2, 4, 5)), (n, h, w, up * up, size * size))
    y = ops.reshape(ops.matmul(k, ops.stack(windows, axis=3)), (n, h, w, up, up, x.shape[-1]))
    return ops.reshape(ops.transpose(y, (0, 1, 3, 2, 4, 5)), (n, h * up, w * up, x.shape[-1]))


def extract_patches(x, k, window):
    """`keras.ops.image.extract_patches` and one `einsum`."""
    size, up, p = window.kernel_size, window.up, window.before
    x = ops.pad(x, [[0, 0], [p, size - 1 - p], [p, size - 1 - p], [0, 0]])
    windows = ops.image.extract_patches(x, size, strides=window.down, padding="valid")
    n, h, w, _ = windows.shape
    windows = ops.reshape(windows, (n, h, w, size * size, x.shape[-1]))
    k = ops.reshape(k, (n, h, up, w, up, size * size))
    return ops.reshape(ops.einsum("nhawbt,nhwtc->nhawbc", k, windows), (n, h * up, w * up, x.shape[-1]))


CANDIDATES = {
    "taps": own_gradient(taps),
    "taps, automatic": taps.forward,  # left to automatic differentiation
    "matmul": own_gradient(matmul),
    "stacked windows": stacked_windows,
    "extract_patches": extract_patches,
    "yardstick": yardstick,
}


def run_case(name, rounds):
    """Measure all candidates on one case; returns a list of result rows."""
    direction, shape, size, scale = CASES[name]
    (x, k, upstream), window = make_tensors(direction, shape, size, scale)
    side = 6 * window.up // window.down
    corner = tuple(slice(0, n) for n in (1, 6, 6))
    small_kernels = k[:1, :side, :side]
    expected = getattr(reference, f"reassemble_{direction}")(x[corner], small_kernels, size, scale)
    rows = []
    for backward in (False, True):
        for jit in (False, True):
            steps, compile_s = {}, {}
            for candidate, function in CANDIDATES.items():
                if candidate == "matmul" and direction == "down":
                    continue
                if candidate != "yardstick":
                    got = function(x[corner], small_kernels, window)
                    np.testing.assert_allclose(got, expected, atol=1e-4)
                step = make_step(function, backward, jit, window)
                compile_s[candidate] = seconds(step, x, k, upstream)
                steps[candidate] = step
            times = {candidate: [] for candidate in steps}
            for _ in range(rounds):
                for candidate, step in steps.items():
                    times[candidate].append(seconds(step, x, k, upstream))
            medians = {candidate: statistics.median(t) for candidate, t in times.items()}
            best = min(t for candidate, t in medians.items() if candidate != "yardstick")
            for candidate, t in times.items():
                row = {
                    "case": name,
                    "pass": "forward + backward" if backward else "forward",
                    "xla": jit,
                    "candidate": candidate,
                    "median_ms": round(1e3 * medians[candidate], 3),
                    "spread_ms": [round(1e3 * min(t), 3), round(1e3 * max(t), 3)],
                    "ratio_to_best": round(medians[candidate] / best, 2),
                    "first_call_s": round(compile_s[candidate], 2),
                }
                rows.append(row)
                print(
                    f"{name:13} {row['pass']:19} {'XLA' if jit else 'no XLA':7} {candidate:21}"
                    f"{row['median_ms']:10.2f} ms {row['ratio_to_best']:7.2f} x  compile {row['first_call_s']:.1f} s",
                    flush=True,
                )
    return rows


def main(_):
    record = describe_run()
    results = [row for name in _CASES.value for row in run_case(name, _ROUNDS.value)]
    cases = {
        name: dict(zip(("direction", "features", "kernel_size", "scale"), CASES[name], strict=True))
        for name in _CASES.value
    }
    write_json(_OUTPUT.value, {**record, "rounds": _ROUNDS.value, "cases": cases, "results": results})


if __name__ == "__main__":
    app.run(main)
