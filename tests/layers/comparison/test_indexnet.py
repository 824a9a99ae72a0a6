"""IndexNet against the published code's vectors, its formula in NumPy, and its limits."""

import itertools

import keras
import numpy as np
import pytest

from a2u_tf.layers import Reassembly2D
from a2u_tf.layers.comparison.indexnet import IndexNetIndices, IndexNetUpSampling2D
from tests.helpers import run, to_numpy
from tests.layers.comparison.oracle import conv, golden, softmax
from tests.layers.oracle import FLOAT64_TOLERANCE, count, maker, randomize

KINDS = list(itertools.product(("hin", "o2o", "m2o"), (False, True), (False, True)))


make = maker(IndexNetIndices)


def set_weights(layer, vectors):
    """The vectors' parameters are `indexnet1.0.weight` and so on; those of the holistic kind have no number."""
    for number, branch in enumerate(layer.branches, 1):
        prefix = f"param.indexnet{'' if layer.kind == 'hin' else number}"
        for position, part in zip((0, 1, 3), [part for part in branch if part.weights], strict=False):
            if position == 1:
                names = ("weight", "bias", "running_mean", "running_var")
                part.set_weights([vectors[f"{prefix}.1.{name}"] for name in names])
            else:
                weights = vectors.get(f"{prefix}.{position}.weight", vectors.get(f"{prefix}.weight"))
                part.set_weights([weights.swapaxes(2, 3) if layer.kind == "o2o" else weights])


@pytest.mark.parametrize(("kind", "nonlinear", "context"), KINDS)
def test_golden(golden_dir, kind, nonlinear, context):
    words = kind, "nonlinear" if nonlinear else "linear", "context" if context else "nocontext"
    vectors = golden(golden_dir, "_".join(("indexnet", *words)))
    settings = {"kind": kind, "nonlinear": nonlinear, "context": context}
    settings["expansion"] = 1 if kind == "m2o" else 2  # the vectors' hidden channels are those of the public code
    layer = make(vectors["x"].shape, **settings)
    set_weights(layer, vectors)
    indices = {name: to_numpy(value) for name, value in run(layer, vectors["x"]).items()}
    np.testing.assert_allclose(indices["up"], vectors["idx_de"], atol=1e-5)
    batch, rows, columns, _ = vectors["z"].shape
    groups = vectors["idx_en"].shape[-1]
    blocks = vectors["idx_en"].reshape(batch, rows, 2, columns, 2, groups).transpose(0, 1, 3, 5, 2, 4)
    np.testing.assert_allclose(indices["down"], blocks.reshape(batch, rows, columns, 4 * groups), atol=1e-5)
    pooled = Reassembly2D("down", 2, groups=groups)(vectors["x"], indices["down"])
    np.testing.assert_allclose(to_numpy(pooled), vectors["pooled"], atol=1e-5)
    up = IndexNetUpSampling2D(**settings)
    up.build(vectors["z"].shape, vectors["x"].shape)
    set_weights(up.indices, vectors)
    np.testing.assert_allclose(to_numpy(run(up, vectors["z"], vectors["x"])), vectors["upsampled"], atol=1e-5)


@pytest.mark.parametrize("context", [False, True])
def test_linear_many_to_one_equals_numpy(rng, context):
    x = rng.normal(size=(2, 4, 6, 3))
    layer = make(x.shape, nonlinear=False, context=context, dtype="float64")
    randomize(layer, rng)
    scores = [conv(x, to_numpy(branch[0].kernel), stride=2) for branch in layer.branches]
    indices = 1 / (1 + np.exp(-np.stack(scores, axis=-1)))  # (n, i, j, c, 2 a + b)
    result = run(layer, x)
    expected = softmax(indices).reshape(2, 2, 3, 12)
    np.testing.assert_allclose(to_numpy(result["down"]), expected, atol=10 * FLOAT64_TOLERANCE)
    up = to_numpy(result["up"])
    for a, b in np.ndindex(2, 2):
        np.testing.assert_allclose(up[:, a::2, b::2], indices[..., 2 * a + b], atol=10 * FLOAT64_TOLERANCE)


@pytest.mark.parametrize(
    ("kind", "nonlinear", "expected"),
    [
        ("hin", False, 4 * 16 * 8),
        ("hin", True, 2 * 16 * 64 + 12 * 8),
        ("o2o", False, 4 * 16 * 8),
        ("o2o", True, 4 * 16 * 8 + 12 * 8),
        ("m2o", False, 4 * 16 * 64),
        ("m2o", True, 4 * (16 * 8 * 16 + 16 * 8 + 2 * 16)),
    ],
)
def test_parameters_of_kinds(kind, nonlinear, expected):
    assert count(make((None, None, None, 8), kind=kind, nonlinear=nonlinear)) == expected


@pytest.mark.parametrize("kind", ["hin", "o2o", "m2o"])
def test_weights_of_pooling_sum_to_one_within_their_bounds(rng, kind):
    layer = make((2, 6, 8, 3), kind=kind, nonlinear=False)
    randomize(layer, rng)
    down = to_numpy(layer(30 * rng.normal(size=(2, 6, 8, 3)).astype("float32"))["down"]).reshape(-1, 4)
    np.testing.assert_allclose(down.sum(axis=-1), 1, atol=1e-6)
    assert down.min() > 1 / (1 + 3 * np.e) - 1e-6
    assert down.max() < np.e / (np.e + 3) + 1e-6
    assert down.max() > 0.45  # and they reach them


@pytest.mark.parametrize("kind", ["hin", "o2o", "m2o"])
def test_weights_of_zero(rng, kind):
    x, z = rng.normal(size=(1, 4, 6, 3)).astype("float32"), rng.normal(size=(1, 2, 3, 3)).astype("float32")
    layer = make(x.shape, kind=kind)
    layer.set_weights([0 * weight for weight in layer.get_weights()])
    indices = layer(x)
    groups = 1 if kind == "hin" else 3
    pooled = Reassembly2D("down", 2, groups=groups)(x, indices["down"])
    np.testing.assert_allclose(to_numpy(pooled), to_numpy(keras.layers.AveragePooling2D(2)(x)), atol=1e-6)
    up = Reassembly2D("up", 1, groups=groups)(z, indices["up"])
    np.testing.assert_allclose(to_numpy(up), z.repeat(2, axis=1).repeat(2, axis=2) / 2, atol=1e-6)


def test_norms_learn_in_training(rng):
    layer = make((4, 4, 4, 3))
    before = [to_numpy(variable.value) for variable in layer.non_trainable_variables]
    layer(rng.normal(size=(4, 4, 4, 3)).astype("float32"), training=True)
    for variable, old in zip(layer.non_trainable_variables, before, strict=True):
        assert np.any(to_numpy(variable.value) != old)


def test_holistic_indices_serve_other_channels(rng):
    outputs = IndexNetUpSampling2D("hin")(np.ones((1, 2, 3, 5), "float32"), np.ones((1, 4, 6, 2), "float32"))
    assert tuple(outputs.shape) == (1, 4, 6, 5)
    with pytest.raises(ValueError, match=r"inputs must have as many. Received: .*Use kind='hin'"):
        IndexNetUpSampling2D("o2o")(np.ones((1, 2, 3, 5), "float32"), np.ones((1, 4, 6, 2), "float32"))


@pytest.mark.parametrize("size", [(5, 6), (4, 7)])
def test_exception_of_odd_guidance(size):
    with pytest.raises(ValueError, match=r"even height and width. Received: guidance.shape=.*takes odd sizes"):
        IndexNetIndices()(np.zeros((1, *size, 2), "float32"))


@pytest.mark.parametrize(("kind", "groups"), [("hin", 1), ("o2o", 6), ("m2o", 6)])
def test_shapes_before_anything_is_computed(kind, groups):
    shapes = IndexNetIndices(kind).compute_output_shape((None, 4, None, 6))
    assert shapes == {"up": (None, 4, None, groups), "down": (None, 2, None, 4 * groups)}


@pytest.mark.parametrize(("kind", "fan"), [("hin", 16 * 64), ("o2o", 16 * 32), ("m2o", 16 * 64)])
def test_first_weights_are_those_of_the_published_code(kind, fan):
    layer = make((None, None, None, 32), kind=kind)
    kernels = np.concatenate([to_numpy(branch[0].weights[0]).ravel() for branch in layer.branches])
    assert kernels.std() == pytest.approx((2 / fan) ** 0.5, rel=0.06)
