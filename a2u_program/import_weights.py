"""`a2u import-weights`: Keras weights from a checkpoint of the authors' released PyTorch model."""

import argparse

HELP = "turn a checkpoint of the authors' PyTorch model into Keras weights"
DESCRIPTION = """\
Turn a checkpoint of the authors' released PyTorch model into Keras weights.

Without --encoder these are the weights of matting_net(channel_shared=...,
kernel_size=...), which are read off the checkpoint; with it those of
matting_net("bilinear", "max_pool") with the ImageNet ResNet-34 in its encoder,
for the --encoder_weights of train.matting. Only tensors are read from the file:
nothing in it is ever executed. Needs torch: pip install 'a2u_tf[torch]'."""
EXAMPLES = """\
  %(prog)s CHECKPOINT.pth -o a2u_dynamic_cs.weights.h5
  %(prog)s resnet34.pth --encoder -o resnet34_encoder.weights.h5
"""
ENDING = ".weights.h5"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("checkpoint", metavar="CHECKPOINT", help="file that torch.save wrote")
    parser.add_argument("-o", "--output", required=True, help=f"file to write, its name ending in {ENDING}")
    parser.add_argument(
        "--encoder", action="store_true", help="the checkpoint is the ImageNet ResNet-34 that training starts from"
    )


def check(args: argparse.Namespace) -> None:
    """Raise `ValueError` for a name that Keras does not take."""
    if not args.output.endswith(ENDING):
        raise ValueError(f"--output must end in {ENDING}. Received: {args.output}")


def run(args: argparse.Namespace) -> None:
    """Write the weights and print what they are of."""
    from a2u_tf.matting.pytorch_release.checkpoint import import_checkpoint

    print(f"{args.output}: {import_checkpoint(args.checkpoint, args.output, args.encoder)}")
