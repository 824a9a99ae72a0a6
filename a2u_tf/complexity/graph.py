"""Costs counted from the graph that TensorFlow builds of a layer or a model, node by node.

The graph is traced with the composite reassembly, outside XLA, so that every product is a node of its own. TensorFlow's
profiler (`tf.compat.v1.profiler`) passes over einsums, and miscounts dilated and transposed convolutions.
"""

import dataclasses
import math
import re
from collections.abc import Callable
from typing import Any, TypeAlias

import keras

from a2u_tf.ops import use_implementation
from a2u_tf.ops.composite import no_parts
from a2u_tf.types import Shape, Tensor

Operation: TypeAlias = Any  # of TensorFlow
# Nodes that hand on what they read, without a copy.
_VIEWS = ("ExpandDims", "Identity", "IdentityN", "Reshape", "Squeeze", "StopGradient")
_NORMS = (keras.layers.BatchNormalization, keras.layers.GroupNormalization, keras.layers.LayerNormalization)
_LEFT_OUT = (*_NORMS, keras.layers.Dropout)
_CALLS = ("Case", "If", "PartitionedCall", "StatefulPartitionedCall", "StatelessIf", "StatelessWhile", "While")


@dataclasses.dataclass(frozen=True)
class GraphCost:
    """What a graph counts.

    Attributes:
        convolution: MACs of convolutions, dilated, depthwise and transposed ones included.
        matmul: MACs of matrix products and einsums.
        interpolation: Four MACs for each bilinearly resized value.
        product: Multiplications of two float tensors, element by element, without those by scalar constants and those
            inside of normalisation and dropout layers.
        kept_bytes: Size of the tensors that training keeps between the forward and the backward pass: all that nodes of
            the forward pass make and nodes of the gradient read, once, also through reshapes, but for inputs,
            parameters and constants. XLA keeps less of some and more of others.
    """

    convolution: int
    matmul: int
    interpolation: int
    product: int
    kept_bytes: int

    @property
    def macs(self) -> int:
        """All MACs of the forward pass."""
        return self.convolution + self.matmul + self.interpolation + self.product


def count(layer: keras.layers.Layer, *shapes: Shape) -> GraphCost:
    """Count the cost of a layer or model from the graph of one training step on a batch of static shapes, one an input.

    Raises:
        ValueError: Where the graph has sizes that are not static, or calls functions: loops, grouped convolutions.
        RuntimeError: Where Keras does not run on TensorFlow.
    """
    operations, forward = _trace(layer, shapes)
    names = [re.escape(inner.name) for inner in layer._flatten_layers() if isinstance(inner, _LEFT_OUT)]
    left_out = re.compile(rf"(^|/)({'|'.join(names) or '(?!)'})(_\d+)?/")  # their name scopes
    macs = dict.fromkeys(("convolution", "matmul", "interpolation", "product"), 0)
    for operation in operations[:forward]:
        if operation.type in _CALLS:
            raise ValueError(
                f"The graph must hold all operations itself. Received: node {operation.name!r} of type "
                f"{operation.type}, which calls a function. Count its parts by themselves."
            )
        if operation.type in _COUNTERS:
            if any(not tensor.shape.is_fully_defined() for tensor in (*operation.inputs, *operation.outputs)):
                raise ValueError(f"All sizes must be static. Received: shapes={shapes}, open at {operation.name!r}")
            kind, count_of = _COUNTERS[operation.type]
            if kind != "product" or not left_out.search(operation.name):
                macs[kind] += count_of(operation)
    return GraphCost(**macs, kept_bytes=_kept_bytes(operations, forward))


def _kept_bytes(operations: list[Operation], forward: int) -> int:
    position = {operation: number for number, operation in enumerate(operations)}
    kept = {}
    for operation in operations[forward:]:
        for tensor in operation.inputs:
            while tensor.op.type in _VIEWS:
                tensor = tensor.op.inputs[tensor.value_index]
            # The last output of a fused norm, of unknown size, is a GPU's; on a CPU it is empty.
            reserved = (tensor.op.type, tensor.value_index) == ("FusedBatchNormV3", 5)
            passed = tensor.op.type in ("Const", "Placeholder", "ReadVariableOp")
            if position[tensor.op] < forward and not passed and not reserved:
                kept[tensor.name] = tensor.shape.num_elements() * tensor.dtype.size
    return sum(kept.values())


def _trace(layer: keras.layers.Layer, shapes: tuple[Shape, ...]) -> tuple[list[Operation], int]:
    """Return the operations of a training step in the order in which they were made, and how many are forward."""
    if keras.backend.backend() != "tensorflow":
        raise RuntimeError(
            "Counting from the graph needs the TensorFlow backend of Keras: set KERAS_BACKEND=tensorflow. "
            f"Received: {keras.backend.backend()}"
        )
    import tensorflow as tf

    forward = 0

    def step(*inputs: Tensor) -> Any:
        nonlocal forward
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            outputs = layer(*inputs, training=True)
        forward = len(tf.compat.v1.get_default_graph().get_operations())
        return tape.gradient(outputs, [*inputs, *(variable.value for variable in layer.trainable_variables)])

    with use_implementation("composite"), no_parts():
        signature = [tf.TensorSpec(shape, "float32") for shape in shapes]
        graph = tf.function(step, autograph=False).get_concrete_function(*signature).graph
    return graph.get_operations(), forward


def _convolution(operation: Operation) -> Any:
    """Of a dilated one, the values that are left of its padding count."""
    crops = [node for node in operation.outputs[0].consumers() if node.type == "BatchToSpaceND"]
    filters = operation.inputs[1].shape[: 2 if operation.type.startswith("Depthwise") else 3]
    return (crops or [operation])[0].outputs[0].shape.num_elements() * math.prod(filters)


def _matmul(operation: Operation) -> Any:
    name = "transpose_a" if operation.type == "MatMul" else "adj_x"
    return operation.outputs[0].shape.num_elements() * operation.inputs[0].shape[-2 if operation.get_attr(name) else -1]


def _einsum(operation: Operation) -> int:
    terms = operation.get_attr("equation").decode().split("->")[0].split(",")
    if any("." in term for term in terms):
        raise ValueError(f"Einsums must name all axes. Received: {operation.get_attr('equation')} at {operation.name}")
    sizes: dict[str, int] = {}
    for term, tensor in zip(terms, operation.inputs, strict=True):
        sizes.update(zip(term, tensor.shape, strict=True))
    return math.prod(sizes.values())


def _product(operation: Operation) -> Any:
    constant = any(tensor.op.type == "Const" and tensor.shape.rank == 0 for tensor in operation.inputs)
    return 0 if constant or not operation.outputs[0].dtype.is_floating else operation.outputs[0].shape.num_elements()


_COUNTERS: dict[str, tuple[str, Callable[[Operation], Any]]] = {
    "Conv2D": ("convolution", _convolution),
    "DepthwiseConv2dNative": ("convolution", _convolution),
    "Conv2DBackpropInput": (
        "convolution",
        lambda node: node.inputs[2].shape.num_elements() * math.prod(node.inputs[1].shape[:3]),
    ),
    "MatMul": ("matmul", _matmul),
    "BatchMatMulV2": ("matmul", _matmul),
    "Einsum": ("matmul", _einsum),
    "ResizeBilinear": ("interpolation", lambda node: 4 * node.outputs[0].shape.num_elements()),
    "Mul": ("product", _product),
}
