"""One picture through a matting model, whole, at a smaller working size or in strips, and in another dtype."""

import functools
import math
from collections.abc import Callable

import cv2
import keras
import numpy as np
from keras import ops
from numpy.typing import ArrayLike

from a2u_tf.matting.conventions import BACKGROUND, FOREGROUND, UNKNOWN
from a2u_tf.matting.network import MattingModel
from a2u_tf.matting.pictures import exact_trimap
from a2u_tf.matting.pictures.picture import check_sizes, check_unit
from a2u_tf.ops.validation import positive_integers
from a2u_tf.training.fused_normalization import fuse_batch_normalization
from a2u_tf.types import Array, Tensor

DTYPES = ("float32", "bfloat16")
LARGE = 8_000_000  # pixels, from which `for_prediction` wants to know of it
MAX_WHOLE = 2**31  # bytes of a map that is convolved as a whole
STRIP = 2**29  # bytes of a strip


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
        ValueError: Where shapes, dtypes, ranges or `max_side` do not fit, and where the trimap is background alone, as
            of levels 0, 1 and 2.
    """
    return at_working_size(functools.partial(_predict, model), image, trimap, max_side)


def at_working_size(
    predict: Callable[[Array, Array], Array], image: ArrayLike, trimap: ArrayLike, max_side: int | None
) -> Array:
    """Check a picture and its trimap, and predict at full size, or reduced to a longest side and enlarged again.

    Args:
        predict: From RGB, uint8 or float32, and a trimap of exact levels, to alpha of the same size.
        image, trimap, max_side: As of `predict_alpha`, whose errors are raised.
    """
    image, trimap = np.asarray(image), np.asarray(trimap)
    check_sizes(image, trimap, "`image` and `trimap`")
    if image.dtype != np.uint8:
        check_unit("image", image, "uint8, or floats in [0, 1]")
        image = image.astype(np.float32, copy=False)
    if max_side is not None:
        positive_integers(max_side=max_side)
    trimap = exact_trimap(trimap)
    if max_side is None or max(trimap.shape) <= max_side:
        return predict(image, trimap)
    zoom = max_side / max(trimap.shape)
    size = tuple(max(1, round(zoom * length)) for length in trimap.shape[::-1])
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    alpha = predict(small, _reduced(trimap, size))
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
    if not large:  # the fused op was not tried on maps that need strips
        fuse_batch_normalization(network)
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


class StripConv2D(keras.layers.Conv2D):
    """`Conv2D` for predictions by TensorFlow: large maps in horizontal strips, one after the other.

    Where a map has more than 2**31 bytes, TensorFlow's convolution on a CPU (oneDNN's) first copies the window of every
    pixel: 27 GB for 12 megapixels of 64 channels. The full-width network comes to that at 8 megapixels. The batch must
    be one picture, the stride 1, the padding "same" and the kernel odd.
    """

    def convolution_op(self, inputs: Tensor, kernel: Tensor) -> Tensor:
        import tensorflow as tf

        depth = 4 * max(kernel.shape[-2:])  # bytes of a pixel, before or behind; half precision becomes float32 inside
        if None not in inputs.shape and math.prod(inputs.shape[:3]) * depth <= MAX_WHOLE:
            return super().convolution_op(inputs, kernel)
        size = tf.size(inputs, tf.int64) // kernel.shape[-2] * depth
        rows, columns = (length // 2 for length in kernel.shape[:2])
        height = ops.shape(inputs)[1]
        # No strip may be empty: oneDNN's convolution gives an empty map the channels of its input.
        number = tf.where(size > MAX_WHOLE, tf.clip_by_value(tf.cast(size // STRIP + 1, tf.int32), 1, height), 1)

        def convolve(index: Tensor, strips: Tensor) -> tuple[Tensor, Tensor]:
            top, bottom = height * index // number, height * (index + 1) // number
            first, last = tf.maximum(top - rows, 0), tf.minimum(bottom + rows, height)
            above, below = first - top + rows, bottom + rows - last
            strip = tf.pad(inputs[:1, first:last], [[0, 0], [above, below], [columns, columns], [0, 0]])
            strip = ops.conv(strip, kernel, padding="valid", data_format="channels_last")
            return index + 1, strips.write(index, strip[0])

        strips = tf.TensorArray(inputs.dtype, size=number, infer_shape=False)
        _, strips = tf.while_loop(lambda index, _: index < number, convolve, (0, strips), parallel_iterations=1)
        return tf.ensure_shape(strips.concat()[None], (1, *inputs.shape[1:3], kernel.shape[-1]))


def can_be_stripped(layer: keras.Operation) -> bool:
    """Whether `StripConv2D` can stand in for a layer, and spares it copies of windows."""
    return (
        type(layer) is keras.layers.Conv2D
        and layer.padding == "same"
        and set(layer.strides) == set(layer.dilation_rate) == {1}
        and layer.kernel_size != (1, 1)
        and all(length % 2 for length in layer.kernel_size)
    )
