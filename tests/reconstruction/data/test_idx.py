"""The reader of IDX files: what it reads, and that it refuses damage without eating memory."""

import gzip
import hashlib
import struct
import tracemalloc

import numpy as np
import pytest

from a2u_tf.reconstruction.data import idx
from a2u_tf.reconstruction.data.idx import read_idx

VALUES = np.arange(2 * 3 * 4, dtype=np.uint8).reshape(2, 3, 4)


def idx_bytes(values, code=0x08, shape=None):
    """Return an IDX file before compression; `code` and `shape` can lie."""
    shape = values.shape if shape is None else shape
    return bytes([0, 0, code, len(shape)]) + struct.pack(f">{len(shape)}I", *shape) + values.tobytes()


@pytest.fixture
def write(tmp_path):
    """Return a function that writes bytes, compressed or not, and returns the path."""

    def write_file(content, compress=True):
        path = tmp_path / "values-idx3-ubyte.gz"
        path.write_bytes(gzip.compress(content) if compress else content)
        return path

    return write_file


def check_refused(path, match):
    """The error names the file, what was received and the way out; and no memory worth a word is taken."""
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match=match) as info:
            read_idx(path)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    message = str(info.value)
    assert str(path) in message
    assert "Received: " in message
    assert "Download the file again" in message
    assert peak < 8 * 2**20


@pytest.mark.parametrize("shape", [(24,), (2, 3, 4), (1, 2, 3, 4), (0, 3, 4)])
def test_round_trip(write, shape):
    values = np.arange(np.prod(shape), dtype=np.uint8).reshape(shape)
    result = read_idx(write(idx_bytes(values)))
    assert result.dtype == np.uint8
    np.testing.assert_array_equal(result, values)
    assert result.shape == shape


def test_values_longer_than_a_chunk(write, rng):
    values = rng.integers(0, 256, (3, idx.CHUNK_BYTES // 2 + 1), dtype=np.uint8)
    np.testing.assert_array_equal(read_idx(write(idx_bytes(values))), values)


def test_path_as_text_and_two_gzip_members(write):
    content = idx_bytes(VALUES)
    path = write(gzip.compress(content[:7]) + gzip.compress(content[7:]), compress=False)
    np.testing.assert_array_equal(read_idx(str(path)), VALUES)


def test_sha256_is_of_the_decompressed_bytes(write):
    content = idx_bytes(VALUES)
    digest = hashlib.sha256(content).hexdigest()
    for level in (1, 9):
        path = write(gzip.compress(content, level), compress=False)
        np.testing.assert_array_equal(read_idx(path, sha256=digest), VALUES)
    other = "0" * 64
    with pytest.raises(ValueError, match=f"{other}.*Received: {digest}.*Download the file again"):
        read_idx(path, sha256=other)


def test_missing_file(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"nowhere\.gz.*download"):
        read_idx(tmp_path / "nowhere.gz")


WHOLE = gzip.compress(idx_bytes(VALUES))
LYING = {
    "too few bytes": (idx_bytes(VALUES)[:-1], r"24 bytes after the header.*Received: 23\."),
    "too many bytes": (idx_bytes(VALUES) + b"\0", "24 bytes after the header.*Received: more"),
    "half a header": (idx_bytes(VALUES)[:9], "3 sizes of 4 bytes.*Received: 5 bytes"),
    "another format": (b"\x89PNG\r\n\x1a\n" + bytes(40), "magic number.*Received: 89 50 4e 47"),
    "nothing": (b"", "Received: no bytes at all"),
    "the largest array": (idx_bytes(VALUES, shape=(idx.MAX_BYTES,)), f"{idx.MAX_BYTES} bytes.*Received: 24"),
    **{
        f"type {code}": (idx_bytes(VALUES, code=code), f"type code 0x08.*Received: 0x{code:02x}")
        for code in (0x00, 0x09, 0x0B, 0x0C, 0x0D, 0x0E)
    },
    **{
        f"rank {rank}": (idx_bytes(VALUES[:1, :1, :1], shape=(1,) * rank), f"Received: rank {rank}")
        for rank in (0, 5, 255)
    },
    **{
        f"shape {shape}": (idx_bytes(VALUES, shape=shape), "at most.*Received: a header with the shape")
        for shape in ((2**32 - 1,), (2**32 - 1,) * 4, (60000, 2**16, 2**16))
    },
}
DAMAGED = {
    **{f"cut off at {end}": (WHOLE[:end], "cut off") for end in (12, len(WHOLE) // 2, len(WHOLE) - 1)},
    "garbage after the archive": (WHOLE + b"garbage", "intact gzip"),
    "no archive": (idx_bytes(VALUES), "intact gzip"),
    "an empty file": (b"", "Received: no bytes at all"),
    **{
        f"flipped bits at {at}": (WHOLE[:at] + bytes([WHOLE[at] ^ 0xFF]) + WHOLE[at + 1 :], "must")
        for at in (len(WHOLE) - 6, len(WHOLE) // 2)
    },
}


@pytest.mark.parametrize(("content", "message"), LYING.values(), ids=LYING)
def test_content_that_is_no_idx_array(write, content, message):
    check_refused(write(content), message)


@pytest.mark.parametrize(("content", "message"), DAMAGED.values(), ids=DAMAGED)
def test_damaged_archives(write, content, message):
    check_refused(write(content, compress=False), message)


def test_gzip_bomb(write):
    """64 MiB behind a header that promises 24 bytes: nothing beyond them is kept."""
    path = write(idx_bytes(VALUES) + bytes(64 * 2**20))
    assert path.stat().st_size < 2**17
    check_refused(path, "24 bytes after the header.*Received: more")
