"""Pictures as what the matting network reads and is trained on."""

import cv2
import numpy as np
from numpy.typing import ArrayLike

from a2u_tf.matting.conventions import MEAN, STANDARD_DEVIATION, UNKNOWN
from a2u_tf.matting.pictures import composite
from a2u_tf.matting.pictures.trimap import three_levels
from a2u_tf.types import Array


def network_input(image: ArrayLike, trimap: ArrayLike) -> Array:
    """Return what the network reads: RGB normalised by ImageNet's mean and deviation, and the trimap / 255.

    Args:
        image: RGB of shape `(H, W, 3)`, values in `[0, 255]`.
        trimap: Levels of shape `(H, W)` in `[0, 255]`; within 24 of 0 and of 255 they count as these, else as 128.

    Returns:
        float32 of shape `(H, W, 4)`.
    """
    # One matrix scales and shifts the colours: OpenCV does so without NumPy's loops over a last axis of three.
    deviation = np.array(STANDARD_DEVIATION)
    matrix = np.column_stack([np.diag(1 / (255 * deviation)), np.divide(MEAN, -deviation)])
    normalised = cv2.transform(np.asarray(image, np.float32), matrix)
    return cv2.merge([normalised, three_levels(trimap).astype(np.float32) / 255])


def training_tensors(foreground: Array, background: Array, alpha: Array, trimap: Array) -> tuple[Array, Array]:
    """Compose one sample for training.

    Args:
        foreground: RGB of shape `(H, W, 3)`, clipped to `[0, 255]`.
        background: The same.
        alpha: Floats of shape `(H, W)`, clipped to `[0, 1]`.
        trimap: As in `network_input`.

    Returns:
        `(input, target)`: the `network_input` of the composition, float32 of shape `(H, W, 4)`; and float32 of shape
        `(H, W, 11)` in `[0, 1]`: alpha, 1 where the trimap is unknown, RGB of foreground, background and composition.
    """
    image, trimap = composite(foreground, background, alpha), three_levels(trimap)
    alpha = np.clip(alpha, 0, 1)
    pictures = (np.clip(picture, 0, 255, dtype=np.float32) / 255 for picture in (foreground, background, image))
    target = cv2.merge([np.asarray(layer, np.float32) for layer in (alpha, trimap == UNKNOWN, *pictures)])
    return network_input(image, trimap), target
