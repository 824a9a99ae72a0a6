"""The compiled library, loaded once and at first use, and the gradients of its operations."""

import contextlib
import ctypes
import functools
import os
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import keras
from absl import logging

from a2u_tf.ops.compiled import build_record
from a2u_tf.types import Tensor

if TYPE_CHECKING:
    import tensorflow as tf

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
    """The name of the instruction set that the CPU kernels use here: the best, or what `VARIABLE` names."""
    return _instruction_set(loaded()[1])


def _instruction_set(library: ctypes.CDLL) -> str:
    library.a2u_isa.restype = ctypes.c_char_p
    return str(library.a2u_isa().decode())


def loaded() -> tuple[ModuleType, ctypes.CDLL]:
    """Return `(ops, library)`; raise `RuntimeError` where they cannot be loaded."""
    both, reason = load()
    if both is None:
        raise RuntimeError(f"the compiled reassembly op: {reason}")
    return both


@functools.cache
def load() -> tuple[tuple[ModuleType, ctypes.CDLL] | None, str | None]:
    """Return `((ops, library), None)`, or `(None, reason)`."""
    import tensorflow as tf

    command = f"Build it with: {build_record.BUILD_COMMAND}"
    both, reason = _load(LIBRARY, lambda path: (tf.load_op_library(path), ctypes.CDLL(path)), "", command)
    if reason is None:
        asked = os.environ.get(VARIABLE)
        if asked is not None and asked != _instruction_set(both[1]):
            raise ValueError(
                f"The environment variable {VARIABLE} must be one of {INSTRUCTION_SETS} that this processor has. "
                f"Unset it to use the best. Received: {asked!r}"
            )
        _register_gradients(both[0])
    return both, reason


@functools.cache
def _load_gpu_kernels() -> str | None:
    """Return None, or why there are no GPU kernels: without them a GPU's tensors would travel to the CPU and back."""
    import tensorflow as tf

    path = LIBRARY.with_name(build_record.gpu_library(tf.__version__))
    command = f"Build them with: {build_record.GPU_BUILD_COMMAND}"
    return _load(path, tf.load_library, "no GPU kernels: ", command, one_version=True)[1]


def _load(
    path: Path, loader: Callable[[str], Any], what: str, command: str, one_version: bool = False
) -> tuple[Any, str | None]:
    """Return what was loaded, or None and the reason; a library that is there but unfit is reported."""
    import tensorflow as tf

    reason = build_record.problem(path, SOURCES, tf.__version__, one_version)
    if reason is None:
        try:
            return loader(str(path)), None
        except (tf.errors.OpError, OSError) as error:
            reason = f"TensorFlow {tf.__version__} cannot load it ({error})"
    message = f"{what}{reason}. {command}"
    if path.exists():
        logging.warning("The compiled reassembly op is not used: %s", message)
    return None, message


def _register_gradients(ops: ModuleType) -> None:
    """Tell TensorFlow the gradients of the operations, to any order."""
    import tensorflow as tf

    def settings(op: "tf.Operation") -> dict[str, int]:
        return {name: op.get_attr(name) for name in ("kernel_size", "up", "down", "groups")}

    def of_reassemble(op: "tf.Operation", upstream: Tensor) -> Any:
        return ops.a2u_reassemble_grad(*op.inputs, upstream, **settings(op))

    def of_its_gradient(op: "tf.Operation", to_features: Tensor, to_kernels: Tensor) -> tuple[Tensor, ...]:
        """With R(x, k) linear in both: the op returns the adjoints of R(., k) and R(x, .) at `upstream`."""
        features, kernels, upstream = op.inputs
        from_features, _ = ops.a2u_reassemble_grad(features, to_kernels, upstream, **settings(op))
        _, from_kernels = ops.a2u_reassemble_grad(to_features, kernels, upstream, **settings(op))
        outputs = ops.a2u_reassemble(to_features, kernels, **settings(op))
        return from_features, from_kernels, outputs + ops.a2u_reassemble(features, to_kernels, **settings(op))

    for name, gradient in (("A2U>Reassemble", of_reassemble), ("A2U>ReassembleGrad", of_its_gradient)):
        with contextlib.suppress(KeyError):  # where this module was loaded before, and is loaded anew
            tf.RegisterGradient(name)(gradient)
