"""SAPA against its definition pixel by pixel."""

import numpy as np
import pytest
from keras import ops

from a2u_tf.layers.comparison.sapa import SAPAUpSampling2D
from a2u_tf.ops import reference
from tests.helpers import FLOAT_DTYPES, assert_close, run, to_numpy
from tests.layers.oracle import count, maker, named_weights

INNER = {"similarity": "inner_product"}
SHARED = {"similarity": "gated"}
RELEASED = {"similarity": "gated", "share_query_projection": False}
FORMS = [INNER, {}, SHARED, RELEASED]


make_layer = maker(SAPAUpSampling2D)


def sapa(z, guidance, weights, *, scale, kernel_size, similarity="bilinear", share_query_projection=True, **_):
    """The definition, pixel by pixel."""

    def project(x, name):
        return x @ weights[f"{name}/kernel"] + weights[f"{name}/bias"]

    def norm(x, name):
        x = (x - x.mean()) / np.sqrt(x.var() + 1e-5)
        return x * weights.get(f"{name}/gamma", 1) + weights.get(f"{name}/beta", 0)

    _, rows, columns, _ = z.shape
    kernels = np.zeros((*guidance.shape[:3], kernel_size**2))
    for n, y, x in np.ndindex(guidance.shape[:3]):
        query, cell = norm(guidance[n, y, x], "norm_guidance"), z[n, y // scale, x // scale]
        if similarity == "gated":
            normed = norm(cell, "norm_inputs")
            gate = 1 / (1 + np.exp(-project(normed, "gate")))
            if share_query_projection:
                query = project(gate * query + (1 - gate) * normed, "query")
            else:
                query = gate * project(query, "query") + (1 - gate) * project(cell, "query_inputs")
        elif similarity == "bilinear":
            query = project(query, "query")
        for tap in range(kernel_size**2):
            v = y // scale + tap // kernel_size - kernel_size // 2
            u = x // scale + tap % kernel_size - kernel_size // 2
            if 0 <= v < rows and 0 <= u < columns:
                key = norm(z[n, v, u], "norm_inputs")
                kernels[n, y, x, tap] = query @ (key if similarity == "inner_product" else project(key, "key"))
    kernels = np.exp(kernels)
    return reference.reassemble_up(z, kernels / kernels.sum(axis=-1, keepdims=True), kernel_size, scale)


@pytest.mark.parametrize("dtype", FLOAT_DTYPES)
@pytest.mark.parametrize(("scale", "kernel_size"), [(2, 5), (3, 3)])
@pytest.mark.parametrize("form", FORMS, ids=str)
def test_feature_equals_the_definition(rng, form, scale, kernel_size, dtype):
    settings = {**form, "scale": scale, "kernel_size": kernel_size, "embedding_size": 3}
    depth = 4 if form in (INNER, SHARED) else 3
    inputs = rng.normal(size=(2, 2, 3, 4)).astype(dtype)
    guidance = rng.normal(size=(2, 2 * scale, 3 * scale, depth)).astype(dtype)
    layer = make_layer(inputs.shape, guidance.shape, rng, dtype=dtype, **settings)
    outputs = run(layer, inputs, guidance)
    assert tuple(outputs.shape) == layer.compute_output_shape(inputs.shape, guidance.shape) == (*guidance.shape[:3], 4)
    expected = sapa(inputs.astype("float64"), guidance.astype("float64"), named_weights(layer), **settings)
    assert_close(outputs, expected, scale=100)  # scores of random weights: a softmax multiplies by their rounding


@pytest.mark.parametrize(("form", "expected"), [(INNER, 0), ({}, 35_072), (SHARED, 35_588), (RELEASED, 52_100)])
def test_cardinality_of_parameters(form, expected):
    shapes = [(None, None, None, channels) for channels in (64, 64, 128, 256)]
    assert sum(count(make_layer(shape, shape, **form)) for shape in shapes) == expected


def test_by_hand(rng):
    """Two cells of opposite sign and a pixel that is like the first."""
    inputs, guidance = np.array([[5.0, 0], [0, 5]]).reshape(1, 1, 2, 2), np.zeros((1, 2, 4, 2))
    guidance[..., 0] = 7
    layer = make_layer(inputs.shape, guidance.shape, **INNER)
    outputs = to_numpy(run(layer, inputs.astype("float32"), guidance.astype("float32")))
    np.testing.assert_allclose(outputs, np.broadcast_to([5 * 0.24207, 5 * 0.00443], outputs.shape), atol=1e-4)


@pytest.mark.parametrize("form", FORMS, ids=str)
def test_feature_constant_stays_constant_in_the_interior(rng, form):
    inputs = np.broadcast_to(rng.normal(size=4), (1, 6, 5, 4)).astype("float32")
    guidance = rng.normal(size=(1, 12, 10, 4)).astype("float32")
    layer = make_layer(inputs.shape, guidance.shape, rng, kernel_size=3, **form)
    kernels = ops.softmax(run(layer._scores, inputs, guidance), axis=-1)
    np.testing.assert_allclose(to_numpy(ops.sum(kernels, axis=-1)), 1, atol=1e-5)
    outputs = to_numpy(run(layer, inputs, guidance))
    np.testing.assert_allclose(outputs[:, 2:-2, 2:-2], np.broadcast_to(inputs[0, 0, 0], (1, 8, 6, 4)), atol=1e-5)


def test_feature_inner_product_is_bilinear_with_identity_projections(rng):
    inputs, guidance = (rng.normal(size=size).astype("float32") for size in ((1, 3, 4, 6), (1, 6, 8, 6)))
    inner, bilinear = (
        make_layer(inputs.shape, guidance.shape, embedding_size=6, **form) for form in (INNER, {"kernel_size": 5})
    )
    for part in (bilinear.query, bilinear.key):
        part.set_weights([np.eye(6), np.zeros(6)])
    expected = run(inner, inputs, guidance)
    assert_close(run(bilinear, inputs, guidance), expected)
    order = rng.permutation(6)
    assert_close(run(inner, inputs[..., order], guidance[..., order]), to_numpy(expected)[..., order])


def test_feature_projections_start_small():
    layer = make_layer((1, 2, 2, 256), (1, 4, 4, 256))
    assert 0.019 < np.std(layer.query.get_weights()[0]) < 0.021
    assert not layer.key.get_weights()[1].any()


@pytest.mark.parametrize("form", [INNER, SHARED], ids=str)
def test_exception_of_channels(form):
    with pytest.raises(ValueError, match=r"needs guidance with the channels.*guidance.shape=\(1, 4, 4, 3\).*bilinear"):
        SAPAUpSampling2D(**form)(np.zeros((1, 2, 2, 4), "float32"), np.zeros((1, 4, 4, 3), "float32"))
