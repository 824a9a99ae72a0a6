"""The network of a matting training: seeded, with the weights that it starts from, and compiled."""

import keras

from a2u_tf.matting import matting_net
from a2u_tf.matting.network.stages import xavier
from a2u_tf.matting.weights import load_matting
from a2u_tf.training.distribution import distributed
from a2u_tf.training.optimizers import LayerwiseAdam
from train.keras_setup import cosine_rate, dropping_rate, layers_for, prepare
from train.matting_losses import make_loss
from train.matting_settings import ENCODER, Settings

MILESTONES = (20 / 30, 26 / 30)  # of the epochs; the learning rate drops tenfold at each


def make_network(settings: Settings) -> keras.Model:
    """Return the compiled network.

    Raises:
        ValueError: For weights of another network.
        FileNotFoundError: For weights that are missing.
    """
    prepare(settings)
    with layers_for(settings.jit_compile):
        network = matting_net(settings.resampling, width=settings.width)
    if settings.encoder_weights:
        load_encoder(network, settings)
    if settings.initial_weights:
        load_initial(network, settings)
    if settings.encoder_factor == 0:
        for layer in network.layers:
            layer.trainable = not layer.name.startswith(ENCODER)
    network = distributed(network)
    steps = settings.epochs * settings.steps_per_epoch
    if settings.schedule == "cosine":
        rate = cosine_rate(settings.highest_rate, steps)
    else:
        rate = dropping_rate(settings.highest_rate, steps, MILESTONES)
    network.compile(
        LayerwiseAdam(rate, settings.factors, global_clipnorm=settings.clip_norm),
        make_loss(settings.loss),
        jit_compile=settings.jit_compile,
    )
    network.optimizer.build(network.trainable_variables)  # within the first step TensorFlow would trace all of it twice
    return network


def load_encoder(network: keras.Model, settings: Settings) -> None:
    """Copy the encoder of `a2u import-weights --encoder` into a network, and start its last filter as released."""
    trained = matting_net("bilinear", "max_pool", width=settings.width, weights=settings.encoder_weights)
    for layer in trained.layers:
        if layer.name.startswith(ENCODER) and layer.weights:
            network.get_layer(layer.name).set_weights(layer.get_weights())
    last = network.get_layer("alpha_conv").kernel
    last.assign(xavier()(last.shape))


def load_initial(network: keras.Model, settings: Settings) -> None:
    """Copy all weights of a trained network of the same settings into one."""
    word = str(settings.initial_weights)
    if word.endswith(".keras"):
        trained = load_matting(word).network
    else:
        trained = matting_net(settings.resampling, width=settings.width, weights=word)
    ours, theirs = ([weight.shape for weight in net.weights] for net in (network, trained))
    if ours != theirs:
        raise ValueError(
            f"--initial_weights must be of the network that --upsampling={settings.upsampling} and "
            f"--width={settings.width} say. Received: {word}, of another."
        )
    network.set_weights(trained.get_weights())
