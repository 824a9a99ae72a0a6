"""`a2u cost`: what upsampling methods cost by formula."""

import argparse

from a2u_program.arguments import positive_integer

HELP = "tell what upsampling methods cost: parameters, multiply-accumulates, memory"
DESCRIPTION = """\
Tell what upsampling methods cost by themselves, by formula: parameters;
multiply-accumulates (MACs) that make the kernels and that apply them; and the
activations, floats that training keeps between its two passes. For one picture,
guided by features of as many channels as are upsampled."""
EXAMPLES = """\
  %(prog)s a2u_dynamic_cs carafe bilinear --channels 64 --size 256 256
  %(prog)s --table-1
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "names",
        nargs="*",
        metavar="NAME",
        help="method, such as carafe or a2u_dynamic_cs (default: all that have the scale)",
    )
    parser.add_argument("--channels", type=positive_integer, default=64, metavar="C", help="default: %(default)s")
    parser.add_argument(
        "--size",
        type=positive_integer,
        nargs=2,
        default=(256, 256),
        metavar=("HEIGHT", "WIDTH"),
        help="of what is upsampled (default: 256 256)",
    )
    parser.add_argument("--scale", type=positive_integer, default=2, help="default: %(default)s")
    a2u = parser.add_argument_group("A2U's settings")
    a2u.add_argument("--kernel-size", type=positive_integer, default=3, metavar="S", help="default: %(default)s")
    a2u.add_argument("--encoding-size", type=positive_integer, metavar="K", help="default: three times the scale")
    a2u.add_argument("--normalization", default="auto", help="auto, softmax or sigmoid (default: %(default)s)")
    a2u.add_argument("--rank", type=positive_integer, default=1, metavar="D", help="default: %(default)s")
    parser.add_argument(
        "--table-1", action="store_true", help="instead: the paper's Table 1, parameters of A2U's kernel generators"
    )


def check(args: argparse.Namespace) -> None:
    """Raise `ValueError` where two tables are asked for."""
    if args.table_1 and args.names:
        raise ValueError(f"--table-1 takes no names of methods. Received: {' '.join(args.names)}")


def run(args: argparse.Namespace) -> None:
    """Print the table."""
    from a2u_tf.complexity import method_costs
    from a2u_tf.complexity.costs import format_table
    from a2u_tf.files import markdown_table

    if args.table_1:
        print(format_table([32, 64, 128, 256], args.kernel_size, args.encoding_size or 3 * args.scale, args.scale))
        return
    a2u = (args.kernel_size, args.encoding_size, args.normalization, args.rank)
    costs = method_costs(args.names or None, args.channels, tuple(args.size), args.scale, *a2u)
    header = ["method", "parameters", "kernel MACs", "resampling MACs", "activations"]
    rows = [
        [name, *(f"{value:,}" for value in (cost.parameters, cost.kernel_macs, cost.resampling_macs, cost.activations))]
        for name, cost in costs.items()
    ]
    print(markdown_table([header, *rows], [False, True, True, True, True]))
