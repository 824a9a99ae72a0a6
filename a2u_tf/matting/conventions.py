"""What pictures and trimaps are in numbers, for the data, the models and the evaluation alike."""

from typing import Any

# Levels of trimaps.
BACKGROUND, UNKNOWN, FOREGROUND = 0, 128, 255
# Levels within this distance of 0 and of 255 are known, all others unknown; of masks, too. Measured on 55 trimaps of
# alphamatting.com and pymatting: saved as JPEG of quality 75, grey or RGB, 0.06 % of the known pixels turn unknown,
# 0.01 % apart from the band and none more than 8 pixels, a JPEG's block, from it (within 5 it would be 1.2 %). Blurred
# by a Gaussian of up to 4 pixels, no pixel of a band becomes known.
KNOWN_WITHIN = 24
# Of ImageNet's red, green and blue in [0, 1].
MEAN = (0.485, 0.456, 0.406)
STANDARD_DEVIATION = (0.229, 0.224, 0.225)


def is_background(levels: Any) -> Any:
    """Where levels from 0 to 255, an array or a tensor, count as background."""
    return levels <= BACKGROUND + KNOWN_WITHIN


def is_foreground(levels: Any) -> Any:
    """Where levels from 0 to 255, an array or a tensor, count as foreground."""
    return levels >= FOREGROUND - KNOWN_WITHIN
