"""Networks that are quick to export."""

import keras

from a2u_tf.models import Matting, matting_net
from tests.helpers import SEED


def small_matting(upsampling="a2u"):
    """Return a `Matting` whose random network is scaled to fill the range of alpha."""
    keras.utils.set_random_seed(SEED)
    network = matting_net(upsampling, "max_pool", width=0.03)
    outputs = network(keras.random.normal((1, 32, 48, 4), seed=SEED))
    kernel = network.get_layer("alpha_conv").kernel
    kernel.assign(kernel * 0.5 / keras.ops.std(outputs))
    return Matting(network)
