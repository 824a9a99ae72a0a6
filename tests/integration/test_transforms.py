"""The transforms of JAX and torch go through the layers, as they do through the layers of Keras."""

import importlib.util
import os
import subprocess
import sys

import pytest

PROGRAM = """
import keras, numpy as np
from a2u_tf.layers import A2UUpSampling2D, get
keras.utils.set_random_seed(0)
x = keras.random.normal((2, 4, 5, 4))
d = keras.random.normal((2, 4, 5, 4))
layers = [A2UUpSampling2D(), get("carafe")]
def close(a, b):
    a, b = (keras.ops.convert_to_numpy(keras.ops.stop_gradient(y)) for y in (a, b))
    np.testing.assert_allclose(a, b, rtol=2e-2, atol=2e-2)
for layer in layers:
    layer(x)
    slope = (layer(x + 1e-2 * d) - layer(x - 1e-2 * d)) / 2e-2
"""
JAX = """
    import jax
    loss = lambda a: (layer(a) ** 2).sum()
    close(jax.jvp(layer, (x,), (d,))[1], slope)
    close(jax.vmap(lambda sample: layer(sample[None])[0])(x), layer(x))
    close((jax.grad(loss)(x) * d).sum(), (2 * layer(x) * slope).sum())
    close(jax.jvp(jax.grad(loss), (x,), (d,))[1], (jax.grad(loss)(x + 1e-2 * d) - jax.grad(loss)(x - 1e-2 * d)) / 2e-2)
"""
TORCH = """
    import tempfile, torch
    func, loss = torch.func, lambda a: (layer(a) ** 2).sum()
    close(func.jvp(layer, (x,), (d,))[1], slope)
    if layer is layers[0]:  # in CARAFE is a convolution of Keras', which torch's vmap refuses
        close(func.vmap(lambda sample: layer(sample[None])[0])(x), layer(x))
    close((func.grad(loss)(x) * d).sum(), (2 * layer(x) * slope).sum())
    model = keras.Model(inputs := keras.Input((4, 5, 4)), layer(inputs))
    close(torch.jit.trace(model, x, check_trace=False)(x), layer(x))
    close(torch.export.export(model, (x,)).module()(x), layer(x))
    if ONNX:
        import onnxruntime
        path = tempfile.mkdtemp() + "/model.onnx"
        model.export(path, format="onnx", verbose=False)
        session = onnxruntime.InferenceSession(path)
        outputs = [session.run(None, {session.get_inputs()[0].name: np.asarray(sample[None])})[0] for sample in x]
        close(keras.ops.convert_to_tensor(np.concatenate(outputs)), layer(x))
"""


@pytest.mark.process
@pytest.mark.slow
@pytest.mark.parametrize(("backend", "checks"), [("jax", JAX), ("torch", TORCH)])
def test_transforms(backend, checks):
    if importlib.util.find_spec(backend) is None:
        pytest.skip(f"{backend} is not installed: pip install 'a2u_tf[{backend}]'")
    onnx = importlib.util.find_spec("onnxruntime") is not None
    command = [sys.executable, "-W", "ignore", "-c", f"ONNX = {onnx}\n{PROGRAM}{checks}"]
    environment = {**os.environ, "KERAS_BACKEND": backend}
    result = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=400)
    assert result.returncode == 0, result.stderr[-3000:]
