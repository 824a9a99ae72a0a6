"""Parts of TensorFlow graphs that XLA compiles by itself: where, and that they compute what the rest does."""

import numpy as np
import pytest

from a2u_tf.ops import composite
from a2u_tf.ops.composite import matmul, parts, taps
from a2u_tf.ops.encoding import encode_by_composite
from tests.helpers import assert_close
from tests.ops.oracle import Case

pytestmark = pytest.mark.tensorflow

CASES = [Case("up", (5, 7), 3, groups=2), Case("down", (7, 5), 3), Case("down", (6, 8), 4, shared=True)]
PLANES = [
    Case("down", (7, 9), 6, groups=2),
    Case("down", (9, 8), 2, scale=3),  # pixels that no window reads
    Case("down", (5, 6), 4, channels=17),  # too many for planes
]


def assert_alike(actual, expected):
    for x, y in zip(actual, expected, strict=True):
        assert_close(x, y, scale=max(1.0, np.abs(y).max()))


def gradients_of(function):
    """A function of tensors to what `function` makes of them, and the gradients of the sum of its squares."""
    import tensorflow as tf

    def both(*tensors):
        with tf.GradientTape() as tape:
            tape.watch(tensors)
            output = function(*tensors)
            loss = tf.reduce_sum(output**2)
        return output, *tape.gradient(loss, tensors)

    return both


def parts_of(function, *tensors, **settings):
    """How many parts XLA would compile of the graph of a function."""
    import tensorflow as tf

    graph = tf.function(function, autograph=False, **settings).get_concrete_function(*tensors).graph.as_graph_def()
    nodes = [*graph.node, *(node for function in graph.library.function for node in function.node_def)]
    return sum(node.attr["_XlaMustCompile"].b for node in nodes)


@pytest.mark.parametrize("case", CASES + PLANES, ids=str)
def test_numbers_are_those_of_the_plain_graph(rng, case):
    import tensorflow as tf

    tensors = [tf.constant(x) for x in case.arrays(rng)[:2]]
    form = matmul if case.window.up > 1 else taps
    ways = [
        gradients_of(lambda x, k, form=form: composite.reassemble(x, k, case.window, form)) for form in (None, form)
    ]
    compiled, plain = (tf.function(way, autograph=False) for way in ways)
    # Forward, to the features, to the kernels; to kernels of one pixel by a convolution.
    assert [parts_of(way, *tensors) for way in ways] == [2 if case.shared else 3, 0]
    assert_alike(compiled(*tensors), plain(*tensors))


@pytest.mark.parametrize(
    ("shape", "filters", "stride"),
    [
        ((2, 7, 8, 3), (1, 2, 6, 6, 1), 2),
        ((2, 5, 6, 4), (2, 2, 2, 2, 1), 1),
        ((3, 7, 10, 2), (2, 3, 2, 2, 1), 3),  # pixels that no window reads
        ((2, 6, 7, 3), (2, 2, 5, 5, 3), 2),
    ],
)
def test_encodings_too(rng, shape, filters, stride):
    import tensorflow as tf

    tensors = [tf.constant(rng.normal(size=shape)), tf.constant(rng.normal(size=filters))]
    way = gradients_of(lambda x, filters: encode_by_composite(x, filters, stride))
    assert parts_of(way, *tensors) == (2 if filters[-1] == 1 else 3)  # TensorFlow has one of its own to the filters
    assert_alike(tf.function(way, autograph=False)(*tensors), way(*tensors))


@pytest.mark.parametrize("scale", [1, 2])
def test_kernel_maps_too(rng, scale):
    import tensorflow as tf

    tensors = [tf.constant(rng.normal(size=shape)) for shape in ((2, 3, 5, 2), (2, 2, 9 * scale**2))]
    way = gradients_of(lambda x, projection: composite.kernel_maps(x, projection, scale, 1, 9, "softmax_of_sigmoid"))
    assert parts_of(way, *tensors) == (2 if scale == 2 else 0)  # forward, and both gradients in one
    assert_alike(tf.function(way, autograph=False)(*tensors), way(*tensors))


def test_only_where_it_pays(rng):
    import tensorflow as tf

    case = CASES[0]
    tensors = [tf.constant(x) for x in case.arrays(rng)[:2]]

    def reassemble(*tensors):
        return composite.reassemble(*tensors, case.window)

    assert parts_of(reassemble, *tensors) == 0  # no gradients: a prediction, or a graph for a file
    open_size = [tf.TensorSpec((None, *x.shape[1:]), x.dtype) for x in tensors]
    assert parts_of(gradients_of(reassemble), *open_size) == 0
    assert parts_of(gradients_of(reassemble), *tensors, jit_compile=True) == 0  # the whole is compiled


@pytest.mark.parametrize("case", [CASES[1], CASES[2]], ids=str)
def test_forward_over_reverse(rng, case):
    import tensorflow as tf

    primals, tangents = (tuple(tf.constant(x) for x in case.arrays(rng)[:2]) for _ in range(2))
    both = gradients_of(lambda *tensors: composite.reassemble(*tensors, case.window))

    def product(*tensors):
        with tf.autodiff.ForwardAccumulator(tensors, tangents) as accumulator:
            gradients = both(*tensors)[1:]
        return [accumulator.jvp(x) for x in gradients]

    assert_alike(tf.function(product, autograph=False)(*primals), product(*primals))


@pytest.mark.parametrize("case", [CASES[1], CASES[2]], ids=str)
def test_second_order(rng, case):
    import tensorflow as tf

    tensors = [tf.constant(x) for x in case.arrays(rng)[:2]]
    first = gradients_of(lambda *tensors: composite.reassemble(*tensors, case.window))
    second = gradients_of(lambda *tensors: first(*tensors)[2])
    assert_alike(tf.function(second, autograph=False)(*tensors), second(*tensors))


def test_a_tensorflow_without_xla(rng, monkeypatch):
    case = CASES[0]
    monkeypatch.setattr(parts, "_xla_is_there", lambda: False)
    way = gradients_of(lambda *tensors: composite.reassemble(*tensors, case.window))
    assert parts_of(way, *case.arrays(rng)[:2]) == 0
