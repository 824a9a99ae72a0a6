"""Released parameters of one kernel generator into an `A2UKernels` layer."""

from a2u_tf.layers import A2UKernels
from a2u_tf.matting.pytorch_release.assignment import Sources, State, assign_all, matrix, same
from a2u_tf.types import Array


def assign_kernels(layer: A2UKernels, state: State) -> None:
    """Copy the released kernel-generation parameters of one stage into a built `A2UKernels` layer.

    Released layouts differ from ours in two ways: 1x1 convolutions are `(out, in, 1, 1)`, and the upsampling
    projection counts its channels `tap * r**2 + r * dy + dx` where ours count `(r * dy + dx) * taps + tap`.

    Args:
        layer: Built `A2UKernels(variant="dynamic", directions=("up", "down"))` with rank 1, one group, biases and
            norms; channel-shared or not, as the parameters are.
        state: Dict from the names `bnu.0.weight`, `bnv.0.weight`, `bconv_U.1.weight`, `bconv_V.1.weight`,
            `bconv_UP.1.weight`, `bconv_DP.1.weight` and the `.bias` of each to NumPy arrays.

    Raises:
        ValueError: Where the layer is of another kind, or names or shapes do not match; nothing is assigned then.
    """
    assign_all(kernel_sources(layer), state)


def kernel_sources(layer: A2UKernels) -> Sources:
    """Return, by released name, the variables of a layer and the conversion of the layout, for `assign_all`."""
    expected = {
        "variant": "dynamic",
        "directions": {"up", "down"},
        "rank": 1,
        "groups": 1,
        "use_bias": True,
        "use_norm": True,
    }
    received = {name: getattr(layer, name) for name in expected}
    received["directions"] = set(received["directions"])
    wrong = {name: received[name] for name, value in expected.items() if received[name] != value}
    if wrong or not layer.built:
        raise ValueError(
            f"Released parameters fit a built A2UKernels layer with {expected}. Received: built={layer.built}, {wrong}"
        )

    def reordered(x: Array) -> Array:
        return _sub_position_major(matrix(x), layer.scale)

    sources: Sources = {}
    for name, attribute in (("bnu.0", "norm_u"), ("bnv.0", "norm_v")):
        norm = getattr(layer, attribute)
        sources |= {f"{name}.weight": (norm.gamma, same), f"{name}.bias": (norm.beta, same)}
    for name, attribute, kernel, bias in (
        ("bconv_U.1", "encoder_u", matrix, same),
        ("bconv_V.1", "encoder_v", matrix, same),
        ("bconv_DP.1", "projection_down", matrix, same),
        ("bconv_UP.1", "projection_up", reordered, reordered),
    ):
        dense = getattr(layer, attribute)
        sources |= {f"{name}.weight": (dense.kernel, kernel), f"{name}.bias": (dense.bias, bias)}
    return sources


def _sub_position_major(x: Array, scale: int) -> Array:
    """Reorder the last axis from (tap, sub-position) to (sub-position, tap)."""
    if x.shape[-1] % scale**2:
        return x
    return x.reshape(*x.shape[:-1], -1, scale**2).swapaxes(-1, -2).reshape(x.shape)
