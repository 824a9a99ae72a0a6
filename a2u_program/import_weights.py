"""Turn a checkpoint of the authors' released PyTorch model into Keras weights.

    python -m a2u_program.import_weights CHECKPOINT.pth --output=a2u_dynamic_cs.weights.h5
    python -m a2u_program.import_weights resnet34.pth --encoder --output=resnet34_encoder.weights.h5

The first writes the weights of `matting_net(channel_shared=..., kernel_size=...)`, which are read off the checkpoint;
the second those of `matting_net(upsampling="bilinear", downsampling="max_pool")` with the ImageNet ResNet-34 in its
encoder, for `train.matting --encoder_weights`. Only tensors are read from the file (`weights_only=True`): nothing in
it is ever executed. Needs torch: pip install 'a2u_tf[torch]'.
"""

from pathlib import Path

import numpy as np
from absl import app, flags

from a2u_program.streams import forgiving_streams
from a2u_tf.files import replaced
from a2u_tf.matting import matting_net
from a2u_tf.matting.pytorch_release import assign_encoder, assign_matting

ENDING = ".weights.h5"
LARGEST_KERNEL_SIZE = 9  # beyond the paper's; the network is built before weights are seen to misfit


class CheckpointError(ValueError):
    """What is wrong with a checkpoint."""


def read_checkpoint(path):
    """Return the arrays of a PyTorch checkpoint by name.

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
    except Exception as error:  # torch raises whatever a damaged file leads it to
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise CheckpointError(
            f"{path} is not a checkpoint of tensors alone ({reason}); nothing of it was run"
        ) from error
    state = content.get("state_dict", content) if isinstance(content, dict) else content
    named = isinstance(state, dict) and all(isinstance(name, str) for name in state)
    if not named or not all(isinstance(value, torch.Tensor) for value in state.values()) or not state:
        received = sorted(map(str, content))[:10] if isinstance(content, dict) else type(content).__name__
        raise CheckpointError(f"{path} must hold a dict of tensors, or one under 'state_dict'. Received: {received}")
    return {name: _array(path, name, tensor) for name, tensor in state.items()}


def _array(path, name, tensor):
    try:
        return tensor.detach().float().numpy()
    except (RuntimeError, TypeError, MemoryError) as error:  # sparse, without data, larger than the memory
        reason = str(error).splitlines()[0]
        raise CheckpointError(f"{path} must hold plain tensors. Received: {name}, {tensor.dtype} ({reason})") from error


def released_network(state):
    """Build the `matting_net` that a released checkpoint belongs to, with its weights.

    The side of the encoding filters is in no shape: it is 6 in all released models.
    """
    heads = {
        name: value.shape[0]
        for name, value in state.items()
        if name.endswith(("bconv_U.1.weight", "bconv_UP.1.weight")) and value.ndim
    }
    shared = next((count == 1 for name, count in heads.items() if name.endswith("bconv_U.1.weight")), True)
    values = next((count for name, count in heads.items() if name.endswith("bconv_UP.1.weight")), 36)
    kernel_size = max(1, int(np.sqrt(values / 4)))
    if kernel_size > LARGEST_KERNEL_SIZE:
        raise CheckpointError(
            f"Released kernels have sides of up to {LARGEST_KERNEL_SIZE}. Received: {values} channels of "
            f"bconv_UP.1.weight, for kernel_size={kernel_size}"
        )
    model = matting_net(channel_shared=shared, kernel_size=kernel_size, encoding_size=6)
    assign_matting(model, state)
    return model


def backbone_network(state):
    """Build a baseline network whose encoder is the ImageNet ResNet-34 of a checkpoint."""
    model = matting_net(upsampling="bilinear", downsampling="max_pool")
    assign_encoder(model, state)
    return model


def save_weights(model, path):
    """Write the weights of a model whole or not at all."""
    path = Path(path)
    if not path.name.endswith(ENDING):
        raise ValueError(f"Expected a name that ends in {ENDING}. Received: {path}")
    with replaced(path) as temporary:
        model.save_weights(temporary)


@forgiving_streams()
def main(argv):
    if len(argv) != 2:
        raise app.UsageError(
            "Expected one checkpoint: python -m a2u_program.import_weights CHECKPOINT.pth --output=NAME.weights.h5"
        )
    try:
        state = read_checkpoint(argv[1])
        model = backbone_network(state) if flags.FLAGS.encoder else released_network(state)
        save_weights(model, flags.FLAGS.output)
    except (ValueError, OSError, ModuleNotFoundError) as error:
        raise SystemExit(f"error: {error}") from error
    what = "encoder of a matting network" if flags.FLAGS.encoder else f"matting network, {_settings(model)}"
    print(f"{flags.FLAGS.output}: {what}, {model.count_params():,} parameters")


def _settings(model):
    kernels = model.get_layer("kernels_1")
    sharing = "cs" if kernels.channel_shared else "cw"
    return f"{kernels.variant} {sharing}, kernel_size={kernels.kernel_size}, encoding_size={kernels.encoding_size}"


if __name__ == "__main__":
    flags.DEFINE_string("output", None, f"File to write, its name ending in {ENDING}.", required=True)
    flags.DEFINE_bool("encoder", False, "The checkpoint is the ImageNet ResNet-34 that training starts from.")
    app.run(main)
