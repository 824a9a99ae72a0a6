"""Checks that the layers share."""

import keras


def check_channels_last(layer):
    """Raise `ValueError` where Keras is set to channels-first images, which these layers do not read."""
    if keras.config.image_data_format() != "channels_last":
        raise ValueError(
            f"{type(layer).__name__} reads channels-last tensors, (batch, height, width, channels). Received: "
            f"keras.config.image_data_format()={keras.config.image_data_format()!r}. Transpose around the layer with "
            "`keras.layers.Permute` under keras.config.set_image_data_format('channels_last')."
        )


def check_guidance(shape):
    """Raise `ValueError` for a guidance shape that is not of rank 4 with known channels."""
    if isinstance(shape, dict) or len(shape) != 4 or not isinstance(shape[-1], int):
        raise ValueError(
            "Guidance must be one tensor of rank 4, (batch, height, width, channels), whose channel count is known. "
            f"Received: shape={shape}"
        )
