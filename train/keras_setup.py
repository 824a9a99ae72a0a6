"""What every training sets in Keras before it makes its network."""

import contextlib
import importlib.util

import keras

from a2u_tf.ops import use_implementation
from train.run_folder import RunFolderError


def prepare(settings):
    """Set the seed, deterministic ops and the dtype policy.

    Args:
        settings: Object with `seed`, `jit_compile` and `mixed_precision` (`"none"`, `"float16"` or `"bfloat16"`).
    """
    keras.utils.set_random_seed(settings.seed)
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        # Threads may otherwise add gradients in the order in which they finish. XLA's code for CPUs never does, and is
        # four times slower under this setting.
        if not settings.jit_compile or tf.config.list_physical_devices("GPU"):
            tf.config.experimental.enable_op_determinism()
    policy = "float32" if settings.mixed_precision == "none" else f"mixed_{settings.mixed_precision}"
    keras.config.set_dtype_policy(policy)


def layers_for(jit_compile):
    """Return the context to make layers in: those on the compiled op would keep Keras from using XLA."""
    return use_implementation("composite") if jit_compile else contextlib.nullcontext()


def dropping_rate(rate, steps, milestones):
    """Return the schedule of a learning rate that drops tenfold at each milestone, a share of the steps."""
    return keras.optimizers.schedules.PiecewiseConstantDecay(
        [round(steps * milestone) for milestone in milestones],
        [rate * 0.1**drop for drop in range(len(milestones) + 1)],
    )


def tensorboard_callback(folder):
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
