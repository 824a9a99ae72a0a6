"""The kernels of a network after every epoch, in TensorBoard and as files."""

import importlib.util
from pathlib import Path
from typing import Any

import keras
import numpy as np

from a2u_tf.files import write_png
from a2u_tf.types import Array
from a2u_tf.visualization.kernel_sheet import kernel_sheet
from a2u_tf.visualization.kernels import kernel_maps


class KernelMaps(keras.callbacks.Callback):
    """Shows upsampling kernels after each epoch, beside those with which the training began.

    Each picture has its `kernel_sheet`: a file `kernels_NUMBER_epoch_NNNN.png`, and an image of the name
    `kernels_NUMBER` in TensorBoard.

    Args:
        pictures: Floats of shape `(N, H, W, 1 or 3)` in [0, 1]; a few.
        log_dir: Folder to write to, such as that of `keras.callbacks.TensorBoard`.
        inputs: What the model is called with for these pictures, where that is something else than `pictures`.

    Raises:
        ValueError: When training begins, where the model makes no upsampling kernels.
        ImportError: At once, without TensorFlow or TensorBoard.
    """

    def __init__(self, pictures: Array, log_dir: Path | str, inputs: Any = None) -> None:
        super().__init__()
        if not all(importlib.util.find_spec(package) for package in ("tensorboard", "tensorflow")):
            raise ImportError(
                "KernelMaps needs the packages tensorboard and tensorflow: pip install 'a2u_tf[tensorboard]'"
            )
        self.pictures = np.asarray(pictures, np.float32)
        self.log_dir = Path(log_dir)
        self.inputs = self.pictures if inputs is None else inputs

    def on_train_begin(self, logs: dict[str, float] | None = None) -> None:
        import tensorflow as tf

        self._first = kernel_maps(self.model, self.inputs)
        self._writer = tf.summary.create_file_writer(str(self.log_dir))

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        import tensorflow as tf

        models = {"at first": self._first, f"epoch {epoch + 1}": kernel_maps(self.model, self.inputs)}
        for number in range(len(self.pictures)):
            sheet = kernel_sheet(self.pictures, models, number)
            write_png(self.log_dir / f"kernels_{number}_epoch_{epoch + 1:04d}.png", sheet)
            with self._writer.as_default(step=epoch):
                tf.summary.image(f"kernels_{number}", sheet[None])
        self._writer.flush()

    def on_train_end(self, logs: dict[str, float] | None = None) -> None:
        self._writer.close()
