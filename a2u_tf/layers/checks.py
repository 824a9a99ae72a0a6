"""Checks that the layers share."""


def check_guidance(shape):
    """Raise `ValueError` for a guidance shape that is not of rank 4 with known channels."""
    if isinstance(shape, dict) or len(shape) != 4 or not isinstance(shape[-1], int):
        raise ValueError(
            "Guidance must be one tensor of rank 4, (batch, height, width, channels), whose channel count is known. "
            f"Received: shape={shape}"
        )


def check_exact_guidance(layer, inputs_shape, guidance_shape):
    """Raise `ValueError` where guidance is missing or known not to be `layer.scale` times the size of the inputs."""
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


def check_features(layer, shape):
    """Raise `ValueError` for inputs that are not of rank 4 with known channels."""
    if len(shape) != 4 or not isinstance(shape[-1], int):
        raise ValueError(
            f"{type(layer).__name__} upsamples tensors of rank 4, (batch, height, width, channels), whose channel "
            f"count is known. Received: shape={tuple(shape)}"
        )
