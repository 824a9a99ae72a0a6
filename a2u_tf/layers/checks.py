"""Checks that the layers share."""

from typing import Any

import keras

from a2u_tf.types import Shape


def check_guidance(shape: Any) -> int:
    """Return the channels of a guidance shape; raise `ValueError` where it is not of rank 4 with known channels."""
    if isinstance(shape, dict) or len(shape) != 4 or not isinstance(shape[-1], int):
        raise ValueError(
            "Guidance must be one tensor of rank 4, (batch, height, width, channels), whose channel count is known. "
            f"Received: shape={shape}"
        )
    return shape[-1]


def check_exact_guidance(layer: keras.layers.Layer, inputs_shape: Shape, guidance_shape: Shape | None) -> Shape:
    """Return the shape of guidance; raise `ValueError` without, or where it is not `layer.scale` times the inputs."""
    name = type(layer).__name__
    if guidance_shape is None:
        raise ValueError(f"{name} needs guidance: call it with (inputs, guidance).")
    check_guidance(guidance_shape)
    check_features(layer, inputs_shape)
    pairs = zip(inputs_shape[1:3], guidance_shape[1:3], strict=True)
    if any(None not in pair and pair[1] != layer.scale * pair[0] for pair in pairs):
        raise ValueError(
            f"{name} needs guidance of exactly {layer.scale} times the height and width of its inputs. Received: "
            f"inputs.shape={tuple(inputs_shape)}, guidance.shape={tuple(guidance_shape)}. Pad the picture to a "
            "multiple of all scales, or use A2UUpSampling2D, which takes odd sizes."
        )
    return guidance_shape


def check_features(layer: keras.layers.Layer, shape: Shape) -> int:
    """Return the channels of inputs; raise `ValueError` where they are not of rank 4 with known channels."""
    if len(shape) != 4 or shape[-1] is None:
        raise ValueError(
            f"{type(layer).__name__} upsamples tensors of rank 4, (batch, height, width, channels), whose channel "
            f"count is known. Received: shape={tuple(shape)}"
        )
    return shape[-1]


def one_of(name: str, value: str, known: tuple[str, ...]) -> str:
    """Return a value that is known; raise `ValueError` for others."""
    if value not in known:
        raise ValueError(f"`{name}` must be one of {known}. Received: {name}={value!r}")
    return value
