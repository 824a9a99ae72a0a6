"""The function by which other programs call a model, named tensors to a dict of them; and how exports are compared."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import keras
import numpy as np

from a2u_tf.types import Array, Tensor

if TYPE_CHECKING:
    import tensorflow as tf

Arrays = dict[str, Array]
# Of the examples on which a model is compared: N, H, W. Networks take multiples of their stride.
STRIDED_SIZES = ((1, 32, 48), (2, 48, 64))


@dataclasses.dataclass(frozen=True)
class Signature:
    """A further signature of a SavedModel, around that of the endpoint.

    Attributes:
        name: By which servers call it.
        around: Takes the endpoint's function, a concrete one; returns a function of tensors in the order of `inputs`,
            to a dict of tensors.
        inputs: List of `tf.TensorSpec`.
        encode: Makes its inputs of the endpoint's, dicts of arrays.
        decode: Makes the endpoint's outputs of its own, dicts of arrays.
        tolerance: Largest absolute difference of these from what the model computes.
    """

    name: str
    around: Callable[[Any], Callable[..., dict[str, Tensor]]]
    inputs: list[tf.TensorSpec]
    encode: Callable[[Arrays], Arrays]
    decode: Callable[[Arrays], Arrays]
    tolerance: float


@dataclasses.dataclass(frozen=True)
class Endpoint:
    """A model's function, the shapes, dtypes and names of its arguments, and what it is compared on.

    Attributes:
        function: Takes tensors in the order of `inputs`, returns a dict of tensors.
        inputs: List of `tf.TensorSpec`; `None` where sizes vary.
        count: How many outputs the Keras model has.
        sizes: N, H and W of the examples on which the model is compared with what was exported.
        levels: Dict from names of inputs that take a few values alone to dicts from these to their shares in examples.
        signatures: What a SavedModel offers beside this function.
    """

    function: Callable[..., dict[str, Tensor]]
    inputs: list[tf.TensorSpec]
    count: int = 1
    sizes: tuple[tuple[int, int, int], ...] = STRIDED_SIZES
    levels: Mapping[str, Mapping[int, float]] = dataclasses.field(default_factory=dict)
    signatures: tuple[Signature, ...] = ()

    def __call__(self, inputs: Arrays) -> Arrays:
        """Run the Keras model on the CPU, where what was exported is checked, too: dicts of arrays in and out."""
        import tensorflow as tf

        with tf.device("CPU:0"):
            outputs = self.function(*[tf.constant(inputs[spec.name]) for spec in self.inputs])
        if len(outputs) != self.count:
            raise ValueError(f"The model has {self.count} outputs, and its endpoint {len(outputs)}: {list(outputs)}")
        return {name: keras.ops.convert_to_numpy(tensor) for name, tensor in outputs.items()}

    def of_one(self, size: tuple[int, int] | None = None) -> Endpoint:
        """Return the endpoint for a batch of one; `size` is a height and width for inputs that leave these open."""
        import tensorflow as tf

        inputs = []
        for spec in self.inputs:
            own = tuple(spec.shape[1:3])
            if size is not None and any(a not in (None, b) for a, b in zip(own, size, strict=True)):
                raise ValueError(f"The model takes {spec.name!r} of height and width {own}. Received: size={size}")
            inputs.append(tf.TensorSpec((1, *(size or own), *spec.shape[3:]), spec.dtype, spec.name))
        return dataclasses.replace(self, inputs=inputs)

    def is_open(self) -> bool:
        """Say whether some size of the inputs is open."""
        return any(None in tuple(spec.shape) for spec in self.inputs)

    def examples(self) -> list[Arrays]:
        """Return dicts of random arrays, of all `sizes` where these are open: floats in [0, 1], bytes or `levels`."""
        rng = np.random.default_rng(0)
        examples: list[Arrays] = []
        for size in self.sizes if self.is_open() else self.sizes[:1]:
            example = {}
            for spec in self.inputs:
                lengths = (*size, *[1] * len(spec.shape))
                shape = [lengths[axis] if n is None else n for axis, n in enumerate(spec.shape)]
                if levels := self.levels.get(spec.name):
                    array = rng.choice(np.array(list(levels)), shape, p=list(levels.values()))
                else:
                    array = rng.random(shape) if spec.dtype.is_floating else rng.integers(0, 256, shape)
                example[spec.name] = array.astype(spec.dtype.as_numpy_dtype)
            examples.append(example)
        return examples


def model_endpoint(model: keras.Model) -> Endpoint:
    """Return the `Endpoint` that a model says by its method `export_endpoint`, or that of a functional model."""
    if keras.backend.backend() != "tensorflow":
        raise ValueError(
            f"Export needs Keras on TensorFlow. Received: the backend {keras.backend.backend()}. Run with "
            "KERAS_BACKEND=tensorflow: a saved .keras file is the same on all backends."
        )
    if hasattr(model, "export_endpoint"):
        endpoint: Endpoint = model.export_endpoint()
        return endpoint
    if isinstance(model, keras.Model) and hasattr(model, "output_names"):
        return _functional_endpoint(model)
    raise ValueError(
        "Expected a model with a method `export_endpoint`, such as a2u_tf.matting.MattingModel, or a functional Keras "
        f"model. Received: {type(model).__name__}"
    )


def _functional_endpoint(model: keras.Model) -> Endpoint:
    """Outputs are called by the keys of their dict, else by layers; by numbers where these repeat or are inputs'."""
    import tensorflow as tf

    if isinstance(model.output, dict) and not any(keras.tree.is_nested(output) for output in model.output.values()):
        names = [path[-1] for path, _ in keras.tree.flatten_with_path(model.output)]
    else:
        names = list(model.output_names)
    taken = [*names, *(x.name for x in model.inputs)]
    if len(set(taken)) < len(taken):
        names = [f"output_{n}" for n in range(len(names))]

    def forward(*tensors: Tensor) -> dict[str, Tensor]:
        outputs = model(keras.tree.pack_sequence_as(model.input, tensors), training=False)
        return dict(zip(names, keras.tree.flatten(outputs), strict=True))

    return Endpoint(forward, [tf.TensorSpec(x.shape, x.dtype, x.name) for x in model.inputs], len(model.outputs))


@dataclasses.dataclass(frozen=True)
class Exported:
    """A model that was written for other programs, read back and compared."""

    path: Path  # folder or file
    size: int  # bytes on disk
    operations: tuple[str, ...]  # names of the kinds of operations in the graph, sorted
    difference: float  # the largest absolute one between the outputs of what was written and of the Keras model

    def __str__(self) -> str:
        return (
            f"{self.path}: {self.size / 1e6:.1f} MB, {len(self.operations)} kinds of operations, largest difference "
            f"from the Keras model {self.difference:.1e}"
        )


def checked_difference(expected: list[Arrays], received: list[Arrays], tolerance: float, name: str) -> float:
    """Return the largest difference; raise `ValueError` where it is above the tolerance or not a number."""
    difference = largest_difference(expected, received)
    if not difference <= tolerance:
        raise ValueError(
            f"The {name} does not compute what the Keras model does: the largest difference is {difference:.1e}, "
            f"expected at most {tolerance:.1e}. Nothing was kept. Pass a larger `tolerance` if that is good enough, as "
            "for models that compute in half precision."
        )
    return difference


def largest_difference(expected: list[Arrays], received: list[Arrays]) -> float:
    """Return the largest absolute difference of two lists of dicts of arrays; infinite for other names and shapes."""
    differences = [0.0]
    for one, other in zip(expected, received, strict=True):
        if set(one) != set(other):
            return np.inf
        for name, array in one.items():
            a, b = np.asarray(array, np.float64), np.asarray(other[name], np.float64)
            differences.append(np.max(np.abs(a - b), initial=0) if a.shape == b.shape else np.inf)
    return float(np.max(differences))  # which, unlike Python's `max`, keeps a NaN


def largest_value(outputs: list[Arrays]) -> float:
    """Return the largest absolute value in a list of dicts of arrays, and at least 1."""
    return max(1.0, *(float(np.max(np.abs(array), initial=0)) for one in outputs for array in one.values()))
