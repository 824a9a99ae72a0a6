"""Batch normalisation by TensorFlow's fused op against that of Keras."""

import copy
import json
import pickle
import zipfile

import keras
import numpy as np
import pytest
from keras import layers, ops

from a2u_tf.training import fuse_batch_normalization, unfuse_batch_normalization
from tests.helpers import assert_close, dtype_policy, fused_normalizations, numeric_gradient, run_python, to_numpy

OP = "FusedBatchNormV3"
tensorflow = pytest.mark.tensorflow


def traced(function, *tensors, jit_compile=False):
    """Return results of a compiled function, and whether it holds the fused op."""
    import tensorflow as tf

    compiled = tf.function(function, jit_compile=jit_compile)
    graph = compiled.get_concrete_function(*tensors).graph
    return compiled(*tensors), any(op.type == OP for op in graph.get_operations())


def steps(layer, x, mask=None, training=True, open_sizes=False, jit_compile=False):
    """Return output, gradients and statistics of a call, and whether the fused op made them."""
    import tensorflow as tf

    weights = np.random.default_rng(1).normal(size=x.shape)

    def both(x):
        if open_sizes:
            x = tf.compat.v1.placeholder_with_default(x, [None, None, None, x.shape[-1]])
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = layer(x, training=training, **({} if mask is None else {"mask": mask}))
            loss = tf.reduce_sum(tf.cast(y, "float64") * weights)
        return y, tape.gradient(loss, [x, *layer.trainable_variables])

    (y, gradients), fused = traced(both, ops.convert_to_tensor(x), jit_compile=jit_compile)
    return [y, *gradients, *map(ops.convert_to_tensor, layer.non_trainable_variables)], fused


CASES = {
    "plain": {},
    "no centre": {"center": False},
    "no scale": {"scale": False},
    "last axis by number": {"axis": 3, "momentum": 0.5, "epsilon": 1e-2},
    "far from 0": {"mean": 300},
    "mixed_float16": {"dtype": "mixed_float16"},
    "mixed_bfloat16": {"dtype": "mixed_bfloat16"},
    "float16": {"dtype": "float16"},
    "one value a channel": {"shape": (1, 1, 1, 5)},
    "empty": {"shape": (0, 4, 6, 5)},
    "open sizes": {"open_sizes": True},
    "inference": {"training": False},
    "inference in mixed_bfloat16": {"training": False, "dtype": "mixed_bfloat16"},
}
LEFT_TO_KERAS = {
    "frozen": {"trainable": False},
    "float64": {"dtype": "float64"},
    "axis": {"axis": 1},
    "vectors": {"shape": (6, 5)},
    "volumes": {"shape": (2, 3, 4, 3, 5)},
    "mask": {"mask": np.arange(48).reshape(2, 4, 6) < 30},
    "renorm": {"renorm": True},
    "synchronized": {"synchronized": True},
    "XLA": {"jit_compile": True, "mean": 300},
}


@tensorflow
@pytest.mark.parametrize(("case", "by_op"), [*((c, True) for c in CASES), *((c, False) for c in LEFT_TO_KERAS)])
def test_step_is_that_of_keras(case, by_op, rng):
    options = dict({**CASES, **LEFT_TO_KERAS}[case])
    x = rng.normal(options.pop("mean", 0), 2, options.pop("shape", (2, 4, 6, 5)))
    call = {name: options.pop(name) for name in ("mask", "training", "open_sizes", "jit_compile") if name in options}
    stock, fused = (layers.BatchNormalization(**options) for _ in range(2))
    for layer in (stock, fused):
        layer.build(x.shape)
        generator = np.random.default_rng(2)
        layer.set_weights([generator.uniform(0.5, 2, w.shape).astype(w.dtype) for w in layer.weights])
    fuse_batch_normalization(fused)
    x = ops.cast(x, stock.compute_dtype)
    (received, op), (expected, _) = steps(fused, x, **call), steps(stock, x, **call)
    assert op is by_op
    if case == "empty":  # Of nothing the op's gradients are 0; those of Keras are not finite.
        received[1:4] = expected[1:4]
    for one, other in zip(received, expected, strict=True):
        assert one.dtype == other.dtype
        # Outputs and gradients are differences from the mean.
        assert_close(one, other, scale=300 if case == "far from 0" else 10)


def normalized(x, gamma, beta):
    deviation = np.sqrt(x.var(axis=(0, 1, 2)) + 1e-3)
    return (x - x.mean(axis=(0, 1, 2))) / deviation * gamma + beta


@tensorflow
def test_numeric_gradients(rng):
    """The op knows no float64: those of NumPy in float64, within what float32 rounds of sums of 18 terms."""
    import tensorflow as tf

    arrays = [rng.normal(size=shape) for shape in ((2, 3, 3, 2), (2,), (2,))]
    cotangent = rng.normal(size=(2, 3, 3, 2))
    layer = layers.BatchNormalization()
    x = tf.constant(arrays[0], "float32")
    layer(x)
    fuse_batch_normalization(layer)
    layer.gamma.assign(arrays[1])
    layer.beta.assign(arrays[2])
    with tf.GradientTape() as tape:
        tape.watch(x)
        loss = tf.reduce_sum(layer(x, training=True) * tf.constant(cotangent, "float32"))
    gradients = tape.gradient(loss, [x, layer.gamma.value, layer.beta.value])
    for received, expected in zip(gradients, numeric_gradient(normalized, *arrays, cotangent=cotangent), strict=True):
        assert_close(received, expected, atol=1e-4)


@tensorflow
@pytest.mark.parametrize("compiled", [False, True])
def test_second_order_gradients(compiled, rng):
    """Of the norm of the first: against those of Keras's layer in float64."""
    import tensorflow as tf

    def second(layer, x):
        with tf.GradientTape() as outer:
            outer.watch(x)
            with tf.GradientTape() as inner:
                inner.watch(x)
                loss = tf.reduce_sum(layer(x, training=True) ** 3)
            norm = tf.reduce_sum(inner.gradient(loss, x) ** 2)
        return outer.gradient(norm, [x, layer.gamma.value])

    x = rng.normal(size=(2, 3, 3, 2))
    fused, exact = layers.BatchNormalization(epsilon=0.1), layers.BatchNormalization(epsilon=0.1, dtype="float64")
    for layer in (fused, exact):
        layer.build(x.shape)
    fuse_batch_normalization(fused)
    run = tf.function(second) if compiled else second
    received, expected = run(fused, tf.constant(x, "float32")), run(exact, tf.constant(x))
    for one, other in zip(received, expected, strict=True):
        assert_close(one, tf.cast(other, "float32"), scale=float(tf.reduce_max(abs(other))))


@keras.saving.register_keras_serializable()
class Nested(keras.Model):
    """A subclassed model around a model, with a layer that is called twice."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        inner = [layers.Conv2D(4, 3, padding="same"), layers.BatchNormalization(momentum=0.8), layers.ReLU()]
        self.inner = keras.Sequential([keras.Input((None, None, 3)), *inner])
        self.shared, self.head = layers.BatchNormalization(gamma_regularizer="l2"), layers.Conv2D(1, 1)

    def call(self, x, training=None):
        x = self.shared(self.inner(x, training=training), training=training)
        return self.head(self.shared(x * x, training=training))


def fitted(fuse, remat=None, frozen=False, **compiling):
    """Return the variables of a model after some steps."""
    keras.utils.set_random_seed(0)
    with keras.RematScope(mode=remat):
        model = Nested()
        model(np.zeros((1, 8, 8, 3)))
    model.inner.trainable = not frozen
    if fuse:
        fuse_batch_normalization(model)
    assert fused_normalizations(model) == [fuse] * 2
    rng = np.random.default_rng(0)
    model.compile(keras.optimizers.SGD(0.01, momentum=0.9), "mse", **compiling)
    model.fit(rng.normal(size=(12, 8, 8, 3)), rng.normal(size=(12, 8, 8, 1)), 4, epochs=2, shuffle=False, verbose=0)
    return [to_numpy(variable) for variable in model.variables]


@tensorflow
@pytest.mark.parametrize(
    ("policy", "settings"),
    [
        ("float32", {}),
        ("float32", {"frozen": True}),
        ("float32", {"remat": "full", "run_eagerly": True}),  # Keras runs no remat of such layers in graphs
        pytest.param("float32", {"jit_compile": True}, marks=pytest.mark.slow),
        ("mixed_float16", {}),
    ],
)
def test_training_gives_the_numbers_of_keras(policy, settings):
    with dtype_policy(policy):
        received, expected = fitted(True, **settings), fitted(False, **settings)
    for one, other in zip(received, expected, strict=True):
        assert_close(one, other, "float32" if policy == "float32" else policy.removeprefix("mixed_"))


def test_model_stays_of_stock_layers_and_can_be_switched_back(tmp_path):
    model = keras.Sequential([keras.Input((4, 4, 2)), layers.BatchNormalization(), layers.Conv2D(1, 1)])
    config = model.get_config()
    fuse_batch_normalization(model)
    assert fused_normalizations(model) == [keras.backend.backend() == "tensorflow"]
    assert model.get_config() == config
    model.save(tmp_path / "model.keras")
    copies = keras.models.clone_model(model), copy.deepcopy(model), pickle.loads(pickle.dumps(model))
    for one in (*copies, keras.saving.load_model(tmp_path / "model.keras")):
        assert fused_normalizations(one) == [False]
    unfuse_batch_normalization(model)
    unfuse_batch_normalization(model)
    assert fused_normalizations(model) == [False]


def test_layers_of_others_stay():
    class Own(layers.BatchNormalization):
        def call(self, inputs, training=None, mask=None):
            return inputs

    layer = Own()
    layer.build((2, 4, 4, 3))
    fuse_batch_normalization(layer)
    assert layer.call.__func__ is Own.call


@tensorflow
@pytest.mark.process
def test_saved_model_loads_without_us(tmp_path, rng):
    model = keras.Sequential([keras.Input((8, 8, 2)), layers.BatchNormalization(), layers.Conv2D(1, 3)])
    fuse_batch_normalization(model)
    model.compile("sgd", "mse")
    x = rng.normal(size=(4, 8, 8, 2)).astype("float32")
    model.fit(x, np.zeros((4, 6, 6, 1)), verbose=0)
    model.save(tmp_path / "model.keras")
    np.save(tmp_path / "x.npy", x)
    with zipfile.ZipFile(tmp_path / "model.keras") as archive:
        norm = json.loads(archive.read("config.json"))["config"]["layers"][1]
    assert (norm["module"], norm["class_name"]) == ("keras.layers", "BatchNormalization")
    program = (
        "import sys, keras, numpy as np\n"
        "model, x = keras.saving.load_model('model.keras'), np.load('x.npy')\n"
        "print(model.predict(x, verbose=0).ravel().tolist())\n"
        "assert np.isfinite(model.evaluate(x, np.zeros((4, 6, 6, 1)), verbose=0))\n"
        "assert 'a2u_tf' not in sys.modules\n"
    )
    expected = model.predict(x, verbose=0)
    received = np.array(json.loads(run_python(program, tmp_path).splitlines()[0]), "float32")
    assert_close(received.reshape(expected.shape), expected)


REPLICAS = """
import json, keras, numpy as np, tensorflow as tf
from a2u_tf.training import fuse_batch_normalization

cpu, = tf.config.list_physical_devices("CPU")
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
x = np.random.default_rng(0).normal(size=(12, 8, 8, 2)).astype("float32")

def train(fuse):
    keras.utils.set_random_seed(0)
    with tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"]).scope():
        norm = keras.layers.BatchNormalization()
        model = keras.Sequential([keras.Input((8, 8, 2)), keras.layers.Conv2D(4, 3, padding="same"), norm,
                                  keras.layers.Conv2D(2, 3, padding="same")])
        if fuse:
            fuse_batch_normalization(model)
        model.compile(keras.optimizers.SGD(0.1), "mse")
    model.fit(x, x, batch_size=4, epochs=2, shuffle=False, verbose=0)
    return [weight.tolist() for weight in model.get_weights()]

print(json.dumps([train(True), train(False)]))
"""


@tensorflow
@pytest.mark.process
@pytest.mark.slow
def test_replicas_train_as_with_keras():
    for one, other in zip(*json.loads(run_python(REPLICAS)), strict=True):
        assert_close(np.array(one), np.array(other), "float32")
