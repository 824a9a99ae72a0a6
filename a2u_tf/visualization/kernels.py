"""The upsampling kernels that a network makes for its pictures, and how far they are from a plain average."""

import collections
import dataclasses
import functools
from collections.abc import Iterator
from typing import Any

import keras
import numpy as np

from a2u_tf.layers import A2UKernels, A2UUpSampling2D
from a2u_tf.types import Array, Tensor


@dataclasses.dataclass(frozen=True)
class KernelMap:
    """The upsampling kernels of one level.

    Attributes:
        name: Of the layer that makes them.
        weights: float32 of shape `(N, H, W, groups, s, s)`: for each pixel of the upsampled map and each group of
            channels, the weights of the s x s pixels of the low-resolution map around it.
        scale: The upsampling ratio r: the kernel at `(y, x)` is centred on the low-resolution pixel `(y//r, x//r)`.
    """

    name: str
    weights: Array
    scale: int

    @property
    def kernel_size(self) -> int:
        return int(self.weights.shape[-1])

    def deviation(self) -> Array:
        """Return the standard deviation of each kernel over its taps, `(N, H, W)`; the mean over groups.

        It is 0 where the kernel takes the plain average of its window, or is a single tap.
        """
        return np.asarray(self.weights.std(axis=(-2, -1)).mean(axis=-1))


def kernel_maps(model: keras.Model, inputs: Any) -> list[KernelMap]:
    """Return the upsampling kernels that a model makes for a batch.

    Args:
        model: Built Keras model with layers `A2UKernels` that make upsampling kernels, or `A2UUpSampling2D`. They may
            lie in models that are its layers, but not in other layers. Without such layers it is a `ValueError`.
        inputs: What the model is called with, such as pictures of shape `(N, H, W, C)`.

    Returns:
        List of `KernelMap`, one each time that such a layer is called, the finest first.
    """
    layers = list(_layers(model))
    names = {layer: layer.name for layer in layers if isinstance(layer, A2UKernels) and "up" in layer.directions}
    names |= {layer.kernels: layer.name for layer in layers if isinstance(layer, A2UUpSampling2D) and layer.built}
    if not names:
        raise ValueError(
            "The model has no upsampling kernels to show: expected built layers A2UUpSampling2D, or A2UKernels with "
            f"'up' in their directions. Received: {model.name} of {sorted({type(layer).__name__ for layer in layers})}"
        )
    calls: list[tuple[keras.Layer, dict[str, Tensor]]] = []
    try:
        for layer in names:
            layer.__dict__["call"] = functools.partial(_call_and_record, layer, calls)
        model(inputs, training=False)
    finally:
        for layer in names:
            layer.__dict__.pop("call", None)
    maps, counts = [], collections.Counter[str]()
    for layer, kernels in calls:
        counts[names[layer]] += 1
        name = names[layer] + (f" ({counts[names[layer]]})" if counts[names[layer]] > 1 else "")
        weights = keras.ops.convert_to_numpy(keras.ops.cast(kernels["up"], "float32"))
        shape = (*weights.shape[:3], layer.groups, layer.kernel_size, layer.kernel_size)
        maps.append(KernelMap(name, weights.reshape(shape), layer.scale))
    return sorted(maps, key=lambda level: -level.weights.shape[1] * level.weights.shape[2])


def _layers(model: keras.Model) -> Iterator[keras.Layer]:
    """The layers of a model and of the models among them."""
    for layer in model.layers:
        yield layer
        if isinstance(layer, keras.Model):
            yield from _layers(layer)


def _call_and_record(
    layer: keras.Layer, calls: list[tuple[keras.Layer, dict[str, Tensor]]], guidance: Tensor
) -> dict[str, Tensor]:
    kernels: dict[str, Tensor] = type(layer).call(layer, guidance)
    calls.append((layer, kernels))
    return kernels


def untrained(model: keras.Model, seed: int = 0) -> keras.Model:
    """Return a copy of a functional or sequential model with fresh weights, those of `seed`.

    It becomes the seed of Python, NumPy and Keras, too. The weights of the model stay.
    """
    keras.utils.set_random_seed(seed)
    return keras.models.clone_model(model)
