"""The function by which other programs call a model: named tensors in, a dict of named tensors out."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
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
        """Return dicts of random arrays: several sizes and batches, where these are open.

        Floats lie in [0, 1], integers in 0 to 255 or among the `levels`.
        """
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
    """What the model takes and returns, by the names of its inputs and outputs.

    Those of outputs are the keys of their dict, else the names of their layers; numbers where they repeat or are those
    of inputs.
    """
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
