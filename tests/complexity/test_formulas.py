"""Formulas against published counts, against sums by hand, and against the graphs of the layers themselves."""

import math

import pytest

from a2u_tf.complexity import count, network_cost, operator_cost
from a2u_tf.layers import (
    GUIDED,
    UPSAMPLERS,
    A2UDownSampling2D,
    A2UKernels,
    A2UUpSampling2D,
    Reassembly2D,
    make_upsampler,
)
from a2u_tf.layers.comparison.indexnet import IndexNetIndices
from a2u_tf.matting import matting_net
from a2u_tf.reconstruction import reconstruction_net

CHANNELS = (64, 64, 128, 256)  # of the matting network's stages
LOW, HIGH = (1, 6, 8, 32), (1, 12, 16, 32)


def trainable(layer):
    return sum(math.prod(variable.shape) for variable in layer.trainable_variables)


def stages(name, size=512, **options):
    """The costs of the four stages of the matting network at a picture of `size`."""
    for channels, stride in zip(CHANNELS, (1, 2, 4, 8), strict=True):
        high = (1, size // stride, size // stride, channels)
        low = (1, high[1] // 2, high[2] // 2, channels)
        yield operator_cost(make_upsampler(name, **options), *((low, high) if name in GUIDED else (low,)))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("nearest", 0),
        ("bilinear", 0),
        ("transposed_conv", 811_520),
        ("pixel_shuffle", 3_246_080),
        ("max_unpool", 0),
        ("carafe", 263_824),
        ("indexnet_m2o", 12_263_424),
        ("dysample", 16_512),
        ("fade", 124_008),
        ("fade_lite", 27_216),
        ("sapa_i", 0),
        ("sapa_b", 35_072),
        ("sapa_g", 35_588),
    ],
)
def test_published_parameters(name, expected):
    assert sum(cost.parameters for cost in stages(name)) == expected


@pytest.mark.parametrize(("use", "expected"), [(False, 37_888), (True, 40_232)])
def test_published_parameters_of_a2u(use, expected):
    layer = A2UKernels(directions=("up", "down"), use_bias=use, use_norm=use)
    assert sum(operator_cost(layer, (1, 16, 16, channels)).parameters for channels in CHANNELS) == expected


@pytest.mark.parametrize(("name", "gflops"), [("carafe", 6.00), ("fade", 8.85), ("a2u", 0.66)])
def test_published_gflops_are_macs_at_512(name, gflops):
    assert round(sum(cost.macs for cost in stages(name)) / 1e9, 2) == gflops


def test_a2u_by_hand():
    """C = 4, guidance 4 x 6 (6 cells), s = 3, k = 2, r = 2, dynamic channel-shared."""
    cost = operator_cost(A2UUpSampling2D(encoding_size=2), (1, 2, 3, 4), (1, 4, 6, 4))
    encodings, affinity, projection = 2 * 2 * 2 * 4 * 6, 4 * 6, 36 * 6
    predicted = 4 * 36 + 2 * (2 * 2 * 4)  # P from the average, U and V from 2 x 2 averages
    assert cost.kernel_macs == encodings + affinity + projection + predicted
    assert cost.resampling_macs == 4 * 6 * 9 * 4
    assert cost.averaging_macs == 0  # bins of one size are pooled
    odd = operator_cost(A2UUpSampling2D(encoding_size=2), (1, 2, 4, 4), (1, 4, 7, 4))
    assert odd.averaging_macs == 3 * 4 * 7 * 4 + 3 * 3 * 7 * 4  # rows, then columns
    assert cost.activations == 6 * (2 * 4 + 2 * 4 + 1) + 2 * 4 * 6 * 9
    assert cost.parameters == 4 * 36 + 36 + 2 * 4 + 2 + 4 * 4


A2U = [
    (A2UUpSampling2D, {"variant": variant, "channel_shared": shared}, (LOW, HIGH))
    for variant in ("static", "hybrid", "dynamic")
    for shared in (True, False)
]
SETTINGS = [
    *(
        (make_upsampler, {"name": name}, (LOW, HIGH) if name in GUIDED else (LOW,))
        for name in UPSAMPLERS
        if name != "a2u"
    ),
    *A2U,
    (A2UUpSampling2D, {}, (LOW,)),
    *((A2UUpSampling2D, {"normalization": name}, (LOW, HIGH)) for name in ("softmax", "sigmoid")),
    (A2UUpSampling2D, {"kernel_size": 1, "encoding_size": 3, "use_norm": False, "use_bias": False}, (LOW, HIGH)),
    (A2UUpSampling2D, {"scale": 3, "rank": 2, "groups": 4}, ((1, 4, 5, 8), (1, 12, 15, 6))),
    (A2UDownSampling2D, {"variant": "hybrid", "groups": 2}, (HIGH,)),
    (A2UKernels, {"directions": ("up", "down"), "rank": 2}, (HIGH,)),
    (Reassembly2D, {"direction": "down", "kernel_size": 6, "groups": 2}, (HIGH, (1, 6, 8, 72))),
    (make_upsampler, {"name": "transposed_conv", "scale": 3, "kernel_size": 4}, (LOW,)),
    (make_upsampler, {"name": "pixel_shuffle", "scale": 3, "kernel_size": 1}, (LOW,)),
    (make_upsampler, {"name": "max_unpool", "scale": 3}, ((1, 4, 5, 8), (1, 12, 15, 8))),
    (make_upsampler, {"name": "carafe", "scale": 3, "kernel_size": 3, "groups": 4, "compressed_channels": 5}, (LOW,)),
    (make_upsampler, {"name": "indexnet_hin", "nonlinear": False}, ((1, 6, 8, 7), HIGH)),
    (make_upsampler, {"name": "indexnet_o2o", "nonlinear": False, "context": False}, (LOW, HIGH)),
    (make_upsampler, {"name": "indexnet_m2o", "nonlinear": False}, (LOW, HIGH)),
    (make_upsampler, {"name": "indexnet_m2o", "context": False, "expansion": 1}, (LOW, HIGH)),
    (IndexNetIndices, {"kind": "m2o"}, (HIGH,)),
    (make_upsampler, {"name": "dysample", "scale": 3, "style": "lp", "dynamic_scope": True}, (LOW,)),
    (make_upsampler, {"name": "dysample", "style": "pl", "groups": 2}, (LOW,)),
    (make_upsampler, {"name": "fade", "kernel_size": 3, "embedding_size": 5}, (LOW, HIGH)),
    (make_upsampler, {"name": "fade_lite", "kernel_size": 3}, (LOW, HIGH)),
    (make_upsampler, {"name": "sapa_i", "scale": 3, "kernel_size": 3}, ((1, 4, 5, 8), (1, 12, 15, 8))),
    (make_upsampler, {"name": "sapa_b", "embedding_size": 7}, (LOW, (1, 12, 16, 6))),
    (make_upsampler, {"name": "sapa_g", "share_query_projection": False}, (LOW, (1, 12, 16, 6))),
]


@pytest.mark.network
@pytest.mark.tensorflow
@pytest.mark.parametrize(("make", "settings", "shapes"), SETTINGS)
def test_graph_agrees(make, settings, shapes):
    settings = dict(settings)
    layer = make(settings.pop("name"), **settings) if make is make_upsampler else make(**settings)
    graph, cost = count(layer, *shapes), operator_cost(layer, *shapes)
    assert graph.macs == cost.macs + cost.averaging_macs
    assert trainable(layer) == cost.parameters
    assert 4 * cost.activations <= graph.kept_bytes


@pytest.mark.tensorflow
@pytest.mark.parametrize("name", ["max_unpool", "carafe"])
def test_nothing_is_kept_beyond_the_definition(name):
    shapes = (LOW, HIGH) if name in GUIDED else (LOW,)
    assert (
        count(make_upsampler(name), *shapes).kept_bytes == 4 * operator_cost(make_upsampler(name), *shapes).activations
    )


@pytest.mark.network
@pytest.mark.tensorflow
@pytest.mark.parametrize("name", ["nearest", "bilinear", "a2u", "indexnet_m2o"])
def test_networks_agree(name):
    model = reconstruction_net(name, None, input_shape=(16, 24, 1))
    backbone, operators = network_cost(model)
    assert count(model, (1, 16, 24, 1)).macs == backbone + operators.macs + operators.averaging_macs


@pytest.mark.network
@pytest.mark.tensorflow
def test_matting_network_agrees():
    model = matting_net("bilinear", "max_pool", width=0.1, input_size=(48, 32))  # 3 x 2 pixels under dilations to 18
    backbone, operators = network_cost(model)
    assert count(model, (1, 48, 32, 4)).macs == backbone + operators.macs + operators.averaging_macs


def test_network_by_hand():
    """3 x 3 convolutions alone: 32, 64, 128 down, 256, 128 in the middle, 64, 32, 1 up."""
    backbone, operators = network_cost(reconstruction_net("nearest", "max_pool"))
    wide = {1024: 1 * 32 + 32 * 1, 256: 32 * 64 + 64 * 32, 64: 64 * 128 + 128 * 64, 16: 128 * 256 + 256 * 128}
    assert backbone == sum(9 * pixels * products for pixels, products in wide.items())
    assert operators.macs == operators.parameters == 0


def test_matting_adds_what_a2u_has():
    _, operators = network_cost(matting_net(input_size=(32, 32)))
    assert operators.parameters == 40_232


def test_costs_scale_with_the_pixels():
    small, large = (sum(cost.resampling_macs for cost in stages("carafe", size)) for size in (128, 256))
    assert large == 4 * small


def test_layer_without_a_formula():
    import keras

    with pytest.raises(ValueError, match=r"A2UUpSampling2D.*Received: a Conv2D. Count it .*a2u_tf.complexity.count"):
        operator_cost(keras.layers.Conv2D(1, 3), LOW)
