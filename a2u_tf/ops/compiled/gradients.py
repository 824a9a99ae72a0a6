"""The compiled op's gradients, to any order."""

import contextlib
from collections.abc import Callable
from types import ModuleType
from typing import TYPE_CHECKING, Any

from a2u_tf.types import Tensor

if TYPE_CHECKING:
    import tensorflow as tf


def register_gradients(ops: ModuleType) -> None:
    """Tell TensorFlow the gradients of the operations of a loaded library."""
    import tensorflow as tf

    def settings(op: "tf.Operation") -> dict[str, int]:
        return {name: op.get_attr(name) for name in ("kernel_size", "up", "down", "groups")}

    def register(name: str, gradient: Callable[..., Any]) -> None:
        with contextlib.suppress(KeyError):  # where this module was loaded before, and is loaded anew
            tf.RegisterGradient(name)(gradient)

    def reassemble_gradient(op: "tf.Operation", upstream: Tensor) -> Any:
        return ops.a2u_reassemble_grad(*op.inputs, upstream, **settings(op))

    def reassemble_grad_gradient(op: "tf.Operation", to_features: Tensor, to_kernels: Tensor) -> tuple[Tensor, ...]:
        """With R(x, k) linear in both: the op returns the adjoints of R(., k) and R(x, .) at `upstream`."""
        features, kernels, upstream = op.inputs
        from_features, _ = ops.a2u_reassemble_grad(features, to_kernels, upstream, **settings(op))
        _, from_kernels = ops.a2u_reassemble_grad(to_features, kernels, upstream, **settings(op))
        outputs = ops.a2u_reassemble(to_features, kernels, **settings(op))
        return from_features, from_kernels, outputs + ops.a2u_reassemble(features, to_kernels, **settings(op))

    register("A2U>Reassemble", reassemble_gradient)
    register("A2U>ReassembleGrad", reassemble_grad_gradient)
