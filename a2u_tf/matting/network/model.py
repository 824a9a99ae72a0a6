"""The user-level matting model: picture and trimap of any size in, matte of that size out."""

from typing import Any, Self

import keras
import numpy as np
from keras import ops

from a2u_tf.matting.conventions import FOREGROUND, MEAN, STANDARD_DEVIATION, UNKNOWN, is_background, is_foreground
from a2u_tf.matting.network.network import STRIDE, matting_net
from a2u_tf.ops.dtypes import wide_dtype
from a2u_tf.training.fused_normalization import fuse_batch_normalization
from a2u_tf.types import Array, Tensor


@keras.saving.register_keras_serializable(package="a2u_tf", name="Matting")
class MattingModel(keras.Model):
    """Deep image matting around a `matting_net`: normalisation, padding, cropping and the trimap are inside.

    The picture is normalised by ImageNet's statistics and padded by reflection to multiples of 16; the network's
    output is cropped, clipped to [0, 1] and, where the trimap is known, replaced by what it says.

    Args:
        network: Model from `matting_net`. Default: `matting_net()`, untrained.

    Call arguments:
        inputs: Dict of `image`, RGB of shape `(N, H, W, 3)`, uint8 or float in [0, 1], and `trimap`, uint8 of shape
            `(N, H, W, 1)`: 255 foreground, 0 background, within 24 of each the same, any other level unknown. Levels of
            background alone, such as 0, 1 and 2, give a black matte; `predict_alpha` refuses them.

    Returns:
        Dict of `alpha`, `(N, H, W, 1)` in [0, 1]: float32, or float64 where that is the model's dtype.

    Example:

    >>> model = a2u_tf.matting.MattingModel(a2u_tf.matting.matting_net(width=0.25))
    >>> image, trimap = np.zeros((1, 33, 50, 3), "uint8"), np.full((1, 33, 50, 1), 128, "uint8")
    >>> model.predict({"image": image, "trimap": trimap})["alpha"].shape
    (1, 33, 50, 1)
    """

    def __init__(self, network: keras.Model | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.network = matting_net() if network is None else network
        self.built = self.network.built

    def call(self, inputs: dict[str, Tensor], training: bool = False) -> dict[str, Tensor]:
        image, trimap = _checked(inputs)
        x = framed(image, trimap, STRIDE, wide_dtype(self.compute_dtype))
        return {"alpha": matte(self.network(x, training=training), trimap)}

    def export_endpoint(self) -> Any:
        """Return the `Endpoint` by which `a2u_tf.export` writes the model: see `a2u_tf.matting.serving`."""
        from a2u_tf.matting.serving import matting_endpoint

        return matting_endpoint(self)

    def compute_output_shape(self, input_shape: dict[str, Any]) -> dict[str, Any]:
        return {"alpha": tuple(input_shape["trimap"])}

    def get_build_config(self) -> None:
        return None  # as the network, which comes built

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "network": keras.saving.serialize_keras_object(self.network)}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        # Without what it was trained by: whoever loads a model need not have the classes of its optimizer and losses.
        network = {name: value for name, value in config["network"].items() if name != "compile_config"}
        model = cls(**{**config, "network": keras.saving.deserialize_keras_object(network)})
        fuse_batch_normalization(model)
        return model


def _checked(inputs: Any) -> tuple[Tensor, Tensor]:
    """Return image and trimap as tensors, or say what is wrong with them."""
    if not isinstance(inputs, dict) or set(inputs) != {"image", "trimap"}:
        received = sorted(inputs) if isinstance(inputs, dict) else type(inputs).__name__
        raise ValueError(f"Matting takes a dict with the keys 'image' and 'trimap'. Received: {received}")
    image, trimap = ops.convert_to_tensor(inputs["image"]), ops.convert_to_tensor(inputs["trimap"])
    shapes = tuple(image.shape), tuple(trimap.shape)
    for name, shape, channels in (("image", shapes[0], 3), ("trimap", shapes[1], 1)):
        if len(shape) != 4 or shape[-1] != channels:
            raise ValueError(f"`{name}` must have shape (N, H, W, {channels}). Received: shape={shape}")
    if any(None not in (a, b) and a != b for a, b in zip(shapes[0][:3], shapes[1][:3], strict=True)):
        raise ValueError(f"`image` and `trimap` must have the same size. Received: {shapes[0]} and {shapes[1]}")
    if (dtype := keras.backend.standardize_dtype(trimap.dtype)) != "uint8":
        way_out = "Multiply or divide it to these levels, and cast it."
        if keras.config.floatx() == "bfloat16" and keras.backend.backend() == "jax":
            way_out = "Keras makes it of all arrays on JAX for floatx='bfloat16': set the dtype policy, not floatx."
        raise ValueError(f"`trimap` must be uint8: 0 background to 255 foreground. Received: {dtype}. {way_out}")
    return image, trimap


def framed(image: Tensor, trimap: Tensor, multiple: int, dtype: str = "float32") -> Tensor:
    """Normalise pictures, append their trimaps and pad both: `(N, H', W', 4)`, multiples of `multiple`.

    Pictures `(N, H, W, 3)` are integers up to 255 or floats in [0, 1], trimaps uint8 `(N, H, W, 1)`. What is padded
    lies at the bottom and at the right, and is a reflection.
    """
    scale = 1 if keras.backend.is_float_dtype(image.dtype) else 255
    image = ops.cast(image, dtype) / scale
    image = (image - ops.array(MEAN, dtype)) / ops.array(STANDARD_DEVIATION, dtype)
    unknown, foreground = _read(trimap)
    trimap = ops.where(unknown, ops.cast(UNKNOWN / FOREGROUND, dtype), ops.cast(foreground, dtype))
    x = ops.concatenate([image, trimap], axis=-1)
    for axis in (1, 2):
        x = ops.take(x, _reflected(ops.shape(x)[axis], multiple), axis=axis)
    return _both_sizes_open(x)


def matte(prediction: Tensor, trimap: Tensor) -> Tensor:
    """Crop the network's output to the trimap's size, clip it to [0, 1] and keep what the trimap knows."""
    _, height, width, _ = ops.shape(trimap)
    prediction = ops.cast(prediction[:, :height, :width], wide_dtype(prediction.dtype))
    unknown, foreground = _read(trimap)
    return ops.where(unknown, ops.clip(prediction, 0, 1), ops.cast(foreground, prediction.dtype))


def colours_of(inputs: Array) -> Array:
    """Return the pictures in what `framed` returned, float32 RGB of shape `(N, H', W', 3)` in [0, 1]."""
    return np.asarray(inputs[..., :3] * np.array(STANDARD_DEVIATION, np.float32) + np.array(MEAN, np.float32))


def _read(trimap: Tensor) -> tuple[Tensor, Tensor]:
    """Return where a trimap is unknown, and where it is foreground."""
    levels = ops.cast(trimap, "float32")
    foreground = is_foreground(levels)
    return ops.logical_not(ops.logical_or(is_background(levels), foreground)), foreground


def _both_sizes_open(x: Tensor) -> Tensor:
    """Forget the known one of height and width in a TensorFlow graph that leaves the other open.

    With one of the two known, TensorFlow 2.21 optimises such graphs into wrong paddings of dilated convolutions.
    """
    if keras.backend.backend() != "tensorflow" or (x.shape[1] is None) == (x.shape[2] is None):
        return x
    import tensorflow as tf

    return tf.raw_ops.PlaceholderWithDefault(input=x, shape=tf.TensorShape((x.shape[0], None, None, x.shape[3])))


def _reflected(length: Tensor, multiple: int) -> Tensor:
    """Indices `0 .. length - 1` and on by reflection at the last pixel, back and forth in a map smaller than that."""
    padded = (length + multiple - 1) // multiple * multiple
    # Of plain numbers Keras makes int16 where its floatx is float16.
    period = ops.maximum(ops.cast(2 * (length - 1), "int32"), ops.cast(1, "int32"))
    index = ops.arange(padded, dtype="int32") % period
    return ops.minimum(index, period - index)
