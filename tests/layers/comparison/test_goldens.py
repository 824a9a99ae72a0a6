"""Methods against the numbers of the code that their authors published: one row for each file of vectors."""

from typing import NamedTuple

import numpy as np
import pytest

from a2u_tf.layers import make_upsampler
from tests.helpers import run, to_numpy
from tests.layers.comparison.oracle import golden, shuffled


class Golden(NamedTuple):
    """Vectors `x`, or `decoder` and `encoder` where there is guidance, the outputs `y`, and parameters."""

    file: str
    method: str
    options: dict
    parameters: dict  # sublayers, and what the published code calls them
    inner: tuple  # a function of the inputs, and the vectors that it gives
    shuffled: tuple = ()  # sublayers that make `scale**2` sub-positions, which lie within each channel there


CARAFE = {"compressor": "channel_compressor", "encoder": "content_encoder"}, ("kernels", "mask"), ("encoder",)
FADE = {"gate": "gate_generator.conv", "content_encoder": "ker_generator.content_encoder"}
FADE |= {"embedding_guidance": "ker_generator.compressor_en", "embedding_inputs": "ker_generator.compressor_de"}
SAPA_B = {"norm_inputs": "norm_x", "norm_guidance": "norm_y", "key": "k", "query": "q"}
SAPA_RELEASED = {**SAPA_B, "gate": "gate", "query": "qy", "query_inputs": "qx"}
SAPA_SHARED = {"key": "k", "query": "q", "gate": "gate"}
SCORES, KERNELS = ("_scores", "scores"), ("_kernels", "kernels")


def dysample(style, scope, scale):
    parameters = {"offset": "offset"} | ({"scope": "scope"} if scope == "dynamic" else {})
    options = {"scale": scale, "style": style, "groups": 4 if scale == 2 else 2, "dynamic_scope": scope == "dynamic"}
    cells_within = tuple(parameters) if style == "lp" else ()
    file = f"dysample_{style}_{scope}_r{scale}"
    return Golden(file, "dysample", options, parameters, ("_offsets", "offset"), cells_within)


GOLDENS = [
    Golden("carafe_default_k5", "carafe", {"compressed_channels": 4}, *CARAFE),
    Golden("carafe_g2_k3_r3", "carafe", {"compressed_channels": 4, "groups": 2, "kernel_size": 3, "scale": 3}, *CARAFE),
    Golden("fade_emb8", "fade", {"embedding_size": 8}, FADE, KERNELS),
    Golden("fade_lite", "fade_lite", {}, FADE, KERNELS),
    Golden("sapa_i", "sapa_i", {}, {}, SCORES),
    Golden("sapa_b", "sapa_b", {"embedding_size": 4}, SAPA_B, SCORES),
    Golden("sapa_g_shared", "sapa_g", {"embedding_size": 4}, SAPA_SHARED, SCORES),
    Golden("sapa_g_released", "sapa_g", {"embedding_size": 4, "share_query_projection": False}, SAPA_RELEASED, SCORES),
    *(dysample(style, scope, scale) for style in ("lp", "pl") for scope in ("static", "dynamic") for scale in (2, 3)),
]


@pytest.mark.parametrize("row", GOLDENS, ids=lambda row: row.file)
def test_golden(golden_dir, row):
    vectors = golden(golden_dir, row.file)
    inputs = [vectors[name] for name in ("x", "decoder", "encoder") if name in vectors]
    layer = make_upsampler(row.method, **row.options)
    layer.build(*(x.shape for x in inputs))
    for part, name in row.parameters.items():
        names = [f"param.{name}.{kind}" for kind in ("weight", "bias")]
        weights = [vectors.pop(name) for name in names if name in vectors]
        if part in row.shuffled:
            weights = [shuffled(weight, layer.scale) for weight in weights]
        variables = getattr(layer, part).weights
        # `(out, in)` of a linear layer; of a depthwise convolution one of the two is 1.
        weights = [(w.T if w.ndim == 2 else w).reshape(v.shape) for w, v in zip(weights, variables, strict=True)]
        getattr(layer, part).set_weights(weights)
    assert not [name for name in vectors if name.startswith("param.")]
    function, expected = row.inner
    np.testing.assert_allclose(to_numpy(run(getattr(layer, function), *inputs)), vectors[expected], rtol=0, atol=1e-5)
    np.testing.assert_allclose(to_numpy(run(layer, *inputs)), vectors["y"], rtol=0, atol=1e-5)
