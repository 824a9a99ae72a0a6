"""The one writer of PNG files."""

import zlib
from pathlib import Path

import numpy as np

from a2u_tf.files.whole_files import replaced
from a2u_tf.types import Array

_BEGINNING = 33  # bytes, to the end of the header


def write_png(path: Path | str, levels: Array, profile: bytes | None = None, fast: bool = False) -> None:
    """Write a picture as a PNG file, whose path must end in `.png`; the file is whole or not there.

    Args:
        levels: uint8 or uint16, grey of shape `(H, W)`, RGB of shape `(H, W, 3)`, or RGBA of shape `(H, W, 4)`.
        profile: ICC profile of the colours, bytes; None for sRGB.
        fast: Whether to look for runs of levels alone. Photographs grow little by that; drawings become four times as
            large.
    """
    import cv2  # here: most who write files write no pictures
    from PIL import PngImagePlugin

    if Path(path).suffix.lower() != ".png":
        raise ValueError(f"`path` must end in .png, the format that is written. Received: {path}")
    if levels.dtype not in (np.uint8, np.uint16) or levels.shape[2:] not in ((), (3,), (4,)) or not levels.size:
        raise ValueError(
            f"{path} must be made of uint8 or uint16 of shape (H, W), (H, W, 3) or (H, W, 4). Received: {levels.dtype} "
            f"of shape {levels.shape}"
        )
    orders = {(3,): cv2.COLOR_RGB2BGR, (4,): cv2.COLOR_RGBA2BGRA}
    try:
        ordered = cv2.cvtColor(levels, orders[levels.shape[2:]]) if levels.ndim > 2 else levels
        encoded, png = cv2.imencode(".png", ordered, [] if fast else [cv2.IMWRITE_PNG_COMPRESSION, 6])
    except cv2.error as error:
        raise ValueError(f"{path} of {levels.shape[:2]} pixels cannot be encoded: {error.err}") from error
    if not encoded:
        raise ValueError(f"{path} of {levels.shape[:2]} pixels is too large for PNG, whose sides are up to 10**6.")
    data = png.tobytes()
    with replaced(path) as temporary, open(temporary, "wb") as file:
        file.write(data[:_BEGINNING])
        if profile:
            PngImagePlugin.putchunk(file, b"iCCP", b"ICC profile\0\0" + zlib.compress(profile))
        file.write(data[_BEGINNING:])
