"""The words around the tables of `experiments.cost`, and the published figures beside ours."""

# Added to the matting network, as printed in the READMEs of the FADE and SAPA projects: parameters, GFLOPs.
PUBLISHED: dict[str, tuple[str, float | None]] = {
    "nearest": ("0", 0.0),
    "bilinear": ("0", 0.0),
    "carafe": ("0.26 M", 6.00),
    "indexnet_m2o": ("12.26 M", 31.70),
    "fade": ("0.12 M", 8.85),
    "fade_lite": ("27 K", None),
    "sapa_i": ("0", None),
    "sapa_b": ("0.04 M", None),
    "sapa_g": ("0.04 M", None),
    "a2u_dynamic_cs": ("38 K", 0.66),
}
PUBLISHED_AT = (512, 1.0)  # the size at which the GFLOPs follow, and the network's width

TEXT = """# What upsampling costs

A MAC is one multiply-accumulate of a convolution, of a matrix product or of a weighted sum, or one product of two
tensors; normalisation, activations, scaling by constants, averages and additions are left out. All MACs and parameters
are those of the formulas of `a2u_tf.complexity`, and the nodes of TensorFlow's graph add up to the same. Memory is what
a training step on one float32 picture keeps from the forward to the backward pass, in MB of a million bytes.
*Definition*: one copy of each map that the operator's equations need there. *Kept*: what the gradient in TensorFlow's
graph reads, without XLA.

## Operators

Sums over the four stages of the matting network: maps of {channels} channels upsampled to strides 1, 2, 4 and 8 of
a {size} x {size} picture, guided by encoder features of as many channels. Parameters are all that are trained.

{operators}
{published}
## Reconstruction network

32 x 32 x 1 pictures, max-pooling, A2U with kernels of one tap. *Added* is against nearest upsampling with max-pooling.

{reconstruction}

## Matting network

{size} x {size} pictures, width {width:g}.

{matting}

Made by

    {command}
"""

PUBLISHED_TEXT = """
Published are the parameters and GFLOPs that a method adds to the matting network (READMEs of the FADE and SAPA
projects). The GFLOPs are MACs at 512 x 512: those of CARAFE, FADE and A2U follow from the formulas to the last digit.
IndexNet's do not: its 12.26 M parameters need twice as many hidden channels as features, which is 63.91 G; as many as
features would be 6.13 M and 31.97 G. A2U's 38 K are 37,888, the weights of the kernels of both directions without
biases and norms; here are those of upsampling, with both. Bilinear interpolation is published as free and has four MACs
a value here.
"""
