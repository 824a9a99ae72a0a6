"""Weights by the names and layouts of the authors' released PyTorch model, put into our layers."""

import numpy as np


def assign_kernels(layer, state):
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
    sources = {
        "bnu.0.weight": (layer.norm_u.gamma, _same),
        "bnu.0.bias": (layer.norm_u.beta, _same),
        "bnv.0.weight": (layer.norm_v.gamma, _same),
        "bnv.0.bias": (layer.norm_v.beta, _same),
    }
    for name, dense in (
        ("bconv_U.1", layer.encoder_u),
        ("bconv_V.1", layer.encoder_v),
        ("bconv_DP.1", layer.projection_down),
    ):
        sources[f"{name}.weight"] = (dense.kernel, _matrix)
        sources[f"{name}.bias"] = (dense.bias, _same)

    def reordered(x):
        return _sub_position_major(_matrix(x), layer.scale)

    sources["bconv_UP.1.weight"] = (layer.projection_up.kernel, reordered)
    sources["bconv_UP.1.bias"] = (layer.projection_up.bias, reordered)
    missing, extra = sorted(set(sources) - set(state)), sorted(set(state) - set(sources))
    if missing or extra:
        raise ValueError(f"Parameter names do not match. Missing: {missing}. Not of this layer: {extra}")
    values = {}
    for name, (variable, convert) in sources.items():
        value = np.asarray(state[name])
        values[name] = convert(value)
        if values[name].shape != tuple(variable.shape):
            raise ValueError(
                f"{name} must become a weight of shape {tuple(variable.shape)}. Received: shape={value.shape}. Build "
                "the layer with the channels, kernel size and channel_shared of the released model."
            )
    for name, (variable, _) in sources.items():
        variable.assign(values[name])


def _same(x):
    return x


def _matrix(x):
    """`(out, in, 1, 1)` to `(in, out)`."""
    return x.reshape(x.shape[:2]).T if x.ndim == 4 and x.shape[2:] == (1, 1) else x


def _sub_position_major(x, scale):
    """Reorder the last axis from (tap, sub-position) to (sub-position, tap)."""
    if x.shape[-1] % scale**2:
        return x
    return x.reshape(*x.shape[:-1], -1, scale**2).swapaxes(-1, -2).reshape(x.shape)
