"""What a training step of the matting network takes on any Keras backend: A2U against bilinear upsampling.

    python -m benchmarks.matting_step --output=benchmarks/matting_step.json
    KERAS_BACKEND=jax python -m benchmarks.matting_step --dtypes=float32,mixed_bfloat16

Steps of all sides alternate in one run; times are medians, and `ratio` is to bilinear upsampling with max-pooling in
float32 in the same round.
"""

from collections.abc import Callable

import keras
import numpy as np
from absl import app, flags

from a2u_tf.files import write_json
from a2u_tf.matting import losses, matting_net
from a2u_tf.ops import compiled, use_implementation
from a2u_tf.types import Array
from benchmarks.record import describe_run
from benchmarks.rounds import compare_steps

_OUTPUT = flags.DEFINE_string("output", "benchmarks/matting_step.json", "JSON file to write.")
_ROUNDS = flags.DEFINE_integer("rounds", 9, "Timed rounds over all sides; medians are reported.", lower_bound=1)
_WIDTH = flags.DEFINE_float("width", 0.25, "Of the network.")
_BATCH = flags.DEFINE_integer("batch", 8, "Pictures per step.", lower_bound=1)
_SIDE = flags.DEFINE_integer("side", 192, "Of a picture, in pixels: a multiple of 16.", lower_bound=16)
_DTYPES = flags.DEFINE_list("dtypes", ["float32"], "Dtype policies.")


def make_step(upsampling: str, implementation: str, dtype: str) -> Callable[[tuple[Array, Array]], float]:
    """Return one training step as a function of inputs and targets; the first call compiles."""
    keras.utils.set_random_seed(0)
    keras.config.set_dtype_policy(dtype)
    # JAX compiles in any case; what XLA makes of the network on TensorFlow is not asked here.
    jit = "auto" if keras.backend.backend() == "jax" else False
    with use_implementation(implementation):
        model = matting_net(upsampling, None, width=_WIDTH.value)
        model.compile(keras.optimizers.Adam(1e-4), losses.AlphaLoss(), jit_compile=jit)

    def step(batch: tuple[Array, Array]) -> float:
        with use_implementation(implementation):
            return float(model.train_on_batch(*batch))

    return step


def main(_: list[str]) -> None:
    implementations = ["composite"] if compiled.unavailable() else ["compiled", "composite"]
    steps = {}
    for dtype in _DTYPES.value:
        steps[f"bilinear, {dtype}"] = make_step("bilinear", "composite", dtype)
        for name in implementations:
            steps[f"a2u, {name}, {dtype}"] = make_step("a2u", name, dtype)
    random = np.random.default_rng(0)
    shape = (_BATCH.value, _SIDE.value, _SIDE.value)
    batch = random.random((*shape, 4), dtype="float32"), random.random((*shape, 11), dtype="float32")
    rows = compare_steps(steps, batch, _ROUNDS.value, measure=f"bilinear, {_DTYPES.value[0]}")
    settings = {"width": _WIDTH.value, "batch": _BATCH.value, "side": _SIDE.value, "rounds": _ROUNDS.value}
    write_json(_OUTPUT.value, {**describe_run(), "backend": keras.backend.backend(), **settings, "results": rows})


if __name__ == "__main__":
    app.run(main)
