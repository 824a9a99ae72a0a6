"""IDX files, the format of the MNIST family: a small big-endian header, then the bytes of one array."""

import gzip
import hashlib
import math
import struct
import zlib
from pathlib import Path

import numpy as np

from a2u_tf.types import Array

UINT8_CODE = 0x08
MAX_RANK = 4
# Five times the largest file of the MNIST family. Headers that promise more are taken for damage.
MAX_BYTES = 256 * 2**20
CHUNK_BYTES = 2**20


def read_idx(path: Path | str, sha256: str | None = None) -> Array:
    """Read a gzip-compressed IDX file of unsigned bytes.

    The layout is `00 00 08 R`, then `R` sizes as big-endian 32-bit integers, then the values in row-major order. Memory
    is taken for bytes that are really there, one chunk at a time, and never for more than the header promises, so that
    neither a wrong header nor an over-full archive can exhaust it.

    Args:
        path: Path of the `.gz` file.
        sha256: Expected SHA-256 of the *decompressed* file as 64 hex digits, or `None` for no such check. It does not
            depend on how the file was compressed.

    Returns:
        Array of dtype uint8 in `[0, 255]`, with the shape in the header.

    Raises:
        FileNotFoundError: Where there is no such file.
        ValueError: Where the file is not a complete gzip archive of one IDX array of unsigned bytes, or where the
            checksum differs.

    Example:

    >>> a2u_tf.reconstruction.data.idx.read_idx("mnist/t10k-images-idx3-ubyte.gz").shape
    (10000, 28, 28)
    """
    path = Path(path)
    if not path.exists():
        raise FileNotFoundError(f"No IDX file at {path}. Check the path, or download the file to it.")
    try:
        with gzip.open(path, "rb") as file:
            header, shape = _read_header(file, path)
            values = _read_values(file, path, shape)
    except EOFError as error:
        raise _damaged(path, "be a complete gzip file", "one that is cut off") from error
    except (gzip.BadGzipFile, zlib.error) as error:
        raise _damaged(path, "be an intact gzip file", error) from error
    digest = hashlib.sha256(header)
    digest.update(values)
    if sha256 is not None and digest.hexdigest() != sha256:
        raise _damaged(path, f"decompress to bytes with the SHA-256 {sha256}", digest.hexdigest())
    return np.frombuffer(values, np.uint8).reshape(shape)


def _damaged(path: Path, expected: str, received: object) -> ValueError:
    return ValueError(f"{path} must {expected}. Received: {received}. Download the file again.")


def _read_header(file: gzip.GzipFile, path: Path) -> tuple[bytes, tuple[int, ...]]:
    """Return the header's bytes and the shape they tell."""
    magic = file.read(4)
    if len(magic) < 4 or magic[:2] != b"\0\0":
        expected = "start with the IDX magic number, two zero bytes, a type code and a rank"
        raise _damaged(path, expected, magic.hex(" ") or "no bytes at all")
    code, rank = magic[2], magic[3]
    if code != UINT8_CODE:
        raise _damaged(path, f"hold unsigned bytes, IDX type code 0x{UINT8_CODE:02x}", f"0x{code:02x}")
    if not 1 <= rank <= MAX_RANK:
        raise _damaged(path, f"hold an array of rank 1 to {MAX_RANK}", f"rank {rank}")
    sizes = file.read(4 * rank)
    if len(sizes) < 4 * rank:
        raise _damaged(path, f"hold {rank} sizes of 4 bytes after the magic number", f"{len(sizes)} bytes in all")
    shape = struct.unpack(f">{rank}I", sizes)
    if math.prod(shape) > MAX_BYTES:
        received = f"a header with the shape {shape}, {math.prod(shape)} bytes"
        raise _damaged(path, f"hold an array of at most {MAX_BYTES} bytes", received)
    return magic + sizes, shape


def _read_values(file: gzip.GzipFile, path: Path, shape: tuple[int, ...]) -> bytearray:
    """Return exactly the bytes that the shape asks for, having seen that no more follow."""
    size = math.prod(shape)
    expected = f"hold {size} bytes after the header, for the shape {shape}"
    values = bytearray()
    # In chunks because a buffered read reserves what it is asked for before it knows what is there.
    while len(values) < size:
        chunk = file.read(min(CHUNK_BYTES, size - len(values)))
        if not chunk:
            raise _damaged(path, expected, len(values))
        values += chunk
    # This read also reaches the end of the archive, where gzip compares its own checksum.
    if file.read(1):
        raise _damaged(path, expected, "more")
    return values
