"""Matting from picture files to picture files, inside the graph: what a web client sends and gets.

TensorFlow Serving's REST interface takes bytes as `{"b64": "..."}`, and writes an output so if its name ends in
`_bytes`; hence the names.
"""

from collections.abc import Callable

import numpy as np

from a2u_tf.export import Signature
from a2u_tf.export.endpoints import Arrays
from a2u_tf.matting.pictures.formats import JPEG_SIGNATURE, PNG_SIGNATURE
from a2u_tf.matting.pictures.limit import max_pixels
from a2u_tf.types import Tensor


def encoded_signature() -> Signature:
    """Return the signature `serve_encoded`."""
    import tensorflow as tf

    def encode(inputs: Arrays) -> Arrays:
        return {
            f"{name}_bytes": np.array([tf.io.encode_png(picture).numpy() for picture in pictures])
            for name, pictures in inputs.items()
        }

    def decode(outputs: Arrays) -> Arrays:
        return {"alpha": np.stack([tf.io.decode_png(png).numpy() for png in outputs["alpha_bytes"]]) / 255}

    files = [tf.TensorSpec((None,), tf.string, name) for name in ("image_bytes", "trimap_bytes")]
    # Half a level of rounding, and one for what TensorFlow computes in another order.
    return Signature("serve_encoded", encoded_matting, files, encode, decode, tolerance=1.501 / 255)


def encoded_matting(matting: Callable[..., dict[str, Tensor]]) -> Callable[[Tensor, Tensor], dict[str, Tensor]]:
    """Return a function of encoded pictures around one of pixels.

    Args:
        matting: Concrete `tf.function` from `image`, uint8 `(N, H, W, 3)`, and `trimap`, uint8 `(N, H, W, 1)`, to a
            dict of `alpha`.

    Returns:
        Function from `image_bytes` and `trimap_bytes`, strings `(N,)`, to a dict of `alpha_bytes`, strings `(N,)`: PNG
        files, grey, of 8 bits. Pictures and trimaps are PNG or JPEG, of one size and of no more pixels than
        `max_pixels()` allows, by their headers: larger ones are not decoded. Grey pictures become three equal
        channels, what is transparent is laid over white, 16 bits become 8. The rotation that EXIF data of
        a JPEG ask for is not applied: send the pixels upright.
    """
    import tensorflow as tf

    def one(files: tuple[Tensor, Tensor]) -> Tensor:
        image_bytes, trimap_bytes = (_checked(file) for file in files)
        image = tf.cond(_is_png(image_bytes), lambda: _over_white(image_bytes), lambda: _decoded(image_bytes, 3))
        trimap = _decoded(trimap_bytes, 1)
        alpha = matting(image=image[None], trimap=trimap[None])["alpha"][0]
        return tf.io.encode_png(tf.cast(tf.round(255 * alpha), tf.uint8))

    def encoded(image_bytes: Tensor, trimap_bytes: Tensor) -> dict[str, Tensor]:
        check = tf.debugging.assert_equal(
            tf.size(image_bytes), tf.size(trimap_bytes), "There must be as many `trimap_bytes` as `image_bytes`"
        )
        with tf.control_dependencies([check]):
            files = (tf.identity(image_bytes), tf.identity(trimap_bytes))
        # One after another: side by side they would need the memory of as many networks.
        return {"alpha_bytes": tf.map_fn(one, files, fn_output_signature=tf.string, parallel_iterations=1)}

    return encoded


def _decoded(file: Tensor, channels: int) -> Tensor:
    import tensorflow as tf

    # This op decodes PNG, too; by its exact transform a JPEG has the pixels that other decoders find.
    return tf.io.decode_jpeg(file, channels, dct_method="INTEGER_ACCURATE")


def _over_white(png: Tensor) -> Tensor:
    """Decode a PNG file as `a2u_tf.matting.pictures.read_picture` does, to uint8 of shape `(H, W, 3)`."""
    import tensorflow as tf

    rgba = tf.cast(tf.io.decode_png(png, channels=4), tf.float32)
    missing = (255 - rgba[..., :3]) * rgba[..., 3:] / 255
    return tf.cast(tf.round(255 - missing), tf.uint8)


def _is_png(file: Tensor) -> Tensor:
    import tensorflow as tf

    return tf.equal(tf.strings.substr(file, 0, len(PNG_SIGNATURE)), PNG_SIGNATURE)


def _checked(file: Tensor) -> Tensor:
    """Return a scalar string as it is: the bytes of a PNG or JPEG file, whose header asks for no more than allowed."""
    import tensorflow as tf

    def png_size() -> Tensor:
        return tf.io.decode_raw(tf.strings.substr(file, 16, 8), tf.int32, little_endian=False)

    def other_size() -> Tensor:
        is_jpeg = tf.equal(tf.strings.substr(file, 0, len(JPEG_SIGNATURE)), JPEG_SIGNATURE)
        check = tf.debugging.Assert(is_jpeg, ["Unknown image file format. Pictures must be PNG or JPEG files"])
        with tf.control_dependencies([check]):
            return tf.image.extract_jpeg_shape(file)[:2]

    size = tf.cond(_is_png(file) & (tf.strings.length(file) >= 24), png_size, other_size)
    limit = max_pixels()
    check = tf.debugging.assert_less_equal(
        tf.reduce_prod(tf.cast(size, tf.int64)),
        tf.constant(limit, tf.int64),
        f"Pictures may have up to {limit} pixels. Send a smaller one, or export with a larger A2U_MAX_PIXELS",
    )
    with tf.control_dependencies([check]):
        return tf.identity(file)
