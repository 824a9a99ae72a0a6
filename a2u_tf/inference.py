"""One picture through a matting model, whole or at a smaller working size, and the dtype that the model computes in."""

import cv2
import keras
import numpy as np

from a2u_tf.conventions import BACKGROUND, FOREGROUND, UNKNOWN
from a2u_tf.models.matting import Matting

DTYPES = ("float32", "bfloat16")


def predict_alpha(model, image, trimap, max_side=None):
    """Predict the matte of one picture.

    Args:
        model: `a2u_tf.models.Matting`.
        image: RGB of shape `(H, W, 3)`, uint8 or float in [0, 1].
        trimap: uint8 of shape `(H, W)`: 255 foreground, 0 background, any other level unknown.
        max_side: Largest height or width that the model sees, in pixels: larger pictures are reduced, and their mattes
            enlarged. A2U's kernels come from averages over the whole map, so the matte of a reduced picture is not that
            of the picture, only smaller. None predicts at full size.

    Returns:
        float32 array of shape `(H, W)` in [0, 1], 1 and 0 where the trimap is known.

    Raises:
        ValueError: Where shapes or dtypes do not fit, or `max_side` is no positive integer.
    """
    image, trimap = np.asarray(image), np.asarray(trimap)
    if trimap.ndim != 2 or image.shape != (*trimap.shape, 3) or 0 in trimap.shape:
        raise ValueError(
            "`image` and `trimap` must have shapes (H, W, 3) and (H, W), of one size. Received: "
            f"image.shape={image.shape}, trimap.shape={trimap.shape}"
        )
    if max_side is not None and (not isinstance(max_side, int | np.integer) or max_side < 1):
        raise ValueError(f"`max_side` must be an integer of at least 1, or None. Received: max_side={max_side!r}")
    if max_side is None or max(trimap.shape) <= max_side:
        return _predict(model, image, trimap)
    zoom = max_side / max(trimap.shape)
    size = tuple(max(1, round(zoom * length)) for length in trimap.shape[::-1])
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    alpha = _predict(model, small, _reduced(trimap, size))
    alpha = np.clip(cv2.resize(alpha, trimap.shape[::-1], interpolation=cv2.INTER_CUBIC), 0, 1)
    return np.select([trimap == BACKGROUND, trimap == FOREGROUND], [0, 1], alpha).astype(np.float32)


def with_dtype(model, dtype):
    """Return the same matting model, computing in another dtype; its weights are copied and stay float32.

    Args:
        model: `a2u_tf.models.Matting`.
        dtype: `"float32"` or `"bfloat16"`. Mattes computed in bfloat16 are exact to about 1/256, and A2U makes its
            kernels in float32 all the same.

    Raises:
        ValueError: For another dtype.
    """
    if dtype not in DTYPES:
        raise ValueError(f"`dtype` must be one of {DTYPES}. Received: dtype={dtype!r}")
    policy = "float32" if dtype == "float32" else f"mixed_{dtype}"

    def cloned(operation):
        config = operation.get_config()
        if isinstance(operation, keras.Layer):
            config["dtype"] = policy
        return type(operation).from_config(config)

    network = keras.models.clone_model(model.network, clone_function=cloned)
    network.set_weights(model.network.get_weights())
    return Matting(network)


def _predict(model, image, trimap):
    output = model.predict_on_batch({"image": image[None], "trimap": trimap[None, ..., None]})
    return np.asarray(output["alpha"])[0, ..., 0]


def _reduced(trimap, size):
    """Reduce a trimap; a pixel is known where all that it covers is known and the same."""
    reduced = np.full(size[::-1], UNKNOWN, np.uint8)
    for level in (BACKGROUND, FOREGROUND):
        share = cv2.resize((trimap == level).astype(np.float32), size, interpolation=cv2.INTER_AREA)
        reduced[share > 0.999] = level
    return reduced
