"""Trimaps of what a person marks roughly, by a box or by strokes: OpenCV's GrabCut finds the thing by its colours.

Rother, Kolmogorov and Blake, "GrabCut", SIGGRAPH 2004. It is a hard cut, so a band along its edge is unknown. It works
on reduced pictures: the band is wider than what that costs.
"""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import ArrayLike

from a2u_tf.matting.conventions import BACKGROUND, FOREGROUND
from a2u_tf.matting.pictures.picture import as_8_bits, check_sizes
from a2u_tf.matting.pictures.trimap import three_levels, trimap_from_mask
from a2u_tf.types import Array

BAND = 0.03  # of the longer side
LONGEST = 400  # pixels that GrabCut sees
ROUNDS = 8
SAMPLES = 50  # colours of strokes
CORE = 0.75  # of a box: the ellipse that is taken for foreground at first
CRUMB = 0.02  # pieces and holes smaller than this share of the largest piece are mistakes


def trimap_from_box(image: ArrayLike, box: Sequence[int], width: int | None = None) -> Array:
    """Make a trimap of a picture in which a box holds the foreground.

    Args:
        image: RGB of shape `(H, W, 3)`, uint8 or uint16.
        box: `(x, y, width, height)` in pixels.
        width: Of the unknown band, in pixels, half on each side of the edge that was found. None is 3 % of the longer
            side.

    Returns:
        uint8 of shape `(H, W)`: 0 background, as everything outside of the box, 128 unknown, 255 foreground.

    Raises:
        ValueError: Where shapes and values do not fit, and where nothing is found.
    """
    image = _checked(image)
    height, columns = image.shape[:2]
    if len(box) != 4 or not all(isinstance(n, int | np.integer) for n in box) or min(*box[2:], 1) < 1:
        raise ValueError(f"A box is x, y, width and height, in whole pixels. Received: {box}")
    x, y, across, down = box
    rows, cols = (slice(max(0, a), max(0, a + n)) for a, n in ((y, down), (x, across)))
    marks = np.full((height, columns), cv2.GC_BGD, np.uint8)
    marks[rows, cols] = cv2.GC_PR_BGD
    if not marks.any():
        raise ValueError(f"The box {tuple(box)} lies outside of the picture, which is {columns} x {height} pixels.")
    distances = np.hypot(*np.ogrid[-1 : 1 : marks[rows, cols].shape[0] * 1j, -1 : 1 : marks[rows, cols].shape[1] * 1j])
    marks[rows, cols][distances < CORE] = cv2.GC_PR_FGD
    trimap = trimap_from_mask(_cut(image, marks), _band(marks, width))
    return np.where(marks == cv2.GC_BGD, np.uint8(BACKGROUND), trimap)


def trimap_from_strokes(image: ArrayLike, strokes: ArrayLike, width: int | None = None) -> Array:
    """Make a trimap of a picture in which some foreground and some background are painted over.

    Args:
        image: RGB of shape `(H, W, 3)`, uint8 or uint16.
        strokes: Levels of shape `(H, W)` from 0 to 255: as in trimaps, within 24 of 255 foreground, within 24 of 0
            background, all else not marked.
        width: As of `trimap_from_box`.

    Returns:
        uint8 of shape `(H, W)`: 0 background, 128 unknown, 255 foreground; what was painted stays as it is.

    Raises:
        ValueError: Where shapes and values do not fit, and where foreground or background have no stroke.
    """
    image, levels = _checked(image), three_levels(np.asarray(strokes))
    check_sizes(image, levels, "`image` and `strokes`")
    known = {BACKGROUND: "black over some background", FOREGROUND: "white over some foreground"}
    if lacking := [what for level, what in known.items() if not (levels == level).any()]:
        raise ValueError(f"The strokes mark too little. Paint {' and '.join(lacking)}, and leave the rest grey.")
    marks = np.full(levels.shape, cv2.GC_PR_BGD, np.uint8)
    marks[levels == BACKGROUND], marks[levels == FOREGROUND] = cv2.GC_BGD, cv2.GC_FGD
    trimap = trimap_from_mask(_cut(image, marks, by_colours=True), _band(marks, width))
    return np.select([marks == cv2.GC_BGD, marks == cv2.GC_FGD], [levels, levels], trimap)


def _checked(image: ArrayLike) -> Array:
    image = np.asarray(image)
    if image.dtype not in (np.uint8, np.uint16) or image.shape[2:] != (3,) or not image.size:
        raise ValueError(
            f"`image` must be RGB of shape (H, W, 3), uint8 or uint16. Received: {image.dtype} of shape {image.shape}"
        )
    return as_8_bits(image)


def _distance(image: Array, colours: Array) -> Array:
    """The squared distance of each pixel to the nearest of some of these colours, float32 of shape `(H, W)`."""
    some = colours[np.linspace(0, len(colours) - 1, min(len(colours), SAMPLES), dtype=int)].astype(np.float32)
    nearest = np.full(image.shape[:2], np.inf, np.float32)
    for colour in some:
        np.minimum(nearest, np.square(image - colour).sum(axis=-1), out=nearest)
    return nearest


def _band(marks: Array, width: int | None) -> int:
    return max(2, round(BAND * max(marks.shape))) if width is None else width


def _cut(image: Array, marks: Array, by_colours: bool = False) -> Array:
    """Where GrabCut sees foreground, from its marks of each pixel: floats of shape `(H, W)`, 0 or 1.

    With `by_colours` what is not sure belongs to the kind of nearest colours at first: of few strokes GrabCut learns
    nothing by itself.
    """
    height, columns = marks.shape
    zoom = min(1.0, LONGEST / max(marks.shape))
    size = max(1, round(zoom * columns)), max(1, round(zoom * height))
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    reduced = cv2.resize(marks, size, interpolation=cv2.INTER_NEAREST)
    enough = 0 if by_colours else 0.2  # of a pixel: thin strokes count, too
    for kind in (cv2.GC_BGD, cv2.GC_FGD):
        reduced[cv2.resize((marks == kind).astype(np.float32), size, interpolation=cv2.INTER_AREA) > enough] = kind
    if by_colours:
        to_front, to_back = (_distance(small, small[reduced == kind]) for kind in (cv2.GC_FGD, cv2.GC_BGD))
        reduced[(reduced == cv2.GC_PR_BGD) & (to_front < to_back)] = cv2.GC_PR_FGD
    cv2.setRNGSeed(0)  # its clusters begin at random
    colours = cv2.cvtColor(small, cv2.COLOR_RGB2BGR)
    behind, front = np.zeros((1, 65)), np.zeros((1, 65))  # what it learns of both
    try:
        cv2.grabCut(colours, reduced, (0, 0, 0, 0), behind, front, ROUNDS, cv2.GC_INIT_WITH_MASK)
    except cv2.error as error:
        raise ValueError(
            f"GrabCut needs some pixels of foreground and of background. Received a picture of {columns} x {height}, "
            "in which too few are marked."
        ) from error
    mask = np.isin(reduced, (cv2.GC_FGD, cv2.GC_PR_FGD))
    if not mask.any():
        raise ValueError("No foreground was found: it looks like what is around it. Mark it by strokes.")
    whole = _without_crumbs(mask).astype(np.float32)
    return np.rint(np.clip(cv2.resize(whole, (columns, height), interpolation=cv2.INTER_LINEAR), 0, 1))


def _without_crumbs(mask: Array) -> Array:
    """Drop small pieces, and fill small holes, such as eyes of another colour."""
    for kind in (True, False):
        number, pieces, statistics, _ = cv2.connectedComponentsWithStats((mask == kind).astype(np.uint8))
        areas = statistics[:, cv2.CC_STAT_AREA]
        if kind:
            smallest = CRUMB * areas[1:].max()
        crumbs = [n for n in range(1, number) if areas[n] < smallest]
        mask = mask ^ np.isin(pieces, crumbs)
    return mask
