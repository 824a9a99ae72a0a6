"""MNIST and Fashion-MNIST: where they are read from, how they come out, and that damage is refused."""

import gzip
import hashlib
import shutil
import struct
import tracemalloc

import keras
import numpy as np
import pytest

from a2u_tf.reconstruction.data import digits, load_digits
from a2u_tf.reconstruction.data.digits import CHUNK_BYTES, FILES, MAX_BYTES, read_idx

SHAPES = dict(zip(FILES, [(12, 28, 28), (12,), (5, 28, 28), (5,)], strict=True))
VALUES = np.arange(2 * 3 * 4, dtype=np.uint8).reshape(2, 3, 4)


def idx_bytes(values, shape=None):
    """Return an IDX file before compression; `shape` can lie."""
    shape = values.shape if shape is None else shape
    return bytes([0, 0, 8, len(shape)]) + struct.pack(f">{len(shape)}I", *shape) + values.tobytes()


@pytest.fixture
def arrays(rng):
    return {
        name: rng.integers(0, 256 if len(shape) == 3 else 10, shape, dtype=np.uint8) for name, shape in SHAPES.items()
    }


@pytest.fixture
def small_dir(tmp_path, monkeypatch, arrays):
    """A data folder with tiny files in place of MNIST, and their checksums in place of the known ones."""
    (tmp_path / "data" / "mnist").mkdir(parents=True)
    contents = {name: idx_bytes(values) for name, values in arrays.items()}
    for name, content in contents.items():
        (tmp_path / "data" / "mnist" / name).write_bytes(gzip.compress(content))
    sums = tuple(hashlib.sha256(content).hexdigest() for content in contents.values())
    monkeypatch.setitem(digits.SHA256, "mnist", sums)
    return tmp_path / "data"


@pytest.fixture
def no_download(monkeypatch):
    def fail():
        raise Exception("URL fetch failure on somewhere: None -- no network")

    monkeypatch.setattr(keras.datasets.mnist, "load_data", fail)
    monkeypatch.setattr(keras.datasets.fashion_mnist, "load_data", fail)


def check_small(result, arrays, size):
    for (x, y), name in zip(result, ("train", "t10k"), strict=True):
        images, labels = arrays[f"{name}-images-idx3-ubyte.gz"], arrays[f"{name}-labels-idx1-ubyte.gz"]
        assert (x.shape, x.dtype, y.dtype) == ((len(images), size, size, 1), np.float32, np.uint8)
        assert 0 <= x.min() <= x.max() <= 1
        np.testing.assert_allclose(x[0, ..., 0], resize_by_hand(images[0] / 255, size), atol=1e-6)
        np.testing.assert_array_equal(y, labels)


def resize_by_hand(image, size):
    """Bilinear with half-pixel centres, edges repeated, index by index."""
    scale = len(image) / size
    result = np.zeros((size, size))
    for row, column in np.ndindex(size, size):
        y, x = np.clip((np.array([row, column]) + 0.5) * scale - 0.5, 0, len(image) - 1)
        top, left = int(y), int(x)
        bottom, right = min(top + 1, len(image) - 1), min(left + 1, len(image) - 1)
        upper = image[top, left] * (1 - (x - left)) + image[top, right] * (x - left)
        lower = image[bottom, left] * (1 - (x - left)) + image[bottom, right] * (x - left)
        result[row, column] = upper * (1 - (y - top)) + lower * (y - top)
    return result


@pytest.mark.parametrize("size", [28, 32, 48])
def test_read_from_files(small_dir, arrays, no_download, size):
    check_small(load_digits("mnist", data_dir=small_dir, size=size), arrays, size)


def test_size_28_keeps_the_pixels(small_dir, arrays):
    (x_train, _), _ = load_digits("mnist", data_dir=str(small_dir), size=28)
    np.testing.assert_array_equal(x_train[..., 0], arrays[FILES[0]].astype(np.float32) / 255)


def test_argument_comes_before_environment_variable(small_dir, arrays, monkeypatch, no_download, tmp_path):
    monkeypatch.setenv("A2U_DATA_DIR", str(small_dir))
    check_small(load_digits("mnist"), arrays, 32)
    monkeypatch.setenv("A2U_DATA_DIR", str(tmp_path / "nowhere"))
    check_small(load_digits("mnist", data_dir=small_dir), arrays, 32)


def test_recompressed_file_is_accepted(small_dir, arrays):
    path = small_dir / "mnist" / FILES[0]
    before = path.read_bytes()
    path.write_bytes(gzip.compress(gzip.decompress(before), compresslevel=1, mtime=1))
    assert path.read_bytes() != before
    check_small(load_digits("mnist", data_dir=small_dir), arrays, 32)


@pytest.mark.parametrize("name", FILES)
def test_changed_byte_is_refused(small_dir, name):
    path = small_dir / "mnist" / name
    content = bytearray(gzip.decompress(path.read_bytes()))
    before = hashlib.sha256(content).hexdigest()
    content[-1] ^= 1
    path.write_bytes(gzip.compress(content))
    after = hashlib.sha256(content).hexdigest()
    with pytest.raises(ValueError, match=f"{name}.*SHA-256 {before}. Received: {after}. Download the file again"):
        load_digits("mnist", data_dir=small_dir)


@pytest.mark.parametrize("by_environment", [False, True])
def test_missing_folder_is_no_reason_to_download(tmp_path, monkeypatch, by_environment):
    monkeypatch.setattr(keras.datasets.mnist, "load_data", lambda: pytest.fail("downloaded"))
    monkeypatch.setenv("A2U_DATA_DIR", str(tmp_path))
    with pytest.raises(FileNotFoundError) as info:
        load_digits("mnist", data_dir=None if by_environment else tmp_path)
    assert all(str(tmp_path / "mnist" / name) in str(info.value) for name in FILES)


def test_missing_file_is_named(small_dir):
    path = small_dir / "mnist" / FILES[3]
    path.unlink()
    with pytest.raises(FileNotFoundError, match=f"Missing: {path}. Put them there"):
        load_digits("mnist", data_dir=small_dir)


def test_other_dataset_is_not_taken_instead(small_dir):
    shutil.copytree(small_dir / "mnist", small_dir / "fashion_mnist")
    with pytest.raises(ValueError, match=r"fashion_mnist.*SHA-256"):
        load_digits("fashion_mnist", data_dir=small_dir)


@pytest.mark.parametrize("dataset", ["cifar10", "MNIST", "", None])
def test_unknown_name(dataset):
    with pytest.raises(ValueError, match=r"\('mnist', 'fashion_mnist'\)\. Received: "):
        load_digits(dataset)


@pytest.mark.parametrize("size", [0, -1, 32.0, "32", None])
def test_bad_size(small_dir, size):
    with pytest.raises(ValueError, match="`size` must be an integer of at least 1"):
        load_digits("mnist", data_dir=small_dir, size=size)


@pytest.mark.parametrize("dataset", ["mnist", "fashion_mnist"])
@pytest.mark.parametrize("value", [None, ""])
def test_keras_where_no_folder_is_named(arrays, monkeypatch, no_download, dataset, value):
    monkeypatch.delenv("A2U_DATA_DIR", raising=False)
    if value is not None:
        monkeypatch.setenv("A2U_DATA_DIR", value)
    x_train, y_train, x_test, y_test = arrays.values()
    monkeypatch.setattr(getattr(keras.datasets, dataset), "load_data", lambda: ((x_train, y_train), (x_test, y_test)))
    check_small(load_digits(dataset), arrays, 32)


@pytest.mark.parametrize("dataset", ["mnist", "fashion_mnist"])
def test_failed_download_tells_the_way_out(monkeypatch, no_download, dataset):
    monkeypatch.delenv("A2U_DATA_DIR", raising=False)
    with pytest.raises(RuntimeError, match=rf"{dataset}.*URL fetch failure.*FOLDER/{dataset}.*A2U_DATA_DIR") as info:
        load_digits(dataset)
    assert all(name in str(info.value) for name in FILES)


@pytest.mark.parametrize(("dataset", "mean"), [("mnist", 0.1307), ("fashion_mnist", 0.2860)])
def test_real_data(data_dir, dataset, mean):
    (x_train, y_train), (x_test, y_test) = load_digits(dataset, data_dir=data_dir)
    assert x_train.shape == (60000, 32, 32, 1)
    assert x_test.shape == (10000, 32, 32, 1)
    assert x_train.min() == 0
    assert 0.99 < x_train.max() <= 1
    np.testing.assert_allclose(x_train.mean(), mean, atol=1e-3)  # The published mean of the originals.
    np.testing.assert_array_equal(np.unique(y_train), np.arange(10))
    assert (np.bincount(y_test) > 800).all()


@pytest.fixture
def write(tmp_path):
    def write_file(content, compress=True):
        path = tmp_path / "values-idx3-ubyte.gz"
        path.write_bytes(gzip.compress(content) if compress else content)
        return path

    return write_file


@pytest.mark.parametrize("shape", [(24,), (2, 3, 4), (1, 2, 3, 4), (0, 3, 4), (3, CHUNK_BYTES // 2 + 1)])
def test_idx_round_trip(write, rng, shape):
    values = rng.integers(0, 256, shape, dtype=np.uint8)
    result = read_idx(write(idx_bytes(values)))
    assert result.dtype == np.uint8
    assert result.shape == shape
    np.testing.assert_array_equal(result, values)


def test_path_as_text_and_two_gzip_members(write):
    content = idx_bytes(VALUES)
    path = write(gzip.compress(content[:7]) + gzip.compress(content[7:]), compress=False)
    np.testing.assert_array_equal(read_idx(str(path)), VALUES)


def test_missing_idx_file(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"nowhere\.gz.*download"):
        read_idx(tmp_path / "nowhere.gz")


IDX = idx_bytes(VALUES)
LYING = {
    "too few bytes": (IDX[:-1], r"24 bytes after the header, for the shape \(2, 3, 4\). Received: 23\."),
    "too many bytes": (IDX + b"\0", "24 bytes after the header.*Received: more"),
    "64 MiB too many": (IDX + bytes(64 * 2**20), "24 bytes after the header.*Received: more"),
    "half a header": (IDX[:9], "3 sizes of 4 bytes.*Received: 5 bytes"),
    "another format": (b"\x89PNG\r\n\x1a\n" + bytes(40), "an IDX array.*Received: 89 50 4e 47"),
    "nothing": (b"", "Received: no bytes at all"),
    "the largest array": (idx_bytes(VALUES, shape=(MAX_BYTES,)), f"{MAX_BYTES} bytes.*Received: 24"),
    **{
        f"magic {magic.hex()}": (magic + IDX[4:], f"rank of 1 to 4. Received: {magic.hex(' ')}")
        for magic in (b"\0\0\x07\3", b"\0\0\x09\3", b"\0\0\x08\0", b"\0\0\x08\5", b"\0\1\x08\3", b"\1\0\x08\3")
    },
    **{
        f"shape {shape}": (idx_bytes(VALUES, shape=shape), "at most.*Received: a header with the shape")
        for shape in ((MAX_BYTES + 1,), (2**32 - 1,) * 4, (60000, 2**16, 2**16))
    },
}
WHOLE = gzip.compress(IDX)
DAMAGED = {
    **{f"cut off at {end}": (WHOLE[:end], "cut off") for end in (12, len(WHOLE) // 2, len(WHOLE) - 1)},
    "garbage after the archive": (WHOLE + b"garbage", "intact gzip"),
    "no archive": (IDX, "intact gzip"),
    "an empty file": (b"", "Received: no bytes at all"),
    **{
        f"flipped bits at {at}": (WHOLE[:at] + bytes([WHOLE[at] ^ 0xFF]) + WHOLE[at + 1 :], "must")
        for at in (len(WHOLE) - 6, len(WHOLE) // 2)
    },
}
REFUSED = [(gzip.compress(content), message) for content, message in LYING.values()] + [*DAMAGED.values()]


@pytest.mark.parametrize(("content", "message"), REFUSED, ids=[*LYING, *DAMAGED])
def test_refused_files(write, content, message):
    """The error names the file, what was received and the way out; and no memory worth a word is taken."""
    path = write(content, compress=False)
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match=rf"^{path} .*{message}.*Download the file again"):
            read_idx(path)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 8 * 2**20
