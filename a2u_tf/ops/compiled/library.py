"""The compiled library, loaded once and at first use: reassembly by its operation, which has gradients of any order."""

import contextlib
import ctypes
import functools
import os
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import keras
import numpy as np
from absl import logging

from a2u_tf.ops import alternatives, composite
from a2u_tf.ops.compiled import build_record
from a2u_tf.ops.dtypes import common_dtype
from a2u_tf.ops.layout import Window
from a2u_tf.types import Tensor

PACKAGE = Path(__file__).parents[2]
LIBRARY = PACKAGE / "lib" / build_record.LIBRARY
SOURCES = PACKAGE.parent / "custom_ops"
INSTRUCTION_SETS = ("baseline", "avx2", "avx512")
VARIABLE = "A2U_TF_INSTRUCTION_SET"
# Attributes of the operations.
ATTRIBUTES = ("kernel_size", "up", "down", "groups")
AFFINITY = ("rank", "norm_groups", "epsilon_bits")
KERNEL_MAPS = ("scale", "groups", "taps", "normalization")


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
    return str(loaded()[1].a2u_isa().decode())


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

    both, reason = _load(
        LIBRARY, build_record.BUILD_COMMAND, lambda path: (tf.load_op_library(path), ctypes.CDLL(path))
    )
    if reason is not None:
        return None, reason
    ops, library = both
    library.a2u_isa.restype = ctypes.c_char_p
    asked = os.environ.get(VARIABLE)
    if asked not in (None, library.a2u_isa().decode()):
        raise ValueError(
            f"The environment variable {VARIABLE} must be one of {INSTRUCTION_SETS} that this processor has. "
            f"Unset it to use the best. Received: {asked!r}"
        )
    _register_gradients(ops)
    return (ops, library), None


@functools.cache
def _load_gpu_kernels() -> str | None:
    """Return None, or why there are no GPU kernels: without them a GPU's tensors would travel to the CPU and back."""
    import tensorflow as tf

    path = LIBRARY.with_name(build_record.gpu_library(tf.__version__))
    return _load(path, build_record.GPU_BUILD_COMMAND, tf.load_library, "no GPU kernels: ")[1]


def _load(path: Path, command: str, loader: Callable[[str], Any], what: str = "") -> tuple[Any, str | None]:
    """Return what was loaded, or None and the reason; a library that is there but unfit is reported."""
    import tensorflow as tf

    reason = build_record.problem(path, SOURCES, tf.__version__, one_version=path != LIBRARY)
    if reason is None:
        try:
            return loader(str(path)), None
        except (tf.errors.OpError, OSError) as error:
            reason = f"TensorFlow {tf.__version__} cannot load it ({error})"
    message = f"{what}{reason}. Build it with: {command}"
    if path.exists():
        logging.warning("The compiled reassembly op is not used: %s", message)
    return None, message


def reassemble(features: Tensor, kernels: Tensor, window: Window) -> Tensor:
    """Reassemble as `composite.reassemble` does, gradients included; a graph holds that and runs the op.

    Kernel maps may have a spatial size of 1 x 1 where `up` is 1: one window for all pixels of a sample, or several.
    """
    ways = (composite.reassemble_plainly, call_op)
    return alternatives.call(*ways, features, kernels, differentiable=composite.reassemble, window=window)


def call_op(features: Tensor, kernels: Tensor, window: Window) -> Tensor:
    """Reassemble by the op itself, which no graph that is written down may hold."""
    import tensorflow as tf

    tensors = (tf.cast(x, common_dtype(features.dtype, kernels.dtype)) for x in (features, kernels))
    settings = {name: getattr(window, name) for name in ATTRIBUTES}
    return _ops().a2u_reassemble(*tensors, **settings)


def affinity(encoded: Tensor, norms: Tensor, *, epsilon: float, **settings: Any) -> Tensor:
    """`a2u_tf.ops.affinity.affinity` by the op itself."""
    return _ops().a2u_affinity(encoded, norms, epsilon_bits=bits_of(epsilon), **settings)


def bits_of(value: float) -> int:
    """A float64 as the attribute of an op, none of which can hold one: by the integer of the same bits."""
    return int(np.float64(value).view(np.int64))


def kernel_maps(affinity: Tensor, projection: Tensor, **settings: Any) -> Tensor:
    """`a2u_tf.ops.affinity.kernel_maps` by the op itself."""
    return _ops().a2u_kernel_maps(affinity, projection, **settings)


def _ops() -> ModuleType:
    """The operations, with as many threads as TensorFlow's own have."""
    import tensorflow as tf

    ops, library = loaded()
    library.a2u_set_threads(tf.config.threading.get_intra_op_parallelism_threads())
    return ops


def _register_gradients(ops: ModuleType) -> None:
    import tensorflow as tf

    def settings(op: Any) -> dict[str, int]:
        return {name: op.get_attr(name) for name in ATTRIBUTES}

    def of_reassemble(op: Any, upstream: Tensor) -> Any:
        return ops.a2u_reassemble_grad(*op.inputs, upstream, **settings(op))

    def of_its_gradient(op: Any, to_features: Tensor, to_kernels: Tensor) -> tuple[Tensor, ...]:
        """With R(x, k) linear in both: the op returns the adjoints of R(., k) and R(x, .) at `upstream`."""
        features, kernels, upstream = op.inputs
        from_features, _ = ops.a2u_reassemble_grad(features, to_kernels, upstream, **settings(op))
        _, from_kernels = ops.a2u_reassemble_grad(to_features, kernels, upstream, **settings(op))
        outputs = ops.a2u_reassemble(to_features, kernels, **settings(op))
        return from_features, from_kernels, outputs + ops.a2u_reassemble(features, to_kernels, **settings(op))

    def made_by(op: Any, names: tuple[str, ...]) -> dict[str, Any]:
        values = {name: op.get_attr(name) for name in names}
        return {name: value.decode() if isinstance(value, bytes) else value for name, value in values.items()}

    def of_affinity(op: Any, upstream: Tensor) -> Any:
        return ops.a2u_affinity_grad(*op.inputs, upstream, **made_by(op, AFFINITY))

    def of_affinity_gradient(op: Any, *cotangents: Tensor) -> Any:
        *inputs, upstream = op.inputs
        settings = made_by(op, AFFINITY)
        epsilon = float(np.int64(settings.pop("epsilon_bits")).view(np.float64))
        function = functools.partial(composite.affinity, epsilon=epsilon, **settings)
        return _second_order(function, inputs, upstream, cotangents)

    def of_kernel_maps(op: Any, upstream: Tensor) -> Any:
        return ops.a2u_kernel_maps_grad(*op.inputs, upstream, **made_by(op, KERNEL_MAPS))

    def of_kernel_maps_gradient(op: Any, *cotangents: Tensor) -> Any:
        *inputs, upstream = op.inputs
        function = functools.partial(composite.kernel_maps, **made_by(op, KERNEL_MAPS))
        return _second_order(function, inputs, upstream, cotangents)

    gradients = {
        "A2U>Reassemble": of_reassemble,
        "A2U>ReassembleGrad": of_its_gradient,
        "A2U>Affinity": of_affinity,
        "A2U>AffinityGrad": of_affinity_gradient,
        "A2U>KernelMaps": of_kernel_maps,
        "A2U>KernelMapsGrad": of_kernel_maps_gradient,
    }
    for name, gradient in gradients.items():
        with contextlib.suppress(KeyError):  # where this module was loaded before, and is loaded anew
            tf.RegisterGradient(name)(gradient)


def _second_order(function: Callable[..., Tensor], inputs: Any, upstream: Tensor, cotangents: Any) -> Any:
    """Gradients of the gradients of a composite function, which are as those of the op."""
    import tensorflow as tf

    @tf.function(autograph=False)
    def run(inputs: Any, upstream: Tensor, cotangents: Any) -> Any:
        first = tf.gradients(function(*inputs), inputs, upstream, unconnected_gradients="zero")
        return tf.gradients(first, [*inputs, upstream], cotangents, unconnected_gradients="zero")

    return run(inputs, upstream, list(cotangents))
