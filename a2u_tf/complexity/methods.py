"""What the upsampling methods cost side by side."""

from collections.abc import Iterable

import keras

from a2u_tf.complexity.cost import Cost
from a2u_tf.complexity.formulas import operator_cost
from a2u_tf.layers import GUIDED, UPSAMPLERS, make_upsampler
from a2u_tf.layers.a2u_kernels import VARIANTS

A2U = {
    f"a2u_{variant}_{'cs' if shared else 'cw'}": {"variant": variant, "channel_shared": shared}
    for variant in VARIANTS
    for shared in (True, False)
}
METHODS = (*(name for name in UPSAMPLERS if name != "a2u"), *A2U)


def method_costs(
    names: Iterable[str] = METHODS, channels: int = 64, size: tuple[int, int] = (256, 256), scale: int = 2
) -> dict[str, Cost]:
    """Return what methods cost by formula, for one picture.

    Args:
        names: Of `make_upsampler`, or of the variants of A2U, such as `"a2u_dynamic_cs"`.
        channels: Of the features, and of the guidance where a method takes one.
        size: Height and width of the features that are upsampled.
        scale: By how much.

    Returns:
        Dict from the names to `Cost`.

    Raises:
        ValueError: For an unknown name, or a scale that a method does not have.
    """
    low, high = (1, *size, channels), (1, scale * size[0], scale * size[1], channels)
    return {
        name: operator_cost(_layer(name, scale), low, *([high] if name in GUIDED or name in A2U else []))
        for name in names
    }


def _layer(name: str, scale: int) -> keras.Layer:
    if name not in METHODS:
        raise ValueError(f"Methods are {', '.join(METHODS)}. Received: {name!r}")
    return make_upsampler("a2u" if name in A2U else name, scale=scale, **A2U.get(name, {}))
