"""Print the paper's Table 1: the parameters of A2U's kernel generators.

python -m a2u_tf.complexity
"""

import argparse

from a2u_tf.complexity.table_1 import format_table


def main():
    parser = argparse.ArgumentParser(prog="python -m a2u_tf.complexity", description=__doc__.splitlines()[0])
    parser.add_argument("--channels", type=int, nargs="+", default=[32, 64, 128, 256], metavar="C")
    parser.add_argument("--kernel_size", type=int, default=3, metavar="s")
    parser.add_argument("--encoding_size", type=int, default=6, metavar="k")
    parser.add_argument("--scale", type=int, default=2, metavar="r")
    print(format_table(**vars(parser.parse_args())))


if __name__ == "__main__":
    main()
