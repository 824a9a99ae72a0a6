"""Affinities and kernel maps: `keras.ops` and the compiled operations against the definitions in NumPy."""

import functools

import numpy as np
import pytest

from a2u_tf.ops import compiled, composite, reference
from a2u_tf.ops.affinity import affinity, kernel_maps
from tests.helpers import assert_close, gradients, numeric_gradient, run, to_numpy, value_and_gradients, working_dtype

# Shape of one of the encodings, rank, groups of the norms.
ENCODINGS = [
    ((2, 3, 4, 6), 1, 3),
    ((2, 3, 4, 6), 2, 6),
    ((1, 20, 17, 65), 1, 5),
    ((2, 1, 1, 5), 1, 1),
    ((1, 2, 3, 40), 2, 0),
    ((0, 3, 2, 4), 1, 2),
]
# Cells, rank, scale, groups, side of a kernel, normalisation.
MAPS = [
    ((2, 2, 3), 1, 2, 1, 3, "softmax_of_sigmoid"),
    ((2, 3, 19), 2, 2, 3, 3, "softmax"),
    ((1, 2, 2), 1, 3, 2, 1, "sigmoid"),
    ((1, 2, 18), 3, 1, 1, 6, "softmax"),
    ((0, 2, 2), 1, 2, 1, 3, "sigmoid"),
]
MODULES = {"composite": composite, "compiled": compiled}


@pytest.fixture(params=["composite", pytest.param("compiled", marks=pytest.mark.tensorflow)])
def implementation(request):
    if request.param == "compiled":
        request.getfixturevalue("built")
    return request.param


def encodings(rng, shape, rank, norm_groups):
    both = 2 * shape[0], *shape[1:]
    arrays = [1 + rng.normal(size=both), rng.normal(size=(4 if norm_groups else 0, shape[-1]))]
    settings = {"rank": rank, "norm_groups": norm_groups, "epsilon": 1e-5}
    return arrays, settings, rng.normal(size=(*shape[:3], rank))


def guided(rng):
    """Guidance, norms and filters of one tap for two ranks; settings; the shape of the affinity."""
    guidance, norms = 1 + rng.normal(size=(2, 5, 4, 4)), rng.normal(size=(4, 8))
    filters = [rng.normal(size=(2, 2, 1, 1, 4)) for _ in range(2)]
    return [guidance, norms, *filters], {"stride": 2, "norm_groups": 4}, (2, 3, 2, 2)


def measured(guidance, norms, *filters, **options):
    return affinity(guidance, filters, norms, **options)


def cells(rng, size, rank, scale, groups, kernel_size, normalization, shared=False):
    values = scale**2 * groups * kernel_size**2
    arrays = [rng.normal(size=(*size, rank)), 3 * rng.normal(size=(1 if shared else size[0], rank, values))]
    settings = {"scale": scale, "groups": groups, "normalization": normalization}
    cotangent = rng.normal(size=(size[0], size[1] * scale, size[2] * scale, groups * kernel_size**2))
    return arrays, settings, {"kernel_size": kernel_size}, {"taps": kernel_size**2}, cotangent


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("case", ENCODINGS, ids=str)
def test_affinity_equals_reference(rng, case, dtype, implementation):
    arrays, settings, _ = encodings(rng, *case)
    call = functools.partial(MODULES[implementation].affinity, **settings)
    expected = reference.affinity(*arrays, **settings)
    outputs = run(call, *(array.astype(dtype) for array in arrays))
    assert_close(outputs, expected, working_dtype(dtype), scale=10)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("case", MAPS, ids=str)
def test_kernel_maps_equal_reference(rng, case, dtype, implementation):
    for shared in (False, True):
        arrays, settings, ours, of_reference, _ = cells(rng, *case, shared=shared)
        call = functools.partial(kernel_maps, **settings, **ours, implementation=implementation)
        expected = reference.kernel_maps(*arrays, **settings, **of_reference)
        outputs = run(call, *(array.astype(dtype) for array in arrays))
        assert_close(outputs, expected, dtype, scale=4)


@pytest.mark.parametrize("case", [ENCODINGS[0], ENCODINGS[1], ((1, 2, 2, 6), 2, 0)], ids=str)
def test_gradcheck_of_the_affinity(rng, case, implementation):
    arrays, settings, cotangent = encodings(rng, *case)
    inputs, rest = (arrays, []) if settings["norm_groups"] else (arrays[:1], arrays[1:])
    actual = gradients(lambda *x: MODULES[implementation].affinity(*x, *rest, **settings), *inputs, cotangent=cotangent)
    expected = numeric_gradient(lambda *x: reference.affinity(*x, *rest, **settings), *inputs, cotangent=cotangent)
    for gradient, exact in zip(actual, expected, strict=True):
        assert_close(gradient, exact, atol=1e-5 if working_dtype("float64") == "float64" else 1e-3)


@pytest.mark.parametrize("shared", [False, True])
@pytest.mark.parametrize(
    "case", [MAPS[0], ((2, 1, 2), 2, 1, 2, 2, "softmax"), ((2, 2, 1), 1, 2, 1, 1, "sigmoid")], ids=str
)
def test_gradcheck_of_kernel_maps(rng, case, shared, implementation):
    arrays, settings, ours, of_reference, cotangent = cells(rng, *case, shared=shared)
    call = functools.partial(kernel_maps, **settings, **ours, implementation=implementation)
    function = functools.partial(reference.kernel_maps, **settings, **of_reference)
    expected = numeric_gradient(function, *arrays, cotangent=cotangent)
    for actual, exact in zip(gradients(call, *arrays, cotangent=cotangent), expected, strict=True):
        assert_close(actual, exact, atol=1e-6)


@pytest.mark.tensorflow
@pytest.mark.usefixtures("built")
@pytest.mark.parametrize("graph", [False, True], ids=["eager", "graph"])
def test_second_order_is_that_of_the_composite(rng, graph):
    import tensorflow as tf

    arrays, options, shape = guided(rng)
    maps, map_settings, ours, _, map_cotangent = cells(rng, (2, 2, 3), 1, 2, 1, 3, "softmax_of_sigmoid")
    cases = [
        (measured, options, arrays, rng.normal(size=shape)),
        (kernel_maps, map_settings | ours, maps, map_cotangent),
    ]
    for function, options, inputs, upstream in cases:
        results = []
        for way in ("compiled", "composite"):
            first = value_and_gradients(functools.partial(function, **options, implementation=way))

            def second(*tensors, first=first):
                with tf.GradientTape() as tape:
                    tape.watch(tensors)
                    norm = sum(tf.reduce_sum(x**2) for x in first(*tensors)[1:])
                return tape.gradient(norm, tensors)

            call = tf.function(second) if graph else second
            results.append(call(*map(tf.constant, (*inputs, upstream))))
        for ours, expected in zip(*results, strict=True):
            assert_close(ours, expected, scale=100)


def test_weights_of_nine_taps_lie_in_the_papers_interval(rng):
    raw = 50 * rng.choice([-1.0, 1.0], size=(1, 36, 36))
    raw[0, 0, :9], raw[0, 1, :9] = [50.0] + [-50.0] * 8, [-50.0] + [50.0] * 8
    one_hot = np.eye(36)[None, None]  # each cell takes a row
    kernels = to_numpy(run(lambda *x: kernel_maps(*x, 2, 1, 3, "softmax_of_sigmoid"), one_hot, raw))
    # e^1 against eight e^0, and e^0 against eight e^1.
    assert kernels.max() == pytest.approx(0.2536, abs=5e-5) == kernels[0, 0, 0, 0]
    assert kernels.min() == pytest.approx(0.0440, abs=5e-5) == kernels[0, 0, 2, 0]


@pytest.mark.tensorflow
@pytest.mark.parametrize("jit", [False, True], ids=["graph", "xla"])
def test_jit_of_unknown_sizes(rng, jit):
    import tensorflow as tf

    arrays, options, _ = guided(rng)
    matrix = rng.normal(size=(1, 2, 36))

    def both(*tensors):
        return kernel_maps(measured(*tensors, **options), tf.constant(matrix), 2, 1, 3, "softmax_of_sigmoid")

    signature = [tf.TensorSpec([None] * 3 + [4], "float64"), *(tf.TensorSpec(x.shape, "float64") for x in arrays[1:])]
    traced = tf.function(both, jit_compile=jit, input_signature=signature)
    guidance, norms, *filters = arrays
    encoded = [np.concatenate(guidance[:, ::2, ::2] * each) for each in filters]
    settings = {"rank": 2, "norm_groups": 4, "epsilon": 1e-5}
    affinities = reference.affinity(np.concatenate(encoded, axis=-1), norms, **settings)
    expected = reference.kernel_maps(affinities, matrix, 2, 1, 9, "softmax_of_sigmoid")
    assert_close(traced(*map(tf.constant, arrays)), expected)
