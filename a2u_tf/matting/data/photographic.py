"""Training samples like photographs with the trimaps that people draw: what a small network can learn from alone.

`results/picture_statistics.md` sets them beside photographs, and beside the samples of `training_sample`.
"""

import math

import cv2
import numpy as np
from numpy.random import Generator

from a2u_tf.matting.conventions import BACKGROUND, FOREGROUND, UNKNOWN
from a2u_tf.matting.data.augmentation import (
    HUES,
    check_size,
    draw_background,
    draw_foreground,
    jitter,
    network_input,
    training_tensors,
)
from a2u_tf.matting.data.sources import Source
from a2u_tf.matting.pictures import merge_foregrounds
from a2u_tf.types import Array

MERGED = 0.15  # of the samples have a second foreground behind the first
ENLARGED = 1.25  # at most; further, pictures show pixels or blur
TURNED, MAX_ANGLE = 0.4, 15.0
ROUGH = 0.15  # of the trimaps are bands round a rough mask, which may miss a strand
EVEN = 0.4  # of the trimaps are as wide everywhere
WIDTHS = 3.0, 36.0  # in pixels, of the unknown region beyond what is soft
LIT = 0.5  # of the foregrounds take over some of the light of their background
BLURRED = 0.35  # of the backgrounds are out of focus
NOISY, MAX_NOISE = 0.5, 7.0
COMPRESSED, QUALITIES = 0.5, (60, 97)
KNOWN = 0.02  # what alpha may lack to 0 or 1 where somebody draws it as known: nobody sees so little


def photographic_sample(source: Source, rng: Generator, crop_size: int = 512) -> tuple[Array, Array]:
    """Compose one random sample as somebody may have photographed it.

    A foreground, sometimes before a second one, is seen whole or from near, flipped and turned; its trimap is uneven,
    as a brush or a rough mask makes it; a window falls so that a part of an edge lies anywhere in it, and takes as much
    of a background, often out of focus. Colours are jittered as those of `training_sample`, and take over some of the
    background's light; noise and JPEG follow the composition. In the target, colours are those before noise and JPEG.

    Args:
        source: `a2u_tf.matting.data.Source`. Its pictures should be larger than the sample by a fifth at least.
        rng: `numpy.random.Generator`, the only origin of chance.
        crop_size: Side of the sample in pixels, at least 16.

    Returns:
        `(input, target)`, as those of `a2u_tf.matting.data.training_sample`.

    Raises:
        ValueError: For a crop size below 16, or where a source returns something else than it should.
        PictureError: Where a source reads a file that is damaged.
    """
    check_size(crop_size)
    foreground, alpha = draw_foreground(source, rng)
    if rng.random() < MERGED:
        foreground, alpha = merge_foregrounds(foreground, alpha, *draw_foreground(source, rng))
    foreground, alpha = _seen(foreground, alpha, crop_size, rng)
    trimap = drawn_trimap(alpha, rng)
    window = _window(alpha, crop_size, rng)
    foreground, alpha, trimap = foreground[window], alpha[window], trimap[window]
    background = _ground(draw_background(source, rng), crop_size, rng)
    foreground = jitter(foreground, alpha, int(rng.integers(*HUES)), rng.random(), rng.random())
    if rng.random() < LIT:
        foreground = _lit(foreground, alpha, background, rng)
    _, target = training_tensors(foreground, background, alpha, trimap)
    return network_input(_photographed(255 * target[..., 8:], rng), trimap), target


def drawn_trimap(alpha: Array, rng: Generator) -> Array:
    """Return a trimap as somebody may have drawn it, its unknown region wider here than there: uint8 `(H, W)`."""
    if rng.random() < ROUGH:
        inside = cv2.GaussianBlur(alpha, (0, 0), rng.uniform(1, 6)) > 0.5
        outside, least = ~inside, 8.0
    else:
        inside, outside, least = alpha > 1 - KNOWN, alpha < KNOWN, WIDTHS[0]
    trimap = np.full(alpha.shape, UNKNOWN, np.uint8)
    even = rng.random() < EVEN
    for level, known in ((FOREGROUND, inside), (BACKGROUND, outside)):
        width: Array | float = _between(rng, least, WIDTHS[1])
        if not even:
            width = width * np.exp(0.5 * _waves(rng, *alpha.shape))
        distance = cv2.distanceTransform(known.astype(np.uint8), cv2.DIST_L2, 5)
        trimap[distance > width] = level
    return trimap


def _waves(rng: Generator, height: int, width: int) -> Array:
    """Smooth noise of about unit variance."""
    coarse = rng.standard_normal((rng.integers(3, 9), rng.integers(3, 9))).astype(np.float32)
    return cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)


def _between(rng: Generator, low: float, high: float) -> float:
    """A number as likely to lie between 1 and 2 as between 10 and 20."""
    return math.exp(rng.uniform(math.log(low), math.log(high)))


def _seen(foreground: Array, alpha: Array, size: int, rng: Generator) -> tuple[Array, Array]:
    """Return a foreground as seen from some distance, at least as large as the crop."""
    least = size / min(alpha.shape)
    factor = _between(rng, least, max(least, ENLARGED))
    height, width = (max(size, round(n * factor)) for n in alpha.shape)
    how = cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR
    foreground, alpha = (cv2.resize(layer, (width, height), interpolation=how) for layer in (foreground, alpha))
    if rng.random() < 0.5:
        foreground, alpha = cv2.flip(foreground, 1), cv2.flip(alpha, 1)
    if rng.random() < TURNED:
        turn = cv2.getRotationMatrix2D((width / 2, height / 2), rng.uniform(-MAX_ANGLE, MAX_ANGLE), 1)
        # What the border cuts goes on mirrored: with nothing there, a straight edge would seem to be the foreground's.
        foreground, alpha = (
            cv2.warpAffine(layer, turn, (width, height), borderMode=cv2.BORDER_REFLECT_101)
            for layer in (foreground, alpha)
        )
    return foreground, alpha


def _window(alpha: Array, size: int, rng: Generator) -> tuple[slice, slice]:
    """Return a window in which a random pixel of the foreground's edge lies anywhere."""
    edge = np.flatnonzero((alpha > 0) & (alpha < 1))
    places = divmod(edge[rng.integers(len(edge))] if len(edge) else rng.integers(alpha.size), alpha.shape[1])
    top, left = (int(np.clip(at - rng.integers(size), 0, n - size)) for at, n in zip(places, alpha.shape, strict=True))
    return slice(top, top + size), slice(left, left + size)


def _ground(background: Array, size: int, rng: Generator) -> Array:
    """Return a square part of a background, from near or from far, sharp or out of focus."""
    least = size / min(background.shape[:2])
    factor = _between(rng, least, max(least, 1.0))
    part = [min(n, math.ceil(size / factor)) for n in background.shape[:2]]
    top, left = (rng.integers(n - side + 1) for n, side in zip(background.shape, part, strict=False))
    window = background[top : top + part[0], left : left + part[1]]
    ground = cv2.resize(window, (size, size), interpolation=cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR)
    if rng.random() < BLURRED:
        ground = cv2.GaussianBlur(ground, (0, 0), _between(rng, 0.7, 6))
    return ground


def _lit(foreground: Array, alpha: Array, background: Array, rng: Generator) -> Array:
    """Return a foreground with a part of the colour and brightness of the light on its background: float32."""
    seen = (alpha > 0).astype(np.uint8)
    own, around = (np.array(mean[:3]) + 10 for mean in (cv2.mean(foreground, seen), cv2.mean(background)))
    gain = np.clip(around / own, 0.5, 2) ** rng.uniform(0.1, 0.6)
    return cv2.transform(foreground, np.diag(gain)).clip(0, 255)


def _photographed(image: Array, rng: Generator) -> Array:
    """Return an image `(H, W, 3)` with the noise of a camera, more where it is bright, and the traces of JPEG."""
    if rng.random() < NOISY:
        deviation = rng.uniform(0, MAX_NOISE) * np.sqrt(0.25 + image * (0.75 / 255))
        image = image + deviation * rng.standard_normal(image.shape, np.float32)
    image = np.rint(image.clip(0, 255)).astype(np.uint8)
    if rng.random() < COMPRESSED:
        quality = int(rng.integers(*QUALITIES))
        _, file = cv2.imencode(".jpg", image[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
        return np.asarray(cv2.imdecode(file, cv2.IMREAD_COLOR_RGB))
    return image
