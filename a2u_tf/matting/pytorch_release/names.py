"""Which released layer each convolution of our matting network is."""


def released_layers():
    """Return a dict from our brick's name to the released names of its convolution and its batch normalisation."""
    names: dict[str, tuple[str, str | None]] = {"encoder_stem": ("layer0.0", "layer0.1")}
    for block in (1, 2, 3):
        for stage, first in ((1, 1), (2, 2), (3, 2)):
            ours = f"encoder_{stage}_{block + first - 1}"
            folder = "layer1" if stage == 1 else f"layer{stage}_2"
            for number in (1, 2):
                theirs = f"{folder}.block{block}.convs"
                names[f"{ours}_{number}"] = (f"{theirs}.conv{number}", f"{theirs}.bn{number}")
    for stage in (2, 3):
        names[f"encoder_{stage}_1_projection"] = (f"layer{stage}_1.proj_conv", f"layer{stage}_1.proj_bn")
        for number in (1, 2):
            theirs = f"layer{stage}_1.layer{number}"
            names[f"encoder_{stage}_1_{number}"] = (f"{theirs}.conv{number}", f"{theirs}.bn{number}")
    names["aspp_1"] = ("dconv_pp.aspp1.atrous_conv.0", "dconv_pp.aspp1.atrous_conv.1")
    for branch in (2, 3, 4):
        theirs = f"dconv_pp.aspp{branch}.atrous_conv"
        names[f"aspp_{branch}_depthwise"] = (f"{theirs}.0", f"{theirs}.1")
        names[f"aspp_{branch}_pointwise"] = (f"{theirs}.2", f"{theirs}.3")
    names["aspp_average"] = ("dconv_pp.global_avg_pool.1", "dconv_pp.global_avg_pool.2")
    names["aspp_merge"] = ("dconv_pp.bottleneck_conv.0", "dconv_pp.bottleneck_conv.1")
    for level in (1, 2, 3, 4):
        names[f"skip_{level}"] = (f"short{level - 1}.0", f"short{level - 1}.1")
        for block, folder in ((1, "dconv"), (2, "dconv1")):
            ours, theirs = f"decoder_{level}_{block}", f"decoder_layer{level}.{folder}"
            names[f"{ours}_projection"] = (f"{theirs}.proj_conv", f"{theirs}.proj_bn")
            for number in (1, 2):
                bricks = f"{theirs}.dep_sep_conv"
                names[f"{ours}_{number}"] = (f"{bricks}.conv{number}", f"{bricks}.bn{number}")
    names["head"] = ("pred.0.0", "pred.0.1")
    names["alpha"] = ("pred.1", None)
    return names


def released_kernels():
    """Return a dict from the names of our kernel generators to the released ones."""
    return {
        "kernels_1": "bilinear0",
        "kernels_2": "bilinear1",
        "kernels_3": "layer2_1.bilinear",
        "kernels_4": "layer3_1.bilinear",
    }


def backbone_layers():
    """Return a dict from our encoder's bricks to the names in the ImageNet ResNet-34 that the release starts from.

    Blocks that our encoder does not have, and the classifier, are left out.
    """
    names = {"encoder_stem": ("mod1.conv1", "mod1.bn1")}
    for stage, blocks in ((1, (1, 2, 3)), (2, (1, 2, 3, 4)), (3, (1, 2, 3, 4))):
        for block in blocks:
            theirs = f"mod{stage + 1}.block{block}"
            for number in (1, 2):
                ours, convs = f"encoder_{stage}_{block}_{number}", f"{theirs}.convs"
                names[ours] = (f"{convs}.conv{number}", f"{convs}.bn{number}")
            if stage > 1 and block == 1:
                names[f"encoder_{stage}_{block}_projection"] = (f"{theirs}.proj_conv", f"{theirs}.proj_bn")
    return names
