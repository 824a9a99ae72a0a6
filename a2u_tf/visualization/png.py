"""PNG files for people to look at."""

import cv2

from a2u_tf.files import replaced


def write_png(path, image):
    """Write a uint8 picture through a temporary name."""
    # OpenCV's default looks for runs alone: sheets become four times as large.
    encoded, content = cv2.imencode(".png", image, [cv2.IMWRITE_PNG_COMPRESSION, 6])
    if not encoded:
        raise ValueError(f"OpenCV cannot encode a picture of shape {image.shape}, dtype {image.dtype} as PNG.")
    with replaced(path) as temporary:
        temporary.write_bytes(content.tobytes())
