"""Parameters of A2U's kernel generator: supplementary Table 1 as a function, and as text."""

from a2u_tf.complexity.a2u import a2u_kernels
from a2u_tf.layers.a2u_kernels import VARIANTS
from a2u_tf.layers.checks import one_of


def kernel_parameters(
    variant: str, channel_shared: bool, channels: int, kernel_size: int = 3, encoding_size: int = 6, scale: int = 2
) -> int:
    """Count the parameters of an upsampling-kernel generator without biases and norms, at rank 1 and one group.

    P has `scale**2 * kernel_size**2` values, times `channels` where it is predicted; U and V together have
    `2 k^2 C` (cw) or `2 k^2` (cs) values where they are trained, `2 C^2` or `2 C` where they are predicted.

    Args:
        variant: `"static"`, `"hybrid"` or `"dynamic"`.
        channel_shared: Whether one encoding filter serves all channels (cs) or each has its own (cw).
        channels: Channels C of the guidance.
        kernel_size: Side s of the upsampling kernel.
        encoding_size: Side k of the encoding filters; without effect on the dynamic variants.
        scale: Resampling ratio; 2 in the table.

    Returns:
        int, what `A2UKernels(..., use_bias=False, use_norm=False).count_params()` gives.

    Raises:
        ValueError: For an unknown variant.

    Reference: Dai, Lu, Shen, CVPR 2021, supplementary, Table 1.
    """
    one_of("variant", variant, VARIANTS)
    settings = (scale, kernel_size, encoding_size, variant, channel_shared)
    return a2u_kernels((1, 1, 1, channels), *settings, use_bias=False, use_norm=False).parameters


def format_table(channels: list[int], kernel_size: int, encoding_size: int, scale: int) -> str:
    """Format Table 1 with one column per channel count."""
    lines = [
        f"Kernel parameters (Table 1) at upsampling kernel s = {kernel_size}, encoding kernel k = {encoding_size}, "
        f"scale r = {scale}",
        f"{'variant':12} {'formula':>16} " + " ".join(f"{f'C = {count}':>10}" for count in channels),
    ]
    for variant in VARIANTS:
        for channel_shared in (False, True):
            projection = "r²s²" if variant == "static" else "r²s²C"
            encoders = ("2C" if variant == "dynamic" else "2k²") + ("" if channel_shared else "C")
            encoders = encoders.replace("CC", "C²")
            settings = (kernel_size, encoding_size, scale)
            counts = [kernel_parameters(variant, channel_shared, count, *settings) for count in channels]
            lines.append(
                f"{variant} {'cs' if channel_shared else 'cw':{11 - len(variant)}} {f'{projection} + {encoders}':>16} "
                + " ".join(f"{count:10,}" for count in counts)
            )
    return "\n".join(lines)
