"""Layers on the compiled op: training with every setting of XLA, half precisions, saving and exporting."""

import os
import warnings

import keras
import numpy as np
import pytest

import a2u_tf
from a2u_tf.layers import A2UDownSampling2D, A2UKernels, A2UUpSampling2D, Reassembly2D
from a2u_tf.ops.compiled import library
from tests.helpers import SEED, run_python

pytestmark = [pytest.mark.tensorflow, pytest.mark.usefixtures("built")]


@pytest.fixture(autouse=True)
def restore_policy(monkeypatch):
    monkeypatch.delenv("A2U_TF_IMPLEMENTATION", raising=False)
    yield
    keras.config.set_dtype_policy("float32")


def make_net(implementation="auto", **options):
    """Down by A2U and up again, guided by the input's own features."""
    keras.utils.set_random_seed(SEED)
    image = keras.Input((None, None, 2), name="image")
    skip = keras.layers.Conv2D(8, 3, padding="same")(image)
    x = A2UDownSampling2D(implementation=implementation, **options)(skip)
    x = A2UUpSampling2D(implementation=implementation, **options)(x, guidance=skip)
    outputs = keras.layers.Conv2D(1, 1, dtype="float32", name="alpha")(x)
    return keras.Model(image, outputs)


def pictures(count=8, size=(17, 18)):
    return np.random.default_rng(SEED).random((count, *size, 2), dtype="float32")


LAYERS = [
    lambda implementation: A2UKernels(implementation=implementation),
    lambda implementation: A2UUpSampling2D(implementation=implementation),
    lambda implementation: Reassembly2D("up", 3, implementation=implementation),
]


@pytest.mark.parametrize("make", LAYERS)
def test_supports_jit_exactly_where_the_composite_runs(make):
    assert make("auto").supports_jit is False
    assert make("compiled").supports_jit is False
    assert make("composite").supports_jit is True
    with a2u_tf.ops.use_implementation("composite"):
        assert make("auto").supports_jit is True


@pytest.mark.parametrize("variant", ["static", "hybrid", "dynamic"])
@pytest.mark.parametrize("channel_shared", [True, False])
def test_gradients_equal_the_composites(variant, channel_shared):
    import tensorflow as tf

    x = pictures(3)
    results = []
    for implementation in ("compiled", "composite"):
        net = make_net(implementation, variant=variant, channel_shared=channel_shared)
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(net(x, training=True) ** 2)
        results.append([loss, *tape.gradient(loss, net.trainable_variables)])
    for actual, expected in zip(*results, strict=True):
        scale = max(1.0, float(np.max(np.abs(expected))))
        np.testing.assert_allclose(actual, expected, rtol=1e-4, atol=1e-4 * scale)


@pytest.mark.parametrize("jit_compile", ["auto", True, False])
def test_fit_with_every_setting_of_jit_compile(jit_compile):
    net = make_net()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Model doesn't support `jit_compile=True`")
        net.compile("sgd", "mae", jit_compile=jit_compile)
    assert not net.jit_compile
    x = pictures()
    losses = net.fit(x, x[..., :1], epochs=2, verbose=0).history["loss"]
    assert losses[1] < losses[0]


def test_keras_runs_the_op_in_its_graphs(monkeypatch):
    layer, x = Reassembly2D("up", 3), pictures(2, (4, 4))
    kernels = np.ones((2, 8, 8, 9), "float32")
    expected = layer(x, kernels)
    original = library.call_op
    monkeypatch.setattr(library, "call_op", lambda *args, **settings: 2 * original(*args, **settings))
    features, maps = keras.Input((4, 4, 2)), keras.Input((8, 8, 9))
    net = keras.Model([features, maps], layer(features, maps))
    np.testing.assert_allclose(net.predict([x, kernels], verbose=0), 2 * expected, rtol=1e-5)
    net.compile("sgd", "mae")
    loss = net.evaluate([x, kernels], 2 * np.asarray(expected), verbose=0)
    assert loss < 1e-5


def test_keras_encodes_again_for_the_backward_pass():
    """TensorFlow would merge both times into one, and keep the encodings in between."""
    from tensorflow.python.eager import context

    net = make_net("compiled")
    net.compile("sgd", "mae", jit_compile=False)
    x = pictures()
    context.context().enable_graph_collection()
    try:
        net.train_on_batch(x, x[..., :1])
        graphs = context.context().export_run_metadata().partition_graphs
    finally:
        context.context().disable_graph_collection()
    nodes = [node for graph in graphs for node in graph.node if node.op == "A2U>Reassemble"]
    assert len(nodes) == 6  # each of two layers encodes, reassembles and encodes again


@pytest.mark.network
def test_composite_still_compiles_with_xla():
    net = keras.Sequential([keras.Input((7, 8, 2)), A2UUpSampling2D(variant="static", implementation="composite")])
    net.compile("sgd", "mae", jit_compile=True)
    x = pictures(2, (7, 8))
    assert net.jit_compile
    assert np.isfinite(net.fit(x, np.zeros((2, 14, 16, 2)), verbose=0).history["loss"][0])


@pytest.mark.network
def test_explicit_xla_around_a_compiled_layer_takes_the_composite():
    import tensorflow as tf

    net, x = make_net("compiled"), pictures(2)
    expected = net(x)
    actual = tf.function(lambda x: net(x), jit_compile=True)(x)
    np.testing.assert_allclose(actual, expected, atol=1e-5)


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_mixed_precision_uses_the_half_kernels(policy):
    keras.config.set_dtype_policy(policy)
    half = policy.removeprefix("mixed_")
    layer = Reassembly2D("up", 3, implementation="compiled")
    outputs = layer(np.ones((1, 3, 3, 8)), np.ones((1, 6, 6, 9)) / 9)
    assert outputs.dtype == half
    net = make_net()
    net.compile("sgd", "mae")
    x = pictures()
    assert np.isfinite(net.fit(x, x[..., :1], verbose=0).history["loss"][0])


@pytest.mark.process
def test_keras_file_of_a_compiled_model_loads_where_the_op_is_missing(tmp_path):
    net, x = make_net(), pictures(2)
    net.save(tmp_path / "net.keras")
    np.save(tmp_path / "x.npy", x)
    np.save(tmp_path / "y.npy", net(x))
    program = (
        "import keras, numpy as np, a2u_tf.layers\n"
        "net = keras.saving.load_model('net.keras')\n"
        "np.testing.assert_allclose(net(np.load('x.npy')), np.load('y.npy'), atol=1e-5)\n"
        "print('equal')"
    )
    assert run_python(program, tmp_path, A2U_TF_IMPLEMENTATION="composite", PYTHONPATH=os.getcwd()).endswith("equal\n")


@pytest.mark.process
def test_export_holds_no_custom_op_and_runs_without_the_package(tmp_path):
    net, x = make_net(), pictures(2)
    net.compile("sgd", "mae")
    net.fit(x, x[..., :1], verbose=0)  # leaves traces with the op behind
    net.export(tmp_path / "saved", verbose=False)
    np.save(tmp_path / "x.npy", x)
    np.save(tmp_path / "y.npy", net(x))
    assert b"A2U>" not in (tmp_path / "saved" / "saved_model.pb").read_bytes()
    program = (
        "import sys; sys.modules['a2u_tf'] = None\n"
        "import numpy as np, tensorflow as tf\n"
        "model = tf.saved_model.load('saved')\n"
        "np.testing.assert_allclose(model.serve(np.load('x.npy')), np.load('y.npy'), atol=1e-5)\n"
        "print('equal')"
    )
    assert run_python(program, tmp_path).endswith("equal\n")


def test_exception_one_kernel_for_all_pixels_is_no_kernel_map():
    """The op takes a 1 x 1 map for any size; the public functions do not, also where sizes are unknown in a trace."""
    import tensorflow as tf

    layer = tf.function(Reassembly2D("down", 2), input_signature=[tf.TensorSpec((None, None, None, None))] * 2)
    assert layer(tf.zeros((1, 4, 4, 3)), tf.zeros((1, 2, 2, 4))).shape == (1, 2, 2, 3)
    with pytest.raises(tf.errors.InvalidArgumentError, match="height and width of `kernels`"):
        layer(tf.zeros((1, 4, 4, 3)), tf.zeros((1, 1, 1, 4)))
