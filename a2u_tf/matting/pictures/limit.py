"""How many pixels a picture may have: a file of a few hundred bytes can ask for gigabytes."""

import os

ENVIRONMENT_VARIABLE = "A2U_MAX_PIXELS"
# 268 megapixels: more than the 200 of the largest cameras. Decoded, four channels of 16 bits are 2 GiB.
DEFAULT = 2**28


def max_pixels() -> int:
    """Return the largest number of pixels of a picture that is read: the variable `A2U_MAX_PIXELS`, or 2**28.

    Raises:
        ValueError: Where the variable is set to something else than a whole number above 0.
    """
    text = os.environ.get(ENVIRONMENT_VARIABLE) or str(DEFAULT)
    if not (text.isascii() and text.isdecimal() and len(text) < 19 and int(text) > 0):
        raise ValueError(
            f"{ENVIRONMENT_VARIABLE} must be a whole number above 0, the most pixels of a picture. Received: {text!r}. "
            f"Unset it for {DEFAULT}."
        )
    return int(text)
