"""IDX files, the format of the MNIST family: a small big-endian header, then the bytes of one array."""

import gzip
import hashlib
import math
import zlib
from pathlib import Path

import numpy as np

from a2u_tf.types import Array

UINT8_CODE = 0x08
MAX_RANK = 4
# Five times the largest file of the MNIST family. Headers that promise more are taken for damage.
MAX_BYTES = 256 * 2**20
CHUNK_BYTES = 2**20
WAY_OUT = "Download the file again."


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
        raise ValueError(f"{path} must be a complete gzip file. Received: one that is cut off. {WAY_OUT}") from error
    except (gzip.BadGzipFile, zlib.error) as error:
        raise ValueError(f"{path} must be an intact gzip file. Received: {error}. {WAY_OUT}") from error
    if sha256 is not None:
        _check_sha256(path, header, values, sha256)
    return np.frombuffer(values, np.uint8).reshape(shape)


def _read_header(file: gzip.GzipFile, path: Path) -> tuple[bytes, tuple[int, ...]]:
    """Return the header's bytes and the shape they tell."""
    magic = file.read(4)
    if len(magic) < 4 or magic[:2] != b"\0\0":
        raise ValueError(
            f"{path} must start with the IDX magic number, two zero bytes, a type code and a rank. "
            f"Received: {magic.hex(' ') or 'no bytes at all'}. {WAY_OUT}"
        )
    code, rank = magic[2], magic[3]
    if code != UINT8_CODE:
        raise ValueError(
            f"{path} must hold unsigned bytes, IDX type code 0x{UINT8_CODE:02x}. Received: 0x{code:02x}. {WAY_OUT}"
        )
    if not 1 <= rank <= MAX_RANK:
        raise ValueError(f"{path} must hold an array of rank 1 to {MAX_RANK}. Received: rank {rank}. {WAY_OUT}")
    sizes = file.read(4 * rank)
    if len(sizes) < 4 * rank:
        raise ValueError(
            f"{path} must hold {rank} sizes of 4 bytes after the magic number. "
            f"Received: {len(sizes)} bytes in all. {WAY_OUT}"
        )
    shape = tuple(int.from_bytes(sizes[start : start + 4], "big") for start in range(0, 4 * rank, 4))
    if math.prod(shape) > MAX_BYTES:
        raise ValueError(
            f"{path} must hold an array of at most {MAX_BYTES} bytes. Received: a header with the shape {shape}, "
            f"{math.prod(shape)} bytes. {WAY_OUT}"
        )
    return magic + sizes, shape


def _read_values(file: gzip.GzipFile, path: Path, shape: tuple[int, ...]) -> bytearray:
    """Return exactly the bytes that the shape asks for, having seen that no more follow."""
    expected = math.prod(shape)
    values = bytearray()
    # In chunks because a buffered read reserves what it is asked for before it knows what is there.
    while len(values) < expected:
        chunk = file.read(min(CHUNK_BYTES, expected - len(values)))
        if not chunk:
            raise ValueError(
                f"{path} must hold {expected} bytes after the header, for the shape {shape}. "
                f"Received: {len(values)}. {WAY_OUT}"
            )
        values += chunk
    # This read also reaches the end of the archive, where gzip compares its own checksum.
    if file.read(1):
        raise ValueError(
            f"{path} must hold {expected} bytes after the header, for the shape {shape}. Received: more. {WAY_OUT}"
        )
    return values


def _check_sha256(path: Path, header: bytes, values: bytearray, expected: str) -> None:
    digest = hashlib.sha256(header)
    digest.update(values)
    if digest.hexdigest() != expected:
        raise ValueError(
            f"{path} must decompress to bytes with the SHA-256 {expected}. Received: {digest.hexdigest()}. {WAY_OUT}"
        )
