"""How long the matting network takes to start: the first training step, and a matte from the shell.

    python -m benchmarks.start --output=benchmarks/start.json

Every round starts each program anew. `above_import_s` is its time less that of a program that imports TensorFlow alone,
in the same round; `stages_s` is where the time of a training goes, as it tells itself.
"""

import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import cv2
import numpy as np
from absl import app, flags

from a2u_tf.files import write_json
from benchmarks.record import describe_run
from benchmarks.rounds import seconds

_OUTPUT = flags.DEFINE_string("output", "benchmarks/start.json", "JSON file to write.")
_ROUNDS = flags.DEFINE_integer("rounds", 3, "Times that each program is started; medians are reported.", lower_bound=1)
SIDE = 512  # of the picture, in pixels
MEASURE = "import of TensorFlow"
STEP = """
import json, sys, time

start, stages = time.perf_counter(), {}

def ended(stage):
    global start
    now = time.perf_counter()
    stages[stage], start = now - start, now

import tensorflow
ended("import of TensorFlow")
import keras
import numpy as np
from a2u_tf.matting import losses, matting_net
from a2u_tf.training import LayerwiseAdam
ended("other imports")
model = matting_net(sys.argv[1], width=0.25)
model.compile(LayerwiseAdam(1e-4), losses.AlphaLoss(), jit_compile=False)
model.optimizer.build(model.trainable_variables)
batch = np.zeros((8, 192, 192, 4), "float32"), np.zeros((8, 192, 192, 11), "float32")
ended("building")
model.train_on_batch(*batch)
ended("first step")
print(json.dumps(stages))
"""


def programs(folder: Path) -> dict[str, list[str]]:
    """Return commands by name; what they read and write lies in the folder."""
    noise = np.random.default_rng(0).integers(0, 255, (SIDE, SIDE, 3), np.uint8)
    trimap = np.zeros((SIDE, SIDE), np.uint8)
    trimap[100:400, 100:400], trimap[150:350, 150:350] = 128, 255
    picture, known, alpha = (str(folder / f"{name}.png") for name in ("picture", "trimap", "alpha"))
    cv2.imwrite(picture, noise)
    cv2.imwrite(known, trimap)
    return {
        MEASURE: [sys.executable, "-c", "import tensorflow"],
        "first training step, A2U": [sys.executable, "-c", STEP, "a2u"],
        "first training step, bilinear": [sys.executable, "-c", STEP, "bilinear"],
        "a2u matte": [sys.executable, "-m", "a2u_program", "matte", picture, known, "-o", alpha],
    }


def main(_: list[str]) -> None:
    record = describe_run()
    printed: dict[str, list[str]] = {}

    def start(name: str, command: list[str]) -> None:
        run = subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        printed.setdefault(name, []).append(run.stdout)

    with tempfile.TemporaryDirectory() as folder:
        commands = programs(Path(folder))
        times: dict[str, list[float]] = {name: [] for name in commands}
        for _ in range(_ROUNDS.value):
            for name, command in commands.items():
                times[name].append(seconds(start, name, command))
    rows = []
    for name, t in times.items():
        above = statistics.median(a - b for a, b in zip(t, times[MEASURE], strict=True))
        row = {"program": name, "median_s": round(statistics.median(t), 1), "above_import_s": round(above, 1)}
        if name.startswith("first"):
            stages = [json.loads(text.splitlines()[-1]) for text in printed[name]]
            row["stages_s"] = {part: round(statistics.median(s[part] for s in stages), 1) for part in stages[0]}
        rows.append(row)
        print(row, flush=True)
    write_json(_OUTPUT.value, {**record, "rounds": _ROUNDS.value, "results": rows})


if __name__ == "__main__":
    app.run(main)
