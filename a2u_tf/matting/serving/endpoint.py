"""The function by which other programs call a matting model: checked pixels to a matte."""

import keras

from a2u_tf.export import Endpoint
from a2u_tf.matting.conventions import BACKGROUND, FOREGROUND, KNOWN_WITHIN, UNKNOWN
from a2u_tf.matting.pictures.limit import max_pixels
from a2u_tf.matting.serving.encoded import encoded_signature
from a2u_tf.types import Tensor

SIZES = ((1, 33, 50), (2, 48, 31))  # N, H, W: of any size, unlike networks


def matting_endpoint(model: keras.Model) -> Endpoint:
    """Return the `Endpoint` of a `MattingModel`, with a further signature for picture files.

    It takes `image`, uint8 `(N, H, W, 3)`, and `trimap`, uint8 `(N, H, W, 1)`, and returns `alpha`, float32
    `(N, H, W, 1)`; `N * H * W` is at most `max_pixels()` at the time of the export, and no trimap background alone.
    """
    import tensorflow as tf

    limit = max_pixels()
    image_shape, trimap_shape = (None, None, None, 3), (None, None, None, 1)

    def matting(image: Tensor, trimap: Tensor) -> dict[str, Tensor]:
        # Servers feed whatever they are sent: that of one channel would be broadcast to three.
        image, trimap = tf.ensure_shape(image, image_shape), tf.ensure_shape(trimap, trimap_shape)
        checks = [
            tf.debugging.assert_equal(
                tf.shape(image)[:3], tf.shape(trimap)[:3], "`image` and `trimap` must have the same size (N, H, W)"
            ),
            tf.debugging.assert_less_equal(
                tf.size(trimap, tf.int64), tf.constant(limit, tf.int64), f"The model takes up to {limit} pixels at once"
            ),
            tf.debugging.assert_greater(
                tf.reduce_max(tf.cast(trimap, tf.float32), axis=(1, 2, 3)),
                float(BACKGROUND + KNOWN_WITHIN),
                f"Every trimap must have foreground, {FOREGROUND}, or something unknown, {UNKNOWN}; {BACKGROUND}, the "
                f"background, reaches to {KNOWN_WITHIN}. Multiply its levels. The highest of each trimap",
            ),
        ]
        with tf.control_dependencies(checks):  # or another operation may fail first
            inputs = {"image": tf.identity(image), "trimap": tf.identity(trimap)}
        alpha: dict[str, Tensor] = model(inputs, training=False)
        return alpha

    specs = [tf.TensorSpec(image_shape, tf.uint8, "image"), tf.TensorSpec(trimap_shape, tf.uint8, "trimap")]
    levels = {"trimap": {BACKGROUND: 0.1, UNKNOWN: 0.8, FOREGROUND: 0.1}}
    return Endpoint(matting, specs, sizes=SIZES, levels=levels, signatures=(encoded_signature(),))
