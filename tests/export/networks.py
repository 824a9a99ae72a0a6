"""Networks that are quick to export."""

import keras

from a2u_tf.layers import A2UUpSampling2D
from a2u_tf.matting import MattingModel, matting_net
from tests.helpers import SEED


def one_level():
    """Return a `MattingModel` of one A2U level: a graph that is traced in a second."""
    keras.utils.set_random_seed(SEED)
    inputs = keras.Input((None, None, 4))
    skip = keras.layers.Conv2D(8, 3, padding="same", activation="relu")(inputs)
    deep = keras.layers.Conv2D(8, 3, strides=2, padding="same", activation="relu")(skip)
    up = A2UUpSampling2D(scale=2)(deep, guidance=skip)
    alpha = keras.layers.Conv2D(1, 3, padding="same", bias_initializer=keras.initializers.Constant(0.5))
    return MattingModel(keras.Model(inputs, alpha(keras.layers.Concatenate()([up, skip]))))


def whole_network(upsampling="a2u"):
    """Return the matting network at its narrowest, scaled to fill the range of alpha."""
    keras.utils.set_random_seed(SEED)
    network = matting_net(upsampling, "max_pool", width=0.03)
    outputs = network(keras.random.normal((1, 32, 48, 4), seed=SEED))
    kernel = network.get_layer("alpha_conv").kernel
    kernel.assign(kernel * 0.5 / keras.ops.std(outputs))
    return MattingModel(network)
