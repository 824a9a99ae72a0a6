"""Every error says what was expected, what was received and what to do."""

import keras
import numpy as np
import pytest

from a2u_tf.ops import reassemble_down, reassemble_up
from a2u_tf.ops.layout import Window
from a2u_tf.ops.validation import check_shapes, checked_window

FEATURES, KERNELS = (2, 4, 5, 6), (2, 8, 10, 9)


def _message(function, *args, **kwargs):
    with pytest.raises(ValueError) as info:  # noqa: PT011
        function(*args, **kwargs)
    return str(info.value)


def _up(features=FEATURES, kernels=KERNELS, kernel_size=3, dtypes=("float32", "float32"), **settings):
    features, kernels = np.zeros(features, dtypes[0]), np.zeros(kernels, dtypes[1])
    return reassemble_up(features, kernels, kernel_size, **settings)


@pytest.mark.parametrize("value", [0, -1, 2.0, "2", None, True])
@pytest.mark.parametrize("name", ["kernel_size", "scale", "groups"])
def test_exception_settings(name, value):
    settings = {"kernel_size": 3, "scale": 2, "groups": 1, name: value}
    for function in (reassemble_up, reassemble_down):
        message = _message(function, np.zeros(FEATURES), np.zeros(KERNELS), **settings)
        assert f"`{name}` must be an integer of at least 1. Received: {name}={value!r}" in message


@pytest.mark.parametrize("kernel_size", [2, 6])
def test_exception_even_kernel_size_upwards(kernel_size):
    message = _message(_up, kernels=(2, 8, 10, kernel_size**2), kernel_size=kernel_size)
    assert "must be odd" in message
    assert f"Received: kernel_size={kernel_size}. Use {kernel_size - 1} or {kernel_size + 1}." in message


def test_exception_direction():
    message = _message(checked_window, "sideways", 3)
    assert '"up" or "down"' in message
    assert "Received: direction='sideways'" in message


@pytest.mark.parametrize("dtype", ["int32", "uint8", "bool"])
@pytest.mark.parametrize("name", ["features", "kernels"])
def test_exception_dtype(name, dtype):
    message = _message(_up, dtypes=(dtype, "float32") if name == "features" else ("float32", dtype))
    for part in (f"`{name}` must have a floating dtype", dtype, f"keras.ops.cast({name}, 'float32')"):
        assert part in message


@pytest.mark.parametrize("shape", [(4, 5, 6), (2, 4, 5, 6, 1), (7,), ()])
@pytest.mark.parametrize("name", ["features", "kernels"])
def test_exception_rank(name, shape):
    message = _message(_up, **{name: shape})
    assert f"`{name}` must be a tensor of rank 4, (batch, height, width, channels)" in message
    assert f"Received: {name}.shape={shape}" in message


@pytest.mark.parametrize(
    ("kernels", "settings", "parts"),
    [
        (
            (2, 8, 10, 36),
            {"groups": 4},
            ("`groups` must divide the channels of the features: groups=4, channels=6", "groups from [1, 2, 3, 6]"),
        ),
        *(
            (
                (2, 8, 10, depth),
                {"groups": groups},
                (f"{groups} * 3**2 = {9 * groups} values", "the same `kernel_size`"),
            )
            for depth, groups in ((8, 1), (9, 2), (25, 1))
        ),
        ((3, 8, 10, 9), {}, ("must have the same batch size",)),
        *(
            (
                (2, *size, 9),
                {},
                (
                    "`features` must be those of `kernels` divided by the scale 2 and rounded up",
                    f": {tuple(-(-length // 2) for length in size)}",
                    "Make the kernels from guidance",
                ),
            )
            for size in ((9, 10), (8, 8), (8, 11), (6, 10), (1, 1))
        ),
    ],
)
def test_exception_of_kernels(kernels, settings, parts):
    message = _message(_up, kernels=kernels, **settings)
    for part in parts:
        assert part in message
    assert f"Received: features.shape={FEATURES}, kernels.shape={kernels}" in message


@pytest.mark.parametrize("size", [(2, 2), (4, 5), (3, 3), (1, 1)])
def test_exception_size_downwards(size):
    message = _message(reassemble_down, np.zeros(FEATURES), np.zeros((2, *size, 4)), 2)
    assert "`kernels` must be those of `features` divided by the scale 2 and rounded up: (2, 3)" in message
    assert f"features.shape={FEATURES}, kernels.shape={(2, *size, 4)}" in message
    assert "Make the kernels from the features" in message


@pytest.mark.parametrize(("high", "low"), [((8, 10), (4, 5)), ((7, 9), (4, 5)), ((1, 1), (1, 1)), ((2, 3), (1, 2))])
def test_feature_odd_sizes_are_rounded_up(high, low):
    check_shapes(Window("up", 3), (2, *low, 6), (2, *high, 9))
    check_shapes(Window("down", 3), (2, *high, 6), (2, *low, 9))


@pytest.mark.parametrize(
    ("features", "kernels"), [((None,) * 4, (None,) * 4), ((None, 4, None, 6), KERNELS), (FEATURES, (None, 8, None, 9))]
)
def test_feature_unknown_sizes_fit(features, kernels):
    check_shapes(Window("up", 3), features, kernels)


@pytest.mark.parametrize(
    ("features", "kernels", "groups"),
    [
        ((None, None, None, 6), (None,) * 4, 4),
        ((None,) * 4, (None, None, None, 10), 1),
        ((None, None, 4, None), (None, None, 10, None), 1),
        ((2, None, None, None), (3, None, None, None), 1),
    ],
)
def test_exception_one_known_size_is_enough(features, kernels, groups):
    message = _message(check_shapes, Window("up", 3, groups=groups), features, kernels)
    assert f"features.shape={features}, kernels.shape={kernels}" in message


@pytest.mark.tensorflow
@pytest.mark.parametrize("name", ["features", "kernels"])
def test_exception_unknown_rank(name):
    import tensorflow as tf

    specs = {"features": tf.TensorSpec([None] * 4), "kernels": tf.TensorSpec([None] * 4), name: tf.TensorSpec(None)}

    @tf.function(input_signature=[specs["features"], specs["kernels"]], autograph=False)
    def function(features, kernels):
        return reassemble_up(features, kernels, 3)

    message = _message(function.get_concrete_function)
    assert "rank 4, (batch, height, width, channels)" in message
    assert f"Received: {name} of unknown rank" in message
    assert f"tf.ensure_shape({name}, (None, None, None, channels))" in message


@pytest.mark.tensorflow
@pytest.mark.parametrize("direction", ["up", "down"])
@pytest.mark.parametrize("wrong", ["batch", "height", "width", "channels", None])
def test_exception_sizes_when_run(direction, wrong):
    import tensorflow as tf

    function = reassemble_up if direction == "up" else reassemble_down
    traced = tf.function(
        lambda *tensors: function(*tensors, 3, implementation="composite"),
        input_signature=[tf.TensorSpec([None] * 4)] * 2,
    )
    features, kernels = ([2, 4, 5, 6], [2, 8, 10, 9]) if direction == "up" else ([2, 8, 10, 6], [2, 4, 5, 9])
    if wrong is None:
        assert traced(tf.ones(features), tf.ones(kernels)).shape == (*kernels[:3], 6)
        return
    kernels[["batch", "height", "width", "channels"].index(wrong)] += 3
    with pytest.raises(tf.errors.InvalidArgumentError) as info:
        traced(tf.ones(features), tf.ones(kernels))
    names = ("features", "kernels") if direction == "up" else ("kernels", "features")
    message = "height and width of `{}` must be those of `{}` divided by the scale 2".format(*names)
    low, high = (features, kernels) if direction == "up" else (kernels, features)
    expected = [high[0], -(-high[1] // 2), -(-high[2] // 2), 9]
    for part in (message, "Make the kernels from", _listed(expected), _listed([*low[:3], kernels[3]])):
        assert part in str(info.value)


def _listed(sizes):
    return f"[{' '.join(map(str, sizes))}]"


def test_feature_numpy_integers_of_a_functional_model(tmp_path):
    sizes = {"kernel_size": np.int64(3), "scale": np.uint8(2), "groups": np.int32(2)}
    inputs = [keras.Input((4, 5, 6)), keras.Input((8, 10, 18))]
    model = keras.Model(inputs, reassemble_up(*inputs, **sizes))
    model.save(tmp_path / "model.keras")
    assert keras.saving.load_model(tmp_path / "model.keras").output.shape == (None, 8, 10, 6)
