"""Matting from picture files to picture files, inside the graph: what a web client sends and gets.

TensorFlow Serving's REST interface takes bytes as `{"b64": "..."}`, and writes an output so if its name ends in
`_bytes`; hence the names.
"""


def encoded_matting(matting):
    """Return a function of encoded pictures around one of pixels.

    Args:
        matting: Concrete `tf.function` from `image`, uint8 `(N, H, W, 3)`, and `trimap`, uint8 `(N, H, W, 1)`, to a
            dict of `alpha`.

    Returns:
        Function from `image_bytes` and `trimap_bytes`, strings `(N,)`, to a dict of `alpha_bytes`, strings `(N,)`: PNG
        files, grey, of 8 bits. Pictures are PNG or JPEG, of any size, each of that of its trimap. Grey ones become
        three equal channels, an alpha channel is dropped, 16 bits become 8. The rotation that EXIF data of a JPEG ask
        for is not applied: send the pixels upright.
    """
    import tensorflow as tf

    def one(files):
        image_bytes, trimap_bytes = files
        # This op decodes PNG, too; by its exact transform a JPEG has the pixels that other decoders find.
        image = tf.io.decode_jpeg(image_bytes, channels=3, dct_method="INTEGER_ACCURATE")
        trimap = tf.io.decode_png(trimap_bytes, channels=1)
        alpha = matting(image=image[None], trimap=trimap[None])["alpha"][0]
        return tf.io.encode_png(tf.cast(tf.round(255 * alpha), tf.uint8))

    def encoded(image_bytes, trimap_bytes):
        check = tf.debugging.assert_equal(
            tf.size(image_bytes), tf.size(trimap_bytes), "There must be as many `trimap_bytes` as `image_bytes`"
        )
        with tf.control_dependencies([check]):
            files = (tf.identity(image_bytes), tf.identity(trimap_bytes))
        # One after another: side by side they would need the memory of as many networks.
        return {"alpha_bytes": tf.map_fn(one, files, fn_output_signature=tf.string, parallel_iterations=1)}

    return encoded
