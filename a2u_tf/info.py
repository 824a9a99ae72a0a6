"""What a2u_tf finds on this machine, and which reassembly it will run: `a2u info`, `python -m a2u_tf.info`."""

import platform

import keras

from a2u_tf.files import package_version
from a2u_tf.ops import compiled
from a2u_tf.ops.implementation import resolve_implementation
from a2u_tf.version import __version__

PACKAGES = ("keras", "tensorflow", "jax", "torch", "numpy", "opencv-python-headless", "absl-py", "tensorboard")


def describe() -> str:
    lines = [
        f"a2u_tf {__version__}, Python {platform.python_version()}, {platform.platform()}",
        "",
        "Packages",
        *(f"  {package:24} {package_version(package)}" for package in PACKAGES),
        "",
        f"Keras backend             {keras.backend.backend()}",
        f"Devices                   {', '.join(_devices())}",
        "",
        "Reassembly",
        f"  auto runs               {_auto()}",
        f"  compiled                {_compiled()}",
        "  inside XLA              composite: sum over taps",
        "  composite elsewhere     up: windows times kernels; down: sum over taps",
    ]
    return "\n".join(lines)


def _auto() -> str:
    try:
        return ": ".join(resolve_implementation("auto"))
    except (ValueError, RuntimeError) as error:
        return f"nothing: {error}"


def _compiled() -> str:
    try:
        if problem := compiled.unavailable():
            return f"not available: {problem}"
        return f"available, CPU kernels for {compiled.instruction_set()}"
    except ValueError as error:
        return f"not available: {error}"


def _devices() -> list[str]:
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        return [device.name for device in tf.config.list_logical_devices()]
    if keras.backend.backend() == "torch":
        import torch

        return ["cpu", *(f"cuda:{number}" for number in range(torch.cuda.device_count()))]
    return list(keras.distribution.list_devices())


if __name__ == "__main__":
    print(describe())
