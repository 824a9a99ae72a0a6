"""The colours of what was cut out, without the old background."""

import numpy as np

from a2u_tf.cutout import estimate_foreground, import_pymatting

ESTIMATED = "Colours of soft edges are estimated by pymatting."


def foreground_colours():
    """Return a function from picture and alpha to the foreground's colours, and what it does in words."""
    try:
        import_pymatting()
    except ImportError as error:
        return plain_colours, (
            "The cut-out has the picture's own colours, so that the old background shows through at soft edges. "
            f"{error}. Then start the page again, and they are estimated."
        )
    return estimated_colours, ESTIMATED


def plain_colours(image, alpha):
    """Return the picture itself."""
    return image


def estimated_colours(image, alpha):
    """Return colours as RGB, uint8 of shape `(H, W, 3)`, estimated by pymatting."""
    return np.rint(255 * np.clip(estimate_foreground(image, alpha), 0, 1)).astype(np.uint8)
