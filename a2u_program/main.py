"""The programs `a2u` and `a2u-matte`: which command, how it ends, and what it says then.

Arguments are read and checked before the package is imported: Keras takes seconds, `--help` none.
"""

import argparse
import runpy
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from a2u_program import batch, cost, evaluate, export, import_weights, info, matte
from a2u_program.quiet import import_keras_quietly
from a2u_program.stops import raise_if_stopped, stopped_by_signals
from a2u_program.streams import forgiving_streams

DESCRIPTION = """\
Affinity-aware upsampling (A2U) for Keras: alpha mattes of pictures, their
evaluation, and models for other programs. `a2u COMMAND --help` tells more."""

EXIT_CODES = """\
Exit code: 0 when all is done, 1 when something could not be done, 2 for
arguments that make no sense, 130 and 143 after Ctrl+C and SIGTERM."""


class Command(Protocol):
    """What the file of a sub-command holds."""

    HELP: str
    DESCRIPTION: str
    EXAMPLES: str

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the arguments."""

    def check(self, args: argparse.Namespace) -> None:
        """Raise `ValueError` where arguments do not fit together."""

    def run(self, args: argparse.Namespace) -> None:
        """Import the package and do it; `ValueError`, `OSError`, `ImportError` and `RuntimeError` are for the user."""


COMMANDS: dict[str, Command] = {
    "matte": matte,
    "evaluate": evaluate,
    "export": export,
    "import-weights": import_weights,
    "batch": batch,
    "info": info,
    "cost": cost,
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run `a2u`; returns its exit code."""
    parser = _with_version("a2u")
    parser.description, parser.epilog = DESCRIPTION, EXIT_CODES
    parsers = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for name, command in COMMANDS.items():
        _describe(parsers.add_parser(name, help=command.HELP, formatter_class=parser.formatter_class), command)
    return _run(parser, argv)


def a2u_matte(argv: Sequence[str] | None = None) -> int:
    """Run `a2u-matte`, which is `a2u matte`; returns its exit code."""
    parser = _with_version("a2u-matte")
    _describe(parser, matte)
    return _run(parser, argv)


def _with_version(name: str) -> argparse.ArgumentParser:
    # That of the package beside this one, without importing it; metadata in a checkout may be old.
    version = runpy.run_path(str(Path(__file__).parents[1] / "a2u_tf" / "version.py"))["__version__"]
    parser = argparse.ArgumentParser(name, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--version", action="version", version=f"a2u_tf {version}")
    return parser


def _describe(parser: argparse.ArgumentParser, command: Command) -> None:
    parser.description, parser.epilog = command.DESCRIPTION, f"examples:\n{command.EXAMPLES}\n{EXIT_CODES}"
    command.add_arguments(parser)
    parser.set_defaults(command=command, parser=parser)


def _run(parser: argparse.ArgumentParser, argv: Sequence[str] | None) -> int:
    argv = sys.argv[1:] if argv is None else argv
    args = parser.parse_args(argv)
    args.command_line = shlex.join([parser.prog, *argv])
    try:
        args.command.check(args)
    except ValueError as error:
        args.parser.error(str(error))
    with forgiving_streams():
        try:
            with stopped_by_signals():
                return _work(args)
        except KeyboardInterrupt as stop:
            return _failed("stopped; files that were written are whole", getattr(stop, "code", 130))


def _work(args: argparse.Namespace) -> int:
    import_keras_quietly()
    from a2u_tf.files import printable

    try:
        args.command.run(args)
        raise_if_stopped()
    except (ValueError, OSError, ImportError, RuntimeError) as error:
        return _failed("\n".join(map(printable, str(error).split("\n"))))
    return 0


def _failed(error: str, code: int = 1) -> int:
    print(f"error: {error}", file=sys.stderr)
    return code
