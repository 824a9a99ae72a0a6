"""MNIST and Fashion-MNIST as float images, from local IDX files or through Keras."""

import gzip
import hashlib
import math
import os
import struct
import zlib
from pathlib import Path
from typing import TypeAlias

import numpy as np

from a2u_tf.ops.validation import positive_integers
from a2u_tf.types import Array

ENVIRONMENT_VARIABLE = "A2U_DATA_DIR"
FILES = [f"{part}-{what}-ubyte.gz" for part in ("train", "t10k") for what in ("images-idx3", "labels-idx1")]
# Of the decompressed files in this order, so that files that were compressed anew are accepted.
SHA256 = {
    "mnist": (
        "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
        "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
        "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
        "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
    ),
    "fashion_mnist": (
        "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
        "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
        "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
        "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
    ),
}
DATASETS = tuple(SHA256)
MAX_RANK = 4
# Five times the largest file of the MNIST family. Headers that promise more are taken for damage.
MAX_BYTES = 256 * 2**20
CHUNK_BYTES = 2**20
Digits: TypeAlias = tuple[Array, Array]  # images and labels


def load_digits(dataset: str, data_dir: Path | str | None = None, size: int = 32) -> tuple[Digits, Digits]:
    """Load MNIST or Fashion-MNIST as images in `[0, 1]`.

    The four original IDX files (`train-images-idx3-ubyte.gz` and so on) are read from the folder `data_dir/dataset` and
    compared with known checksums. Where no folder is named, neither here nor by the environment variable
    `A2U_DATA_DIR`, the data come from `keras.datasets`, which downloads them once. A folder that is named is always
    used: files that lack in it are an error, not a download.

    Args:
        dataset: `"mnist"` or `"fashion_mnist"`.
        data_dir: Folder with one folder per dataset; `None` for `A2U_DATA_DIR`.
        size: Side of the images in pixels. The originals of 28 x 28 are resized bilinearly with half-pixel centres,
            after the conversion to float.

    Returns:
        `(x_train, y_train), (x_test, y_test)`: images of shape `(N, size, size, 1)`, float32 in `[0, 1]`, 0 for the
        background; labels of shape `(N,)`, uint8 in `[0, 9]`. `N` is 60000 and 10000.

    Raises:
        ValueError: For an unknown name, a size below 1, or a damaged file.
        FileNotFoundError: Where the named folder or files of it are missing.
        RuntimeError: Where the download of Keras fails.
    """
    if dataset not in DATASETS:
        raise ValueError(f"`dataset` must be one of {DATASETS}. Received: {dataset!r}")
    positive_integers(size=size)
    if data_dir is None:
        data_dir = os.environ.get(ENVIRONMENT_VARIABLE) or None
    loaded = _load_from_files(dataset, Path(data_dir) / dataset) if data_dir is not None else _load_from_keras(dataset)
    (x_train, y_train), (x_test, y_test) = loaded
    return (_to_float_images(x_train, size), y_train), (_to_float_images(x_test, size), y_test)


def _load_from_files(dataset: str, folder: Path) -> tuple[Digits, Digits]:
    missing = [str(folder / name) for name in FILES if not (folder / name).is_file()]
    if missing:
        raise FileNotFoundError(
            f"The four IDX files of {dataset} must lie in {folder}. Missing: {', '.join(missing)}. Put them there, or "
            f"name no folder (`data_dir=None` and {ENVIRONMENT_VARIABLE} unset) to download the data through Keras."
        )
    sums = zip(FILES, SHA256[dataset], strict=True)
    x_train, y_train, x_test, y_test = (read_idx(folder / name, sha256) for name, sha256 in sums)
    return (x_train, y_train), (x_test, y_test)


def _load_from_keras(dataset: str) -> tuple[Digits, Digits]:
    import keras

    try:
        train, test = getattr(keras.datasets, dataset).load_data()
        return train, test
    except Exception as error:  # Keras raises a bare `Exception` where a download fails.
        raise RuntimeError(
            f"keras.datasets.{dataset} could not be downloaded: {error}. Without a network, put the files "
            f"{', '.join(FILES)} into a folder FOLDER/{dataset} and pass `data_dir=FOLDER`, or set "
            f"{ENVIRONMENT_VARIABLE}=FOLDER."
        ) from error


def _to_float_images(images: Array, size: int) -> Array:
    """Resize uint8 images `(N, h, w)` to float32 `(N, size, size, 1)` in `[0, 1]`."""
    import cv2  # not with the package: most of its users load no digits

    resized = np.empty((len(images), size, size, 1), np.float32)
    for target, image in zip(resized, images, strict=True):
        target[..., 0] = cv2.resize(image.astype(np.float32), (size, size), interpolation=cv2.INTER_LINEAR)
    resized /= 255
    # The interpolation weights sum to 1 only up to rounding.
    return np.minimum(resized, 1, out=resized)


def read_idx(path: Path | str, sha256: str | None = None) -> Array:
    """Read a gzip-compressed IDX file of unsigned bytes, `00 00 08 R`, `R` sizes and the values in row-major order.

    Memory is taken for bytes that are really there, a chunk at a time, and stops where the header's promise is kept, so
    that neither a wrong header nor an over-full archive can exhaust it. `sha256` is that of the *decompressed* file.
    """
    path = Path(path)
    if not path.exists():
        raise FileNotFoundError(f"No IDX file at {path}. Check the path, or download the file to it.")
    try:
        with gzip.open(path, "rb") as file:
            header, shape = _read_header(file, path)
            values, size = bytearray(), math.prod(shape)
            # To the end of the archive, where gzip compares its own checksum.
            while len(values) <= size and (chunk := file.read(CHUNK_BYTES)):
                values += chunk
    except EOFError as error:
        raise _damaged(path, "be a complete gzip file", "one that is cut off") from error
    except (gzip.BadGzipFile, zlib.error) as error:
        raise _damaged(path, "be an intact gzip file", error) from error
    if len(values) != size:
        received = len(values) if len(values) < size else "more"
        raise _damaged(path, f"hold {size} bytes after the header, for the shape {shape}", received)
    digest = hashlib.sha256(header + values).hexdigest()
    if sha256 not in (None, digest):
        raise _damaged(path, f"decompress to bytes with the SHA-256 {sha256}", digest)
    return np.frombuffer(values, np.uint8).reshape(shape)


def _damaged(path: Path, expected: str, received: object) -> ValueError:
    return ValueError(f"{path} must {expected}. Received: {received}. Download the file again.")


def _read_header(file: gzip.GzipFile, path: Path) -> tuple[bytes, tuple[int, ...]]:
    """Return the header's bytes and the shape they tell."""
    magic = file.read(4)
    if len(magic) < 4 or magic[:3] != b"\0\0\x08" or not 1 <= magic[3] <= MAX_RANK:
        expected = f"start as an IDX array of unsigned bytes, 00 00 08 and a rank of 1 to {MAX_RANK}"
        raise _damaged(path, expected, magic.hex(" ") or "no bytes at all")
    rank = magic[3]
    sizes = file.read(4 * rank)
    if len(sizes) < 4 * rank:
        raise _damaged(path, f"hold {rank} sizes of 4 bytes after the magic number", f"{len(sizes)} bytes in all")
    shape = struct.unpack(f">{rank}I", sizes)
    if math.prod(shape) > MAX_BYTES:
        received = f"a header with the shape {shape}, {math.prod(shape)} bytes"
        raise _damaged(path, f"hold an array of at most {MAX_BYTES} bytes", received)
    return magic + sizes, shape
