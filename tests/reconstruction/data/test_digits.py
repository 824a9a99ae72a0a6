"""MNIST and Fashion-MNIST: where they are read from, what is checked, and how they come out."""

import gzip
import hashlib
import shutil

import keras
import numpy as np
import pytest

from a2u_tf.reconstruction.data import digits, load_digits
from tests.reconstruction.data.test_idx import idx_bytes

SHAPES = {
    "train-images-idx3-ubyte.gz": (12, 28, 28),
    "train-labels-idx1-ubyte.gz": (12,),
    "t10k-images-idx3-ubyte.gz": (5, 28, 28),
    "t10k-labels-idx1-ubyte.gz": (5,),
}


@pytest.fixture
def arrays(rng):
    return {
        name: rng.integers(0, 256 if len(shape) == 3 else 10, shape, dtype=np.uint8) for name, shape in SHAPES.items()
    }


@pytest.fixture
def small_dir(tmp_path, monkeypatch, arrays):
    """A data folder with tiny files in place of MNIST, and their checksums in place of the known ones."""
    folder = tmp_path / "data" / "mnist"
    folder.mkdir(parents=True)
    for name, values in arrays.items():
        content = idx_bytes(values)
        (folder / name).write_bytes(gzip.compress(content))
        monkeypatch.setitem(digits.SHA256["mnist"], name, hashlib.sha256(content).hexdigest())
    return folder.parent


@pytest.fixture
def no_download(monkeypatch):
    """Make every download fail, as without a network."""

    def fail():
        raise Exception("URL fetch failure on somewhere: None -- no network")

    monkeypatch.setattr(keras.datasets.mnist, "load_data", fail)
    monkeypatch.setattr(keras.datasets.fashion_mnist, "load_data", fail)


def check_small(result, arrays, size):
    (x_train, y_train), (x_test, y_test) = result
    for x, y, name in ((x_train, y_train, "train"), (x_test, y_test, "t10k")):
        images, labels = arrays[f"{name}-images-idx3-ubyte.gz"], arrays[f"{name}-labels-idx1-ubyte.gz"]
        assert (x.shape, x.dtype) == ((len(images), size, size, 1), np.float32)
        assert 0 <= x.min() <= x.max() <= 1
        assert y.dtype == np.uint8
        np.testing.assert_array_equal(y, labels)


def resize_by_hand(image, size):
    """Bilinear with half-pixel centres, edges repeated, index by index."""
    scale = len(image) / size
    result = np.zeros((size, size))
    for row in range(size):
        for column in range(size):
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
    expected = arrays["train-images-idx3-ubyte.gz"].astype(np.float32) / 255
    np.testing.assert_array_equal(x_train[..., 0], expected)


def test_convention_half_pixel_centres(small_dir, arrays):
    _, (x_test, _) = load_digits("mnist", data_dir=small_dir)
    image = arrays["t10k-images-idx3-ubyte.gz"][0] / 255
    np.testing.assert_allclose(x_test[0, ..., 0], resize_by_hand(image, 32), atol=1e-6)


def test_environment_variable(small_dir, arrays, monkeypatch, no_download):
    monkeypatch.setenv("A2U_DATA_DIR", str(small_dir))
    check_small(load_digits("mnist"), arrays, 32)


def test_argument_comes_before_environment_variable(small_dir, arrays, monkeypatch, tmp_path):
    monkeypatch.setenv("A2U_DATA_DIR", str(tmp_path / "nowhere"))
    check_small(load_digits("mnist", data_dir=small_dir), arrays, 32)


def test_recompressed_file_is_accepted(small_dir, arrays):
    path = small_dir / "mnist" / "train-images-idx3-ubyte.gz"
    before = path.read_bytes()
    path.write_bytes(gzip.compress(gzip.decompress(before), compresslevel=1, mtime=1))
    assert path.read_bytes() != before
    check_small(load_digits("mnist", data_dir=small_dir), arrays, 32)


@pytest.mark.parametrize("name", SHAPES)
def test_changed_byte_is_refused(small_dir, name):
    path = small_dir / "mnist" / name
    content = bytearray(gzip.decompress(path.read_bytes()))
    content[-1] ^= 1
    path.write_bytes(gzip.compress(content))
    with pytest.raises(ValueError, match=f"{name}.*SHA-256.*Received.*Download the file again") as info:
        load_digits("mnist", data_dir=small_dir)
    assert digits.SHA256["mnist"][name] in str(info.value)
    assert hashlib.sha256(content).hexdigest() in str(info.value)


def test_images_and_labels_that_do_not_fit(small_dir, monkeypatch):
    name = "train-labels-idx1-ubyte.gz"
    content = idx_bytes(np.zeros(11, np.uint8))
    (small_dir / "mnist" / name).write_bytes(gzip.compress(content))
    monkeypatch.setitem(digits.SHA256["mnist"], name, hashlib.sha256(content).hexdigest())
    with pytest.raises(ValueError, match=r"Received: \(12, 28, 28\) and \(11,\)"):
        load_digits("mnist", data_dir=small_dir)


@pytest.mark.parametrize("by_environment", [False, True])
def test_missing_folder_is_no_reason_to_download(tmp_path, monkeypatch, by_environment):
    monkeypatch.setattr(keras.datasets.mnist, "load_data", lambda: pytest.fail("downloaded"))
    monkeypatch.setenv("A2U_DATA_DIR", str(tmp_path))
    with pytest.raises(FileNotFoundError) as info:
        load_digits("mnist", data_dir=None if by_environment else tmp_path)
    for name in SHAPES:
        assert str(tmp_path / "mnist" / name) in str(info.value)


def test_missing_file_is_named(small_dir):
    path = small_dir / "mnist" / "t10k-labels-idx1-ubyte.gz"
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
    with pytest.raises(ValueError, match="`size` must be a positive integer"):
        load_digits("mnist", data_dir=small_dir, size=size)


@pytest.mark.parametrize("dataset", ["mnist", "fashion_mnist"])
@pytest.mark.parametrize("value", [None, ""])
def test_keras_where_no_folder_is_named(arrays, monkeypatch, no_download, dataset, value):
    monkeypatch.delenv("A2U_DATA_DIR", raising=False)
    if value is not None:
        monkeypatch.setenv("A2U_DATA_DIR", value)
    x_train, y_train, x_test, y_test = (arrays[name] for name in SHAPES)
    monkeypatch.setattr(getattr(keras.datasets, dataset), "load_data", lambda: ((x_train, y_train), (x_test, y_test)))
    check_small(load_digits(dataset), arrays, 32)


@pytest.mark.parametrize("dataset", ["mnist", "fashion_mnist"])
def test_failed_download_tells_the_way_out(monkeypatch, no_download, dataset):
    monkeypatch.delenv("A2U_DATA_DIR", raising=False)
    with pytest.raises(RuntimeError, match=rf"{dataset}.*URL fetch failure.*FOLDER/{dataset}.*A2U_DATA_DIR") as info:
        load_digits(dataset)
    for name in SHAPES:
        assert name in str(info.value)


@pytest.mark.parametrize(("dataset", "mean"), [("mnist", 0.1307), ("fashion_mnist", 0.2860)])
def test_real_data(data_dir, dataset, mean):
    (x_train, y_train), (x_test, y_test) = load_digits(dataset, data_dir=data_dir)
    assert x_train.shape == (60000, 32, 32, 1)
    assert x_test.shape == (10000, 32, 32, 1)
    assert x_train.dtype == x_test.dtype == np.float32
    assert x_train.min() == 0
    assert 0.99 < x_train.max() <= 1
    np.testing.assert_allclose(x_train.mean(), mean, atol=1e-3)  # The published mean of the originals.
    np.testing.assert_array_equal(np.unique(y_train), np.arange(10))
    np.testing.assert_array_equal(np.bincount(y_test) > 800, True)
