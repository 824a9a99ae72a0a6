"""One picture through a matting model."""

import numpy as np


def predict_alpha(model, image, trimap):
    """Predict the matte of one picture.

    Args:
        model: `a2u_tf.models.Matting`.
        image: RGB of shape `(H, W, 3)`, uint8 or float in [0, 1].
        trimap: uint8 of shape `(H, W)`: 255 foreground, 0 background, any other level unknown.

    Returns:
        float32 array of shape `(H, W)` in [0, 1].

    Raises:
        ValueError: Where shapes or dtypes do not fit.
    """
    image, trimap = np.asarray(image), np.asarray(trimap)
    if trimap.ndim != 2 or image.shape != (*trimap.shape, 3) or 0 in trimap.shape:
        raise ValueError(
            "`image` and `trimap` must have shapes (H, W, 3) and (H, W), of one size. Received: "
            f"image.shape={image.shape}, trimap.shape={trimap.shape}"
        )
    output = model.predict_on_batch({"image": image[None], "trimap": trimap[None, ..., None]})
    return np.asarray(output["alpha"])[0, ..., 0]
