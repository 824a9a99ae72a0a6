"""The four errors index by index from their definitions, for small pictures."""

import itertools
import math
from fractions import Fraction


def evaluate(prediction, target, unknown):
    """All four errors, on the scale of `evaluate`; arrays `(H, W)` of 0 to 255, mask `(H, W)`."""
    alphas = unit(prediction), unit(target)
    pixels = indices(unknown)
    difference = [alphas[0][i][j] - alphas[1][i][j] for i, j in pixels]
    return {
        "sad": float(sum(abs(d) for d in difference)) / 1000,
        "mse": float(sum(d * d for d in difference) / len(pixels)) if pixels else math.nan,
        "grad": gradient_error(prediction, target, unknown),
        "conn": connectivity_error(prediction, target, unknown),
    }


def gradient_error(prediction, target, unknown):
    a, b = gradient_magnitudes(unit(prediction)), gradient_magnitudes(unit(target))
    return sum((a[i][j] - b[i][j]) ** 2 for i, j in indices(unknown)) / 1000


def connectivity_error(prediction, target, unknown):
    a, b = unit(prediction), unit(target)
    levels = connected_levels(a, b)
    total = sum(
        abs(connectedness(a[i][j], levels[i][j]) - connectedness(b[i][j], levels[i][j])) for i, j in indices(unknown)
    )
    return float(total) / 1000


def unit(picture):
    return [[Fraction(float(x)) / 255 for x in row] for row in picture]


def indices(mask):
    return [(i, j) for i in range(mask.shape[0]) for j in range(mask.shape[1]) if mask[i, j]]


def connectedness(alpha, level):
    excess = alpha - level
    return 1 - excess if excess >= Fraction(15, 100) else Fraction(1)


def connected_levels(a, b):
    """The highest threshold up to which each pixel stays in the source region."""
    places = list(itertools.product(range(len(a)), range(len(a[0]))))
    levels = [[None] * len(a[0]) for _ in a]
    for tenth in range(1, 11):
        source = largest_component({(i, j) for i, j in places if min(a[i][j], b[i][j]) >= Fraction(tenth, 10)})
        for i, j in places if source else ():
            if levels[i][j] is None and (i, j) not in source:
                levels[i][j] = Fraction(tenth - 1, 10)
    return [[Fraction(1) if level is None else level for level in row] for row in levels]


def largest_component(pixels):
    """4-connected; among the largest, the one found first going down the columns from left to right."""
    best, seen = set(), set()
    for start in sorted(pixels, key=lambda pixel: (pixel[1], pixel[0])):
        component, front = set(), [start] if start not in seen else []
        while front:
            i, j = front.pop()
            if (i, j) in pixels and (i, j) not in component:
                component.add((i, j))
                front += [(i + 1, j), (i - 1, j), (i, j + 1), (i, j - 1)]
        seen |= component
        if len(component) > len(best):
            best = component
    return best


def derivative_kernel():
    """`kernel[i][j] = gauss(i) dgauss(j)` over its L2 norm, i and j from -4 to 4."""
    sigma = 1.4
    gauss = [math.exp(-(x**2) / (2 * sigma**2)) / (sigma * math.sqrt(2 * math.pi)) for x in range(-4, 5)]
    kernel = [[gauss[i] * -(j - 4) * gauss[j] / sigma**2 for j in range(9)] for i in range(9)]
    return [[x / math.sqrt(sum(x * x for row in kernel for x in row)) for x in row] for row in kernel]


def gradient_magnitudes(alpha):
    """Of the picture stretched to [0, 1], with its border repeated."""
    low, high = min(map(min, alpha)), max(map(max, alpha))
    height, width = len(alpha), len(alpha[0])
    if low == high:
        return [[0.0] * width for _ in range(height)]
    stretched = [[float((x - low) / (high - low)) for x in row] for row in alpha]
    kernel = derivative_kernel()
    magnitudes = [[0.0] * width for _ in range(height)]
    for i, j in itertools.product(range(height), range(width)):
        across = down = 0.0
        for y, x in itertools.product(range(-4, 5), repeat=2):
            # A convolution: the kernel is flipped.
            value = stretched[min(max(i - y, 0), height - 1)][min(max(j - x, 0), width - 1)]
            across += kernel[y + 4][x + 4] * value
            down += kernel[x + 4][y + 4] * value
        magnitudes[i][j] = math.hypot(across, down)
    return magnitudes
