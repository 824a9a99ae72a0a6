"""What the clients share: two picture files and a server from the command line, a matte's file back."""

import argparse
import os
import sys
from pathlib import Path


class RequestError(Exception):
    """Why a server gave no matte."""


def main(request_matte, description, server, argv=None):
    """Read a picture and its trimap, have them matted, and write the matte; ends the process with one line on errors.

    Args:
        request_matte: Function from server, model's name, the bytes of both files and a time-out in seconds to the
            bytes of the matte's file; raises `RequestError`.
        description: Line for `--help`.
        server: Default of `--server`.
        argv: Arguments. Default: those of the process.
    """
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--server", default=server, help="host:port (default: %(default)s)")
    parser.add_argument("--model", default="matting", help="the name it is served under (default: %(default)s)")
    parser.add_argument(
        "--timeout", type=float, default=60, help="seconds to wait for the answer (default: %(default)s)"
    )
    parser.add_argument("photo", type=Path, help="PNG or JPEG file")
    parser.add_argument(
        "trimap", type=Path, help="PNG or JPEG file of the same size: 0 background, 255 foreground, 128 unknown"
    )
    parser.add_argument("alpha", type=Path, help="PNG file to write")
    args = parser.parse_args(argv)
    try:
        png = request_matte(args.server, args.model, args.photo.read_bytes(), args.trimap.read_bytes(), args.timeout)
        write_whole(args.alpha, png)
    except RequestError as error:
        sys.exit("error: " + " ".join(str(error).split()))  # servers' messages have several lines
    except OSError as error:
        sys.exit(f"error: {error.filename}: {error.strerror}")


def write_whole(path, content):
    """Write under a temporary name, then rename: the file is whole or not there."""
    temporary = path.with_name(f".{os.getpid()}.png")  # a name may be as long as the system takes
    try:
        temporary.write_bytes(content)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
