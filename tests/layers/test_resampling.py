"""The choice of methods: its names, its partners, and the networks that are made by it."""

import pytest

from a2u_tf.layers import METHODS, UPSAMPLERS, Resampling
from a2u_tf.reconstruction import reconstruction_net


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("bilinear", Resampling("bilinear")),
        ("max_unpool", Resampling("max_unpool", "max_pool")),
        ("indexnet_m2o", Resampling("indexnet_m2o", "indexnet")),
        ("indexnet_hin+max_pool", Resampling("indexnet_hin", "max_pool")),
        ("a2u_dynamic_cs", Resampling("a2u", "a2u", "dynamic", True)),
        ("a2u_static_cw", Resampling("a2u", "a2u", "static", False)),
        ("a2u_hybrid_cs+conv", Resampling("a2u", "conv", "hybrid", True)),
        ("bilinear+a2u_hybrid_cw", Resampling("bilinear", "a2u", "hybrid", False)),
    ],
)
def test_names(name, expected):
    assert Resampling.parse(name) == expected
    assert expected.name == name


def test_the_downsampling_by_itself():
    assert Resampling.parse("carafe", "max_pool").name == "carafe+max_pool"
    assert Resampling.parse("a2u_static_cs+conv", "a2u_static_cs").name == "a2u_static_cs"


def test_methods_are_all_upsamplers_and_the_six_variants():
    a2u = [f"a2u_{variant}_{sharing}" for variant in ("static", "hybrid", "dynamic") for sharing in ("cs", "cw")]
    assert [*METHODS] == [*UPSAMPLERS[:-1], *a2u]
    assert [Resampling.parse(name).name for name in METHODS] == [*METHODS]


@pytest.mark.parametrize("name", ["cubic", "a2u", "bilinear+cubic", "bilinear+a2u", "", "+conv"])
def test_exception_of_unknown_names(name):
    with pytest.raises(ValueError, match=r"NAME or NAME\+DOWNSAMPLING, of the names nearest, .*Received: ") as error:
        Resampling.parse(name)
    assert str(error.value).endswith(f"Received: {name}")


def test_exception_of_choices_that_do_not_fit():
    with pytest.raises(ValueError, match=r"name one variant. Received: a2u_static_cs\+a2u_static_cw"):
        Resampling.parse("a2u_static_cs", "a2u_static_cw")
    with pytest.raises(ValueError, match=r"indices of an IndexNet.*Received: upsampling='carafe'"):
        Resampling.parse("carafe+indexnet")


def test_networks_take_a_choice():
    choice = Resampling("a2u", "conv", "static", False, kernel_size=5, encoding_size=2, normalization="sigmoid", rank=3)
    model = reconstruction_net(choice)
    kernels = model.get_layer("kernels_1")
    assert kernels.normalization == "sigmoid"
    assert (kernels.variant, kernels.channel_shared, kernels.directions) == ("static", False, ("up",))
    assert (kernels.kernel_size, kernels.encoding_size, kernels.rank, model.name) == (5, 2, 3, "reconstruction_a2u")
    assert type(model.get_layer("downsampling_1")).__name__ == "Conv2D"
    with pytest.raises(ValueError, match=r"says \['variant', 'kernel_size'\] already.*'kernel_size': 5"):
        reconstruction_net(Resampling("a2u"), variant="static", kernel_size=5)


def test_a_choice_makes_its_upsampler():
    layer = Resampling("a2u", kernel_size=5, variant="static", normalization="softmax").upsampler(
        scale=4, kernel_size=3
    )
    settings = (layer.scale, layer.kernel_size, layer.variant, layer.normalization)
    assert settings == (4, 3, "static", "softmax")
    assert Resampling("carafe").upsampler(scale=4).kernel_size == 5
