"""From a picture and its trimap to the cut-out: matte, colours of the foreground, new backgrounds."""

import dataclasses

import cv2
import numpy as np

from a2u_tf.matting import MattingModel
from a2u_tf.matting.cutout import decide_alpha, estimate_foreground
from a2u_tf.matting.pictures import composite, over_white
from a2u_tf.matting.prediction import predict_alpha
from a2u_tf.types import Array
from a2u_tf.visualization import KernelMap


@dataclasses.dataclass
class CutOut:
    """A picture that was cut out.

    Attributes:
        image: RGB, uint8 of shape `(H, W, 3)`.
        trimap: uint8 of shape `(H, W)`.
        alpha: float32 of shape `(H, W)` in [0, 1]: the matte.
        opacity: float32 of shape `(H, W)` in [0, 1]: the alpha of the cut-out (`decide_alpha`).
        foreground: RGB, uint8 of shape `(H, W, 3)`: the colours of what was cut out.
        kernels: What `demo.kernels` keeps of the picture, once it was asked for.
    """

    image: Array
    trimap: Array
    alpha: Array
    opacity: Array
    foreground: Array
    kernels: tuple[Array, list[KernelMap]] | None = None

    def rgba(self) -> Array:
        """Return the cut-out, uint8 of shape `(H, W, 4)`, not premultiplied."""
        return np.dstack([self.foreground, np.rint(255 * self.opacity).astype(np.uint8)])

    def over(self, background: Array) -> Array:
        """Lay the cut-out over RGB, uint8 of shape `(H, W, 3)`."""
        return np.rint(composite(self.foreground, background, self.opacity)).astype(np.uint8)


def cut_out(model: MattingModel, image: Array, trimap: Array, longest: int) -> CutOut:
    """Cut a picture out.

    Args:
        model: `a2u_tf.matting.MattingModel`.
        image: RGB, or RGBA, which is laid over white; uint8 of shape `(H, W, 3 or 4)`.
        trimap: uint8 of shape `(H, W)`.
        longest: Longest side in pixels; what is larger is reduced to it.

    Returns:
        `CutOut`.

    Raises:
        ValueError: Where picture and trimap differ in size, or the trimap is background alone.
    """
    if image.shape[:2] != trimap.shape:
        raise ValueError(
            f"Picture and trimap differ in size: the picture is {size_text(image)} pixels, the trimap "
            f"{size_text(trimap)}. Paint the trimap, or drop one of the picture's size."
        )
    image, trimap = reduced(over_white(image) if image.shape[2] == 4 else image, trimap, longest)
    alpha = predict_alpha(model, image, trimap)
    colours = image / np.float32(255)
    opacity = decide_alpha(colours, alpha)
    colours = estimate_foreground(colours, opacity)
    return CutOut(image, trimap, alpha, opacity, np.rint(255 * colours).astype(np.uint8))


def reduced(image: Array, trimap: Array, longest: int) -> tuple[Array, Array]:
    """Reduce a picture and its trimap to a longest side; smaller ones are returned as they are."""
    zoom = longest / max(trimap.shape)
    if zoom >= 1:
        return image, trimap
    size = tuple(max(1, round(zoom * length)) for length in trimap.shape[::-1])
    image = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    return image, cv2.resize(trimap, size, interpolation=cv2.INTER_NEAREST)


def size_text(picture: Array) -> str:
    """Return "width x height"."""
    return f"{picture.shape[1]} x {picture.shape[0]}"
