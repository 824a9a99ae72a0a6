"""How time and memory of a prediction grow with the picture and with the batch: the whole matting network with A2U.

    python -m benchmarks.growth --output=benchmarks/growth.json

Each case is a process of its own. `time_per_pixel` and `memory_per_pixel` are relative to those of the first case: 1
where they grow as the pixels do. Memory is the peak over what the process held before.
"""

import statistics
from typing import Any

from absl import app, flags

from a2u_tf.files import write_json
from a2u_tf.ops import compiled
from benchmarks import matting_sides
from benchmarks.record import describe_run
from benchmarks.sides import Process, Side

_OUTPUT = flags.DEFINE_string("output", "benchmarks/growth.json", "JSON file to write.")
_ROUNDS = flags.DEFINE_integer("rounds", 3, "Timed predictions of each case; medians are reported.", lower_bound=1)
_THREADS = flags.DEFINE_integer("threads", 2, "Threads of TensorFlow and of the op.", lower_bound=1)
_WIDTH = flags.DEFINE_float("width", 0.25, "Factor on the channels of the network.")
_CASES = flags.DEFINE_list(
    "cases", ["1x512", "1x1024", "1x2048", "1x3472", "2x512", "4x512", "8x512"], "BATCHxSIDE, by commas."
)


def measure(batch: int, size: int) -> dict[str, Any]:
    """Return the row of a case, but for what is relative."""
    arguments = {"upsampling": "a2u", "implementation": "compiled", "batch": batch, "size": size}
    arguments |= {"width": _WIDTH.value, "threads": _THREADS.value}
    with Process(f"{batch} x {size}", Side(matting_sides.__file__, "prediction", arguments)) as process:
        process.act()
        times = [process.act() for _ in range(_ROUNDS.value + 1)][1:]
        peak = process.end()
    megapixels = batch * size**2 / 1e6
    return {
        "batch": batch,
        "side": size,
        "megapixels": round(megapixels, 2),
        "median_s": round(statistics.median(times), 3),
        "peak_mb": round(peak / 2**20),
    }


def main(_: list[str]) -> None:
    if reason := compiled.unavailable():
        raise SystemExit(f"error: the compiled op: {reason}")
    record, rows = describe_run(), []
    for case in _CASES.value:
        row = measure(*map(int, case.split("x")))
        first = rows[0] if rows else row
        for name, column in (("time", "median_s"), ("memory", "peak_mb")):
            per_pixel, of_first = row[column] / row["megapixels"], first[column] / first["megapixels"]
            row[f"{name}_per_pixel"] = round(per_pixel / of_first, 2)
        rows.append(row)
        print(row, flush=True)
    settings = {"rounds": _ROUNDS.value, "threads": _THREADS.value, "width": _WIDTH.value}
    write_json(_OUTPUT.value, {**record, **settings, "results": rows})


if __name__ == "__main__":
    app.run(main)
