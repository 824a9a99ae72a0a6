"""One picture through a matting model, whole or at a smaller working size, and the dtype that the model computes in."""

import cv2
import keras
import numpy as np
from numpy.typing import ArrayLike

from a2u_tf.matting.conventions import BACKGROUND, FOREGROUND, UNKNOWN
from a2u_tf.matting.network import MattingModel
from a2u_tf.matting.network.strips import StripConv2D, can_be_stripped
from a2u_tf.matting.pictures import exact_trimap
from a2u_tf.matting.pictures.picture import check_sizes, check_unit
from a2u_tf.types import Array

DTYPES = ("float32", "bfloat16")
LARGE = 8_000_000  # pixels, from which `for_prediction` wants to know of it


def predict_alpha(model: MattingModel, image: ArrayLike, trimap: ArrayLike, max_side: int | None = None) -> Array:
    """Predict the matte of one picture.

    Args:
        model: `MattingModel`; for pictures of more than 8 megapixels from `for_prediction(model, large=True)`.
        image: RGB of shape `(H, W, 3)`, uint8 or float in [0, 1].
        trimap: Shape `(H, W)`, levels from 0 to 255, or uint16 to 65535: within 24 of 255 foreground, within 24 of 0
            background, any other unknown.
        max_side: Largest height or width that the model sees, in pixels: larger pictures are reduced, and their mattes
            enlarged. A2U's kernels come from averages over the whole map, so the matte of a reduced picture is not that
            of the picture, only smaller. None predicts at full size.

    Returns:
        float32 array of shape `(H, W)` in [0, 1], 1 and 0 where the trimap is known.

    Raises:
        ValueError: Where shapes, dtypes or ranges do not fit, the trimap is background alone, as where its levels are
            0, 1 and 2, or `max_side` is no positive integer.
    """
    image, trimap = np.asarray(image), np.asarray(trimap)
    check_sizes(image, trimap, "`image` and `trimap`")
    if image.dtype != np.uint8:
        check_unit("image", image, "uint8, or floats in [0, 1]")
        image = image.astype(np.float32, copy=False)
    whole = isinstance(max_side, int | np.integer) and not isinstance(max_side, bool)
    if max_side is not None and (not whole or max_side < 1):
        raise ValueError(f"`max_side` must be an integer of at least 1, or None. Received: max_side={max_side!r}")
    trimap = exact_trimap(trimap)
    if max_side is None or max(trimap.shape) <= max_side:
        return _predict(model, image, trimap)
    zoom = max_side / max(trimap.shape)
    size = tuple(max(1, round(zoom * length)) for length in trimap.shape[::-1])
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    alpha = _predict(model, small, _reduced(trimap, size))
    alpha = np.clip(cv2.resize(alpha, trimap.shape[::-1], interpolation=cv2.INTER_CUBIC), 0, 1)
    return np.select([trimap == BACKGROUND, trimap == FOREGROUND], [0, 1], alpha).astype(np.float32)


def for_prediction(model: MattingModel, dtype: str | None = None, large: bool = False) -> MattingModel:
    """Return the same matting model as predictions need it; its weights are copied and stay float32.

    Args:
        model: `MattingModel`.
        dtype: What to compute in, `"float32"` or `"bfloat16"`; None leaves it as it is. A2U makes its kernels in
            float32 all the same. Mattes of bfloat16 differ by a few hundredths at single pixels.
        large: Whether there will be pictures of more than 8 megapixels, which are then convolved in strips, to the same
            numbers. Without it TensorFlow asks for tens of gigabytes on a CPU. For one picture at a time.
    """
    if dtype not in (None, *DTYPES):
        raise ValueError(f"`dtype` must be one of {DTYPES}, or None. Received: dtype={dtype!r}")
    large = large and keras.backend.backend() == "tensorflow"

    def cloned(operation: keras.Operation) -> keras.Operation:
        config, kind = operation.get_config(), type(operation)
        if dtype and isinstance(operation, keras.Layer):
            config["dtype"] = dtype if dtype == "float32" else f"mixed_{dtype}"
        if large and can_be_stripped(operation):
            kind = StripConv2D
        return kind.from_config(config)

    network = keras.models.clone_model(model.network, clone_function=cloned)
    network.set_weights(model.network.get_weights())
    return MattingModel(network, dtype="float32" if dtype else model.dtype_policy)


def _predict(model: MattingModel, image: Array, trimap: Array) -> Array:
    output = model.predict_on_batch({"image": image[None], "trimap": trimap[None, ..., None]})
    return np.asarray(output["alpha"])[0, ..., 0]


def _reduced(trimap: Array, size: tuple[int, ...]) -> Array:
    """Reduce a trimap; a pixel is known where all that it covers is known and the same."""
    reduced = np.full(size[::-1], UNKNOWN, np.uint8)
    for level in (BACKGROUND, FOREGROUND):
        share = cv2.resize((trimap == level).astype(np.float32), size, interpolation=cv2.INTER_AREA)
        reduced[share > 0.999] = level
    return reduced
