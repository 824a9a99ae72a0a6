"""The compiled op's gradients, to any order."""

import contextlib


def register_gradients(ops):
    """Tell TensorFlow the gradients of the operations of a loaded library."""
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
