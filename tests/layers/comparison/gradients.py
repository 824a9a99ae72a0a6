"""Gradients of a layer to inputs and weights, against numeric ones."""

import numpy as np
from keras import ops

from tests.helpers import gradients, to_numpy
from tests.layers.oracle import EXACT, randomize


def assert_gradients(rng, layer, *inputs, scale=1.0, tolerance=1e-6):
    """Compare the derivatives of a weighted sum of the outputs along random directions of every input and weight.

    Args:
        rng: `numpy.random.Generator`.
        layer: Built layer of dtype float64; its weights are set at random.
        inputs: Arrays for its call.
        scale: Standard deviation of the weights.
        tolerance: Relative; where the backend computes in float32 it is 2 %.
    """
    randomize(layer, rng)
    for variable in layer.trainable_variables:
        variable.assign(variable * scale)
    fixed = [to_numpy(variable.value) for variable in layer.non_trainable_variables]
    arrays = [*inputs, *(to_numpy(variable.value) for variable in layer.trainable_variables)]

    def function(*tensors):
        features, weights = tensors[: len(inputs)], tensors[len(inputs) :]
        outputs, _ = layer.stateless_call(list(weights), fixed, *features)
        return outputs

    cotangent = rng.normal(size=ops.shape(function(*(ops.convert_to_tensor(array) for array in arrays))))
    step, tolerance = (1e-5, tolerance) if EXACT else (1e-2, 2e-2)
    for index, gradient in enumerate(gradients(function, *arrays, cotangent=cotangent)):
        direction = rng.normal(size=arrays[index].shape)
        values = []
        for sign in (1, -1):
            moved = list(arrays)
            moved[index] = arrays[index] + sign * step * direction
            outputs = function(*(ops.convert_to_tensor(array) for array in moved))
            values.append(np.sum(to_numpy(outputs).astype("float64") * cotangent))
        expected = (values[0] - values[1]) / (2 * step)
        np.testing.assert_allclose(np.sum(gradient * direction), expected, rtol=tolerance, atol=tolerance)
