"""The compiled library, loaded once and at first use."""

import ctypes
import functools
import os
from pathlib import Path
from types import ModuleType

import keras
from absl import logging

from a2u_tf.ops.compiled import build_record
from a2u_tf.ops.compiled.gradients import register_gradients

PACKAGE = Path(__file__).parents[2]
LIBRARY = PACKAGE / "lib" / build_record.LIBRARY
SOURCES = PACKAGE.parent / "custom_ops"
INSTRUCTION_SETS = ("baseline", "avx2", "avx512")
VARIABLE = "A2U_TF_INSTRUCTION_SET"


def unavailable() -> str | None:
    """Return why the compiled op cannot be used, or None where it can; loads it to find out."""
    if keras.backend.backend() != "tensorflow":
        return f"the compiled op is TensorFlow's, and Keras runs on {keras.backend.backend()}"
    _, reason = load()
    if reason is None:
        import tensorflow as tf

        # Logical devices would be started by a look at them, and could no longer be configured.
        if tf.config.get_visible_devices("GPU"):
            return _load_gpu_kernels()
    return reason


def instruction_set() -> str:
    """Return the name of the instruction set that the CPU kernels use here: the best, or what `VARIABLE` names."""
    return _instruction_set(loaded()[1])


def _instruction_set(library: ctypes.CDLL) -> str:
    library.a2u_isa.restype = ctypes.c_char_p
    return str(library.a2u_isa().decode())


def loaded() -> tuple[ModuleType, ctypes.CDLL]:
    """Return `(ops, library)`.

    Raises:
        RuntimeError: Where they cannot be loaded.
    """
    both, reason = load()
    if both is None:
        raise RuntimeError(f"the compiled reassembly op: {reason}")
    return both


@functools.cache
def load() -> tuple[tuple[ModuleType, ctypes.CDLL] | None, str | None]:
    """Return `((ops, library), None)`, or `(None, reason)`; a library that is there but unfit is reported, once."""
    import tensorflow as tf

    reason = build_record.problem(LIBRARY, SOURCES, tf.__version__)
    if reason is None:
        try:
            ops, library = tf.load_op_library(str(LIBRARY)), ctypes.CDLL(str(LIBRARY))
        except (tf.errors.OpError, OSError) as error:
            reason = f"TensorFlow {tf.__version__} cannot load it ({error})"
        else:
            asked = os.environ.get(VARIABLE)
            if asked is not None and asked != _instruction_set(library):
                raise ValueError(
                    f"The environment variable {VARIABLE} must be one of {INSTRUCTION_SETS} that this processor has. "
                    f"Unset it to use the best. Received: {asked!r}"
                )
            register_gradients(ops)
            return (ops, library), None
    message = f"{reason}. Build it with: {build_record.BUILD_COMMAND}"
    if LIBRARY.exists():
        logging.warning("The compiled reassembly op is not used: %s", message)
    return None, message


@functools.cache
def _load_gpu_kernels() -> str | None:
    """Return None, or why there are no GPU kernels: without them a GPU's tensors would travel to the CPU and back."""
    import tensorflow as tf

    path = LIBRARY.with_name(build_record.gpu_library(tf.__version__))
    reason = build_record.problem(path, SOURCES, tf.__version__, one_version=True)
    if reason is None:
        try:
            tf.load_library(str(path))
        except (tf.errors.OpError, OSError) as error:
            reason = f"TensorFlow {tf.__version__} cannot load it ({error})"
        else:
            return None
    message = f"no GPU kernels: {reason}. Build them with: {build_record.GPU_BUILD_COMMAND}"
    if path.exists():
        logging.warning("The compiled reassembly op is not used on this GPU: %s", message)
    return message
