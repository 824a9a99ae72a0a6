"""The user-level matting model: picture and trimap of any size in, matte of that size out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import keras
from keras import ops

from a2u_tf.matting.network.framing import framed, matte
from a2u_tf.matting.network.network import STRIDE, matting_net
from a2u_tf.ops.dtypes import wide_dtype
from a2u_tf.types import Tensor

if TYPE_CHECKING:
    from a2u_tf.export.endpoints import Endpoint


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

    def export_endpoint(self) -> Endpoint:
        """Return by what `a2u_tf.export` writes the model: see `a2u_tf.matting.serving`."""
        from a2u_tf.matting.serving import matting_endpoint

        return matting_endpoint(self)

    def compute_output_shape(self, input_shape: dict[str, Any]) -> dict[str, Any]:
        return {"alpha": tuple(input_shape["trimap"])}

    def get_build_config(self) -> None:
        return None  # as the network, which comes built

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "network": keras.saving.serialize_keras_object(self.network)}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> MattingModel:
        # Without what it was trained by: whoever loads a model need not have the classes of its optimizer and losses.
        network = {name: value for name, value in config["network"].items() if name != "compile_config"}
        return cls(**{**config, "network": keras.saving.deserialize_keras_object(network)})


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
        raise ValueError(
            f"`trimap` must be uint8: 0 background, 255 foreground, 128 unknown. Received: dtype={dtype}. {way_out}"
        )
    return image, trimap
