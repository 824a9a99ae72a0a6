"""`a2u info`: what is found on this machine."""

import argparse

HELP = "tell what is installed here, and which reassembly runs"
DESCRIPTION = """\
Tell the versions that are installed, the devices, and whether A2U's compiled
operator runs here or why not: for reports of faults."""
EXAMPLES = """\
  a2u info
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """It takes none."""


def check(args: argparse.Namespace) -> None:
    """Nothing can be wrong with them."""


def run(args: argparse.Namespace) -> None:
    """Print the report."""
    from a2u_tf.info import describe

    print(describe())
