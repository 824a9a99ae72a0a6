"""Checkpoints of the authors' PyTorch model, from the file to a network with its weights."""

from pathlib import Path
from typing import Any

import keras
import numpy as np

from a2u_tf.files import replaced
from a2u_tf.matting.network import matting_net
from a2u_tf.matting.pytorch_release.parameters import State, assign_encoder, assign_matting
from a2u_tf.types import Array

MAX_KERNEL_SIZE = 9  # beyond the paper's; the network is built before weights are seen to misfit


class CheckpointError(ValueError):
    """What is wrong with a checkpoint."""


def import_checkpoint(checkpoint: Path | str, output: Path | str, encoder: bool = False) -> str:
    """Write the weights of a checkpoint as Keras reads them, whole or not at all.

    Args:
        checkpoint: Of the released model, or of the ImageNet ResNet-34 that training starts from.
        output: File to write, its name ending in `.weights.h5`.
        encoder: Whether it is the latter.

    Returns:
        What network the weights are of, for people to read.

    Raises:
        ValueError: Where parameters are missing, superfluous or of other shapes, beside what `read_checkpoint` raises.
        OSError: Where the file cannot be written.
    """
    state = read_checkpoint(checkpoint)
    if encoder:
        model, what = matting_net(upsampling="bilinear", downsampling="max_pool"), "encoder of a matting network"
        assign_encoder(model, state)
    else:
        model = released_network(state)
        kernels = model.get_layer("kernels_1")
        what = f"matting network, {kernels.variant} {'cs' if kernels.channel_shared else 'cw'}"
        what += f", kernel_size={kernels.kernel_size}, encoding_size={kernels.encoding_size}"
    with replaced(output) as temporary:
        model.save_weights(temporary)
    return f"{what}, {model.count_params():,} parameters"


def read_checkpoint(path: Path | str) -> dict[str, Array]:
    """Return the arrays of a PyTorch checkpoint by name; nothing in the file is executed.

    Args:
        path: File that `torch.save` wrote: a dict of tensors, or a dict with one under `state_dict`; what lies beside
            it (optimizer, epoch, measurements) is ignored.

    Raises:
        CheckpointError: Where the file is missing, is none, or asks for anything but tensors and plain containers.
        ModuleNotFoundError: Where torch is missing.
    """
    try:
        import torch
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError("Reading PyTorch checkpoints needs torch: pip install 'a2u_tf[torch]'") from error
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError as error:
        raise CheckpointError(f"no such checkpoint: {path}") from error
    except MemoryError:
        raise
    except Exception as error:  # torch raises whatever a damaged file leads it to
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise CheckpointError(f"{path} is not a checkpoint of tensors alone ({reason}); nothing of it ran") from error
    state = content.get("state_dict", content) if isinstance(content, dict) else content
    named = isinstance(state, dict) and all(isinstance(name, str) for name in state)
    if not named or not all(isinstance(value, torch.Tensor) for value in state.values()) or not state:
        received = sorted(map(str, content))[:10] if isinstance(content, dict) else type(content).__name__
        raise CheckpointError(f"{path} must hold a dict of tensors, or one under 'state_dict'. Received: {received}")
    return {name: _array(path, name, tensor) for name, tensor in state.items()}


def _array(path: Path | str, name: str, tensor: Any) -> Array:
    try:
        return np.asarray(tensor.detach().float().numpy())
    except (RuntimeError, TypeError, MemoryError) as error:  # sparse, without data, larger than the memory
        reason = str(error).splitlines()[0]
        raise CheckpointError(f"{path} must hold plain tensors. Received: {name}, {tensor.dtype} ({reason})") from error


def released_network(state: State) -> keras.Model:
    """Build the `matting_net` that a released checkpoint belongs to, with its weights."""

    def channels(ending: str, otherwise: int) -> int:
        return next((x.shape[0] for name, x in state.items() if name.endswith(ending) and x.ndim), otherwise)

    kernel_size = max(1, int(np.sqrt(channels("bconv_UP.1.weight", 36) / 4)))
    if kernel_size > MAX_KERNEL_SIZE:
        raise CheckpointError(f"Released kernels have sides of up to {MAX_KERNEL_SIZE}. Received: {kernel_size}")
    shared = channels("bconv_U.1.weight", 1) == 1
    # The side of the encoding filters is in no shape: it is 6 in all released models.
    model = matting_net(channel_shared=shared, kernel_size=kernel_size, encoding_size=6)
    assign_matting(model, state)
    return model
