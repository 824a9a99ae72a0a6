"""What the upsampling methods cost side by side."""

from collections.abc import Iterable

from a2u_tf.complexity.cost import Cost
from a2u_tf.complexity.formulas import operator_cost
from a2u_tf.layers import GUIDED, METHODS, Resampling


def method_costs(
    names: Iterable[str] = METHODS, channels: int = 64, size: tuple[int, int] = (256, 256), scale: int = 2
) -> dict[str, Cost]:
    """Return what methods cost by formula, for one picture.

    Args:
        names: Of `a2u_tf.layers.METHODS`.
        channels: Of the features, and of the guidance where a method takes one.
        size: Height and width of the features that are upsampled.
        scale: By how much.

    Returns:
        Dict from the names to `Cost`.

    Raises:
        ValueError: For an unknown name, a scale that a method does not have, and a method without a formula.
    """
    low, high = (1, *size, channels), (1, scale * size[0], scale * size[1], channels)
    costs = {}
    for name in names:
        chosen = Resampling.parse(name)
        shapes = (low, high) if chosen.upsampling in GUIDED else (low,)
        costs[name] = operator_cost(chosen.upsampler(scale=scale), *shapes)
    return costs
