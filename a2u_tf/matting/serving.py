"""The endpoints of a matting SavedModel: checked pixels to a matte, and picture files to picture files.

TensorFlow Serving's REST interface takes bytes as `{"b64": "..."}`, and writes an output so if its name ends in
`_bytes`; hence the names.
"""

from collections.abc import Callable

import keras
import numpy as np

from a2u_tf.export import Endpoint, Signature
from a2u_tf.export.endpoints import Arrays
from a2u_tf.matting.conventions import BACKGROUND, FOREGROUND, KNOWN_WITHIN, UNKNOWN
from a2u_tf.matting.pictures.formats import JPEG_SIGNATURE, PNG_SIGNATURE, max_pixels
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


def encoded_signature() -> Signature:
    """Return the signature `serve_encoded`, from strings `(N,)`, picture files, to strings `(N,)`, grey PNG files.

    Pictures and trimaps are PNG or JPEG, of one size and of no more pixels than `max_pixels()` allows, by their
    headers: larger ones are not decoded. Grey pictures become three equal channels, what is transparent is laid over
    white, 16 bits become 8. The rotation that EXIF data of a JPEG ask for is not applied: send the pixels upright.
    """
    import tensorflow as tf

    def around(matting: Callable[..., dict[str, Tensor]]) -> Callable[[Tensor, Tensor], dict[str, Tensor]]:
        def one(files: tuple[Tensor, Tensor]) -> Tensor:
            image_bytes, trimap_bytes = (_checked(file) for file in files)
            is_png = _begins_with(image_bytes, PNG_SIGNATURE)
            image = tf.cond(is_png, lambda: _over_white(image_bytes), lambda: _decoded(image_bytes, 3))
            alpha = matting(image=image[None], trimap=_decoded(trimap_bytes, 1)[None])["alpha"][0]
            return tf.io.encode_png(tf.cast(tf.round(255 * alpha), tf.uint8))

        def encoded(image_bytes: Tensor, trimap_bytes: Tensor) -> dict[str, Tensor]:
            counts = tf.size(image_bytes), tf.size(trimap_bytes)
            check = tf.debugging.assert_equal(*counts, "There must be as many `trimap_bytes` as `image_bytes`")
            with tf.control_dependencies([check]):
                files = (tf.identity(image_bytes), tf.identity(trimap_bytes))
            # One after another: side by side they would need the memory of as many networks.
            return {"alpha_bytes": tf.map_fn(one, files, fn_output_signature=tf.string, parallel_iterations=1)}

        return encoded

    def encode(inputs: Arrays) -> Arrays:
        return {
            f"{name}_bytes": np.array([tf.io.encode_png(picture).numpy() for picture in pictures])
            for name, pictures in inputs.items()
        }

    def decode(outputs: Arrays) -> Arrays:
        return {"alpha": np.stack([tf.io.decode_png(png).numpy() for png in outputs["alpha_bytes"]]) / 255}

    files = [tf.TensorSpec((None,), tf.string, name) for name in ("image_bytes", "trimap_bytes")]
    # Half a level of rounding, and one for what TensorFlow computes in another order.
    return Signature("serve_encoded", around, files, encode, decode, tolerance=1.501 / 255)


def _begins_with(file: Tensor, signature: bytes) -> Tensor:
    import tensorflow as tf

    return tf.equal(tf.strings.substr(file, 0, len(signature)), signature)


def _decoded(file: Tensor, channels: int) -> Tensor:
    import tensorflow as tf

    # This op decodes PNG, too; by its exact transform a JPEG has the pixels that other decoders find.
    return tf.io.decode_jpeg(file, channels, dct_method="INTEGER_ACCURATE")


def _over_white(png: Tensor) -> Tensor:
    """As `a2u_tf.matting.pictures.read_picture` does."""
    import tensorflow as tf

    rgba = tf.cast(tf.io.decode_png(png, channels=4), tf.float32)
    return tf.cast(tf.round(255 - (255 - rgba[..., :3]) * rgba[..., 3:] / 255), tf.uint8)


def _checked(file: Tensor) -> Tensor:
    """Return a scalar string as it is: the bytes of a PNG or JPEG file, whose header asks for no more than allowed."""
    import tensorflow as tf

    def png_size() -> Tensor:
        return tf.io.decode_raw(tf.strings.substr(file, 16, 8), tf.int32, little_endian=False)

    def other_size() -> Tensor:
        is_jpeg = _begins_with(file, JPEG_SIGNATURE)
        check = tf.debugging.Assert(is_jpeg, ["Unknown image file format. Pictures must be PNG or JPEG files"])
        with tf.control_dependencies([check]):
            return tf.image.extract_jpeg_shape(file)[:2]

    is_png = _begins_with(file, PNG_SIGNATURE) & (tf.strings.length(file) >= 24)
    pixels = tf.reduce_prod(tf.cast(tf.cond(is_png, png_size, other_size), tf.int64))
    limit = max_pixels()
    message = f"Pictures may have up to {limit} pixels. Send a smaller one, or export with a larger A2U_MAX_PIXELS"
    with tf.control_dependencies([tf.debugging.assert_less_equal(pixels, tf.constant(limit, tf.int64), message)]):
        return tf.identity(file)
