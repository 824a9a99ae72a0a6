"""MNIST and Fashion-MNIST as float images, from local files or through Keras."""

import os
from pathlib import Path
from typing import TypeAlias

import numpy as np

from a2u_tf.reconstruction.data.idx import read_idx
from a2u_tf.types import Array

ENVIRONMENT_VARIABLE = "A2U_DATA_DIR"
FILES = (
    "train-images-idx3-ubyte.gz",
    "train-labels-idx1-ubyte.gz",
    "t10k-images-idx3-ubyte.gz",
    "t10k-labels-idx1-ubyte.gz",
)
# Of the decompressed files, so that files that were compressed anew are accepted.
SHA256 = {
    "mnist": {
        "train-images-idx3-ubyte.gz": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
        "train-labels-idx1-ubyte.gz": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
        "t10k-images-idx3-ubyte.gz": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
        "t10k-labels-idx1-ubyte.gz": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
    },
    "fashion_mnist": {
        "train-images-idx3-ubyte.gz": "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
        "train-labels-idx1-ubyte.gz": "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
        "t10k-images-idx3-ubyte.gz": "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
        "t10k-labels-idx1-ubyte.gz": "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
    },
}
DATASETS = tuple(SHA256)
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

    Example:

    >>> (x_train, y_train), (x_test, y_test) = a2u_tf.reconstruction.data.load_digits("mnist")
    >>> x_train.shape
    (60000, 32, 32, 1)
    """
    if dataset not in DATASETS:
        raise ValueError(f"`dataset` must be one of {DATASETS}. Received: {dataset!r}")
    if not isinstance(size, int) or size < 1:
        raise ValueError(f"`size` must be a positive integer, the side of the images. Received: {size!r}")
    if data_dir is None:
        data_dir = os.environ.get(ENVIRONMENT_VARIABLE) or None
    if data_dir is None:
        (x_train, y_train), (x_test, y_test) = _load_from_keras(dataset)
    else:
        (x_train, y_train), (x_test, y_test) = _load_from_files(dataset, Path(data_dir) / dataset)
    return (_to_float_images(x_train, size), y_train), (_to_float_images(x_test, size), y_test)


def _load_from_files(dataset: str, folder: Path) -> tuple[Digits, Digits]:
    """Return the arrays of the four files as they are."""
    missing = [str(folder / name) for name in FILES if not (folder / name).is_file()]
    if missing:
        raise FileNotFoundError(
            f"The four IDX files of {dataset} must lie in {folder}. Missing: {', '.join(missing)}. Put them there, or "
            f"name no folder (`data_dir=None` and {ENVIRONMENT_VARIABLE} unset) to download the data through Keras."
        )
    x_train, y_train, x_test, y_test = (read_idx(folder / name, sha256=SHA256[dataset][name]) for name in FILES)
    for name, images, labels in (("train", x_train, y_train), ("t10k", x_test, y_test)):
        if images.ndim != 3 or labels.shape != images.shape[:1]:
            raise ValueError(
                f"The {name} files in {folder} must hold images of shape (N, height, width) and labels of shape (N,). "
                f"Received: {images.shape} and {labels.shape}. Download the files again."
            )
    return (x_train, y_train), (x_test, y_test)


def _load_from_keras(dataset: str) -> tuple[Digits, Digits]:
    """Return the same arrays through the download of Keras."""
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
