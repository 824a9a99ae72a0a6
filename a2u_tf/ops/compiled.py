"""Reassembly by the compiled TensorFlow op: the library, loaded once and at first use, and the op's gradients."""

import contextlib
import ctypes
import functools
import os
from pathlib import Path

import keras
from absl import logging

from a2u_tf.ops import alternatives, build_record, composite
from a2u_tf.ops.dtypes import common_dtype

PACKAGE = Path(__file__).parents[1]
LIBRARY = PACKAGE / "lib" / build_record.LIBRARY
SOURCES = PACKAGE.parent / "custom_ops"
INSTRUCTION_SETS = ("baseline", "avx2", "avx512")
VARIABLE = "A2U_TF_INSTRUCTION_SET"


def unavailable():
    """Return why the compiled op cannot be used, or None where it can; loads it to find out."""
    if keras.backend.backend() != "tensorflow":
        return f"the compiled op is TensorFlow's, and Keras runs on {keras.backend.backend()}"
    _, reason = _load()
    if reason is None:
        import tensorflow as tf

        # Logical devices would be started by a look at them, and could no longer be configured.
        if tf.config.get_visible_devices("GPU"):
            return _load_gpu_kernels()
    return reason


def instruction_set():
    """Return the name of the instruction set that the CPU kernels use here: the best, or what `VARIABLE` names."""
    return _instruction_set(_load()[0][1])


def _instruction_set(library):
    library.a2u_isa.restype = ctypes.c_char_p
    return library.a2u_isa().decode()


def reassemble(features, kernels, kernel_size, up=1, down=1, groups=1):
    """Reassemble with one operator for both directions, as `composite.reassemble` does, gradients included.

    Kernel maps may have a spatial size of 1 x 1 where `up` is 1: one window for all pixels of a sample. A graph holds
    the composite, and runs the op: see `alternatives`.
    """
    settings = {"kernel_size": kernel_size, "up": up, "down": down, "groups": groups}
    ways = (composite.reassemble_plainly, call_op)
    return alternatives.call(*ways, features, kernels, differentiable=composite.reassemble, **settings)


def call_op(features, kernels, kernel_size, up=1, down=1, groups=1):
    """Reassemble by the op itself, which no graph that is written down may hold."""
    import tensorflow as tf

    ops, library = _load()[0]
    library.a2u_set_threads(tf.config.threading.get_intra_op_parallelism_threads())
    dtype = common_dtype(features.dtype, kernels.dtype)
    settings = {"kernel_size": kernel_size, "up": up, "down": down, "groups": groups}
    return ops.a2u_reassemble(tf.cast(features, dtype), tf.cast(kernels, dtype), **settings)


@functools.cache
def _load():
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
            _register_gradients(ops)
            return (ops, library), None
    message = f"{reason}. Build it with: {build_record.BUILD_COMMAND}"
    if LIBRARY.exists():
        logging.warning("The compiled reassembly op is not used: %s", message)
    return None, message


@functools.cache
def _load_gpu_kernels():
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


def _register_gradients(ops):
    import tensorflow as tf

    def settings(op):
        return {name: op.get_attr(name) for name in ("kernel_size", "up", "down", "groups")}

    def register(name, gradient):
        with contextlib.suppress(KeyError):  # where this module was loaded before, and is loaded anew
            tf.RegisterGradient(name)(gradient)

    def reassemble_gradient(op, upstream):
        return ops.a2u_reassemble_grad(*op.inputs, upstream, **settings(op))

    def reassemble_grad_gradient(op, to_features, to_kernels):
        """With R(x, k) linear in both: the op returns the adjoints of R(., k) and R(x, .) at `upstream`."""
        features, kernels, upstream = op.inputs
        from_features, _ = ops.a2u_reassemble_grad(features, to_kernels, upstream, **settings(op))
        _, from_kernels = ops.a2u_reassemble_grad(to_features, kernels, upstream, **settings(op))
        outputs = ops.a2u_reassemble(to_features, kernels, **settings(op))
        return from_features, from_kernels, outputs + ops.a2u_reassemble(features, to_kernels, **settings(op))

    register("A2U>Reassemble", reassemble_gradient)
    register("A2U>ReassembleGrad", reassemble_grad_gradient)
