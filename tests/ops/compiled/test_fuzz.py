"""Any shapes and attributes: an error or the right answer, never a crash."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from a2u_tf.ops.compiled import library
from tests.helpers import SEED, assert_close
from tests.ops.oracle import Case

pytestmark = [pytest.mark.tensorflow, pytest.mark.usefixtures("built")]
FEW = settings(max_examples=150, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


@st.composite
def fitting(draw):
    """A case whose sizes fit: odd ones, one pixel and none, windows to 12, channels to 257."""
    direction = draw(st.sampled_from(["up", "down"]))
    scale, groups = draw(st.integers(1, 4)), draw(st.integers(1, 4))
    kernel_size = draw(st.integers(0, 5)) * 2 + 1 if direction == "up" else draw(st.integers(1, 12))
    size = draw(st.integers(0, 9)), draw(st.integers(0, 9))
    channels = groups * draw(st.one_of(st.integers(0, 12), st.integers(0, 257 // groups)))
    return Case(direction, size, kernel_size, scale, groups, channels, draw(st.integers(0, 3)))


@FEW
@given(fitting(), st.sampled_from(["float32", "float64"]))
def test_fitting_sizes_give_the_right_answer(case, dtype):
    arrays = case.arrays(np.random.default_rng(SEED), dtype)
    ops, _ = library.load()[0]
    attributes = {name: getattr(case.window, name) for name in ("kernel_size", "groups", "up", "down")}
    if case.channels == 0:  # the reference divides by it
        outputs = ops.a2u_reassemble(*arrays[:2], **attributes)
        _, to_kernels = ops.a2u_reassemble_grad(*arrays, **attributes)
        assert outputs.shape == arrays[2].shape
        assert not np.any(to_kernels)
        return
    assert_close(ops.a2u_reassemble(*arrays[:2], **attributes), case.reference(*arrays[:2]))
    actual = ops.a2u_reassemble_grad(*arrays, **attributes)
    for x, y in zip(actual, case.reference_gradients(*arrays), strict=True):
        assert_close(x, y)


SIZES = st.one_of(st.integers(0, 5), st.sampled_from([2**15, 2**31, 2**40]))
SHAPES = st.lists(SIZES, min_size=0, max_size=6).filter(lambda shape: 0 in shape or np.prod(shape, dtype=float) < 1e6)
NUMBERS = st.one_of(st.integers(-2, 6), st.sampled_from([1023, 1024, 2**20 + 1, 2**31, 2**62]))


@FEW
@given(SHAPES, SHAPES, SHAPES, NUMBERS, NUMBERS, NUMBERS, NUMBERS)
def test_any_shapes_and_attributes_are_survived(features, kernels, upstream, kernel_size, up, down, groups):
    import tensorflow as tf

    ops, _ = library.load()[0]
    attributes = {"kernel_size": kernel_size, "up": up, "down": down, "groups": groups}
    try:
        tensors = [tf.zeros(shape, tf.float16) for shape in (features, kernels, upstream)]
    except (ValueError, tf.errors.OpError):
        return
    for call, count in ((ops.a2u_reassemble, 2), (ops.a2u_reassemble_grad, 3)):
        for output in survived(call, tensors[:count], attributes):
            assert not np.any(output.numpy())


def survived(call, tensors, attributes):
    """What a call returned, nothing where it refused."""
    import tensorflow as tf

    try:
        return tf.nest.flatten(call(*tensors, **attributes))
    except (ValueError, tf.errors.InvalidArgumentError, tf.errors.ResourceExhaustedError):
        return []


MAPS = st.tuples(st.integers(0, 3), st.integers(0, 4), st.integers(0, 20), st.integers(0, 40))


@FEW
@given(MAPS, SHAPES, st.integers(-1, 3), st.integers(-1, 8), st.booleans(), st.sampled_from(["float32", "float64"]))
def test_any_encodings_are_survived(shape, other, rank, norm_groups, fits, dtype):
    import tensorflow as tf

    ops, _ = library.load()[0]
    norms = (4 if norm_groups > 0 else 0, shape[3]) if fits else other
    try:
        both = 2 * shape[0], *shape[1:]
        tensors = [tf.ones(sizes, dtype) for sizes in (both, norms, (*shape[:3], max(rank, 0)))]
    except (ValueError, tf.errors.OpError):
        return
    attributes = {"rank": rank, "norm_groups": norm_groups, "epsilon_bits": library.bits_of(1e-5)}
    for call, count in ((ops.a2u_affinity, 2), (ops.a2u_affinity_grad, 3)):
        for output in survived(call, tensors[:count], attributes):
            assert np.all(np.isfinite(output.numpy()))


@FEW
@given(MAPS, SHAPES, NUMBERS, NUMBERS, NUMBERS, st.sampled_from(["softmax", "sigmoid", "softmax_of_sigmoid"]))
def test_any_affinities_are_survived(shape, other, scale, groups, taps, normalization):
    import tensorflow as tf

    ops, _ = library.load()[0]
    values = scale**2 * groups * taps
    matrix = (1, shape[3], values) if 0 <= values < 10**4 else other
    maps = (shape[0], shape[1] * scale, shape[2] * scale, groups * taps) if 0 <= values < 10**4 else other
    try:
        tensors = [tf.ones(sizes, tf.float32) for sizes in (shape, matrix, maps)]
    except (ValueError, tf.errors.OpError):
        return
    attributes = {"scale": scale, "groups": groups, "taps": taps, "normalization": normalization}
    for call, count in ((ops.a2u_kernel_maps, 2), (ops.a2u_kernel_maps_grad, 3)):
        for output in survived(call, tensors[:count], attributes):
            assert np.all(np.isfinite(output.numpy()))
