"""What every training sets in Keras before it makes its network."""

import contextlib
import importlib.util
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import keras

from a2u_tf.ops import use_implementation
from train.run_folder import RunFolderError


class Setup(Protocol):
    """Settings of a training; `mixed_precision` is `"none"`, `"float16"` or `"bfloat16"`."""

    @property
    def seed(self) -> int: ...
    @property
    def jit_compile(self) -> bool: ...
    @property
    def mixed_precision(self) -> str: ...


def prepare(settings: Setup) -> None:
    """Set the seed, deterministic ops and the dtype policy."""
    keras.utils.set_random_seed(settings.seed)
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        # Threads may otherwise add gradients in the order in which they finish. XLA's code for CPUs never does, and is
        # four times slower under this setting.
        if not settings.jit_compile or tf.config.list_physical_devices("GPU"):
            tf.config.experimental.enable_op_determinism()
    policy = "float32" if settings.mixed_precision == "none" else f"mixed_{settings.mixed_precision}"
    keras.config.set_dtype_policy(policy)


def layers_for(jit_compile: bool) -> contextlib.AbstractContextManager[None]:
    """Return the context to make layers in: those on the compiled op would keep Keras from using XLA."""
    return use_implementation("composite") if jit_compile else contextlib.nullcontext()


def dropping_rate(
    rate: float, steps: int, milestones: Sequence[float]
) -> keras.optimizers.schedules.LearningRateSchedule:
    """Return the schedule of a learning rate that drops tenfold at each milestone, a share of the steps."""
    return keras.optimizers.schedules.PiecewiseConstantDecay(
        [round(steps * milestone) for milestone in milestones],
        [rate * 0.1**drop for drop in range(len(milestones) + 1)],
    )


def cosine_rate(rate: float, steps: int) -> keras.optimizers.schedules.LearningRateSchedule:
    """Return the schedule of a learning rate that rises for a twentieth of the steps and falls to 0 as a cosine."""
    rising = max(1, steps // 20)
    return keras.optimizers.schedules.CosineDecay(0.0, steps - rising, warmup_target=rate, warmup_steps=rising)


def tensorboard_callback(folder: Path) -> keras.callbacks.Callback:
    """Return the callback that writes TensorBoard logs below a run folder.

    Raises:
        RunFolderError: Where they cannot be written, before anything is trained.
    """
    if not all(importlib.util.find_spec(package) for package in ("tensorboard", "tensorflow")):
        raise RunFolderError(
            "TensorBoard logs need the packages tensorboard and tensorflow: pip install 'a2u_tf[tensorboard]', or pass "
            "--notensorboard."
        )
    return keras.callbacks.TensorBoard(folder / "tensorboard", write_graph=False)
