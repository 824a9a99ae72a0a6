"""Gradients of every method to inputs and weights, against numeric ones."""

import itertools

import numpy as np
import pytest
from keras import ops

from a2u_tf.layers import make_upsampler
from tests.helpers import gradients, to_numpy
from tests.layers.oracle import EXACT, randomize

SMALL, GUIDED = [(1, 3, 2, 2)], [(1, 1, 2, 3), (1, 2, 4, 3)]
CASES = [
    ("carafe", {"kernel_size": 3, "compressed_channels": 2, "groups": 2}, [(1, 2, 3, 4)]),
    ("pixel_shuffle", {}, SMALL),
    ("transposed_conv", {}, SMALL),
    *(
        ("dysample", {"style": style, "groups": 2, "dynamic_scope": scope}, [(1, 2, 3, 2 if style == "lp" else 4)])
        for style in ("lp", "pl")
        for scope in (False, True)
    ),
    ("fade", {"kernel_size": 3, "embedding_size": 1}, GUIDED),
    ("fade_lite", {"kernel_size": 3}, GUIDED),
    ("sapa_i", {"kernel_size": 3}, GUIDED),
    ("sapa_b", {"kernel_size": 3, "embedding_size": 2}, GUIDED),
    ("sapa_g", {"kernel_size": 3, "embedding_size": 2}, GUIDED),
    ("sapa_g", {"kernel_size": 3, "embedding_size": 2, "share_query_projection": False}, GUIDED),
    *(
        (f"indexnet_{kind}", {"nonlinear": nonlinear, "context": context}, [(1, 2, 3, 2), (1, 4, 6, 2)])
        for kind, nonlinear, context in itertools.product(("hin", "o2o", "m2o"), (False, True), (False, True))
    ),
]


@pytest.mark.parametrize(("name", "settings", "shapes"), CASES)
def test_derivatives_along_random_directions(rng, name, settings, shapes):
    """Of a weighted sum of the outputs, by every input and weight."""
    layer = make_upsampler(name, dtype="float64", **settings)
    layer.build(*shapes)
    randomize(layer, rng)
    fixed = [to_numpy(variable.value) for variable in layer.non_trainable_variables]
    inputs = [rng.normal(size=shape) for shape in shapes]
    arrays = [*inputs, *(to_numpy(variable.value) for variable in layer.trainable_variables)]

    def function(*tensors):
        features, weights = tensors[: len(inputs)], tensors[len(inputs) :]
        outputs, _ = layer.stateless_call(list(weights), fixed, *features)
        return outputs

    cotangent = rng.normal(size=ops.shape(function(*(ops.convert_to_tensor(array) for array in arrays))))
    step, tolerance = (1e-5, 1e-6) if EXACT else (1e-2, 2e-2)
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
