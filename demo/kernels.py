"""The learned upsampling kernels of a pixel of a picture that was cut out."""

import numpy as np

from a2u_tf.matting import MattingModel
from a2u_tf.matting.network.model import colours_of, framed
from a2u_tf.matting.network.network import STRIDE
from a2u_tf.types import Array
from a2u_tf.visualization import kernel_maps, pixel_sheet
from demo.cutout import CutOut


def kernels_at(model: MattingModel, result: CutOut, pixel: tuple[int, int]) -> Array:
    """Draw the kernels that every level of the network upsamples a pixel with.

    The first call for a picture runs the network once more and keeps its kernels beside the result.

    Args:
        model: `a2u_tf.matting.MattingModel`.
        result: `demo.cutout.CutOut`.
        pixel: `(y, x)` in the picture.

    Returns:
        RGB, uint8.

    Raises:
        ValueError: For a model without learned upsampling kernels, or a pixel outside the picture.
    """
    if result.kernels is None:
        inputs = np.asarray(framed(result.image[None], result.trimap[None, ..., None], STRIDE))
        result.kernels = colours_of(inputs), kernel_maps(model.network, inputs)
    shown, maps = result.kernels
    return pixel_sheet(shown, {"kernel": maps}, [pixel])
