"""Which released layer each convolution of our matting network is."""

from typing import TypeAlias

# By our brick's name, the released names of its convolution and its batch normalisation.
Bricks: TypeAlias = dict[str, tuple[str, str | None]]


def released_layers() -> Bricks:
    """Return the names in the released matting network."""
    names: Bricks = {"encoder_stem": ("layer0.0", "layer0.1")}
    for block in (1, 2, 3):
        names |= _pair(f"encoder_1_{block}", f"layer1.block{block}.convs")
    for stage in (2, 3):
        first = f"layer{stage}_1"
        names |= _projection(f"encoder_{stage}_1", first)
        for number in (1, 2):
            layer = f"{first}.layer{number}"
            names[f"encoder_{stage}_1_{number}"] = (f"{layer}.conv{number}", f"{layer}.bn{number}")
        for block in (1, 2, 3):
            names |= _pair(f"encoder_{stage}_{block + 1}", f"layer{stage}_2.block{block}.convs")
    names["aspp_1"] = ("dconv_pp.aspp1.atrous_conv.0", "dconv_pp.aspp1.atrous_conv.1")
    for branch in (2, 3, 4):
        atrous = f"dconv_pp.aspp{branch}.atrous_conv"
        names[f"aspp_{branch}_depthwise"] = (f"{atrous}.0", f"{atrous}.1")
        names[f"aspp_{branch}_pointwise"] = (f"{atrous}.2", f"{atrous}.3")
    names["aspp_average"] = ("dconv_pp.global_avg_pool.1", "dconv_pp.global_avg_pool.2")
    names["aspp_merge"] = ("dconv_pp.bottleneck_conv.0", "dconv_pp.bottleneck_conv.1")
    for level in (1, 2, 3, 4):
        names[f"skip_{level}"] = (f"short{level - 1}.0", f"short{level - 1}.1")
        for block, folder in ((1, "dconv"), (2, "dconv1")):
            ours, theirs = f"decoder_{level}_{block}", f"decoder_layer{level}.{folder}"
            names |= _projection(ours, theirs) | _pair(ours, f"{theirs}.dep_sep_conv")
    return names | {"head": ("pred.0.0", "pred.0.1"), "alpha": ("pred.1", None)}


def released_kernels() -> dict[str, str]:
    """Return a dict from the names of our kernel generators to the released ones."""
    return {
        "kernels_1": "bilinear0",
        "kernels_2": "bilinear1",
        "kernels_3": "layer2_1.bilinear",
        "kernels_4": "layer3_1.bilinear",
    }


def backbone_layers() -> Bricks:
    """Return the names in the ImageNet ResNet-34 that the release starts from, of our encoder's bricks alone."""
    names: Bricks = {"encoder_stem": ("mod1.conv1", "mod1.bn1")}
    for stage, blocks in ((1, 3), (2, 4), (3, 4)):
        for block in range(1, blocks + 1):
            ours, theirs = f"encoder_{stage}_{block}", f"mod{stage + 1}.block{block}"
            names |= _pair(ours, f"{theirs}.convs")
            if stage > 1 and block == 1:
                names |= _projection(ours, theirs)
    return names


def _pair(ours: str, theirs: str) -> Bricks:
    """Return the names of the two bricks of a block."""
    return {f"{ours}_{number}": (f"{theirs}.conv{number}", f"{theirs}.bn{number}") for number in (1, 2)}


def _projection(ours: str, theirs: str) -> Bricks:
    """Return the names of the brick that leads past a block."""
    return {f"{ours}_projection": (f"{theirs}.proj_conv", f"{theirs}.proj_bn")}
