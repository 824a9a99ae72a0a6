"""A model on two devices against the same model on one. (Two processes: tests/train/test_team.py.)"""

import json
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest

from a2u_tf.training.distribution import distributed

ROOT = Path(__file__).parents[2]
TWO_DEVICES = """
import json
import keras
import numpy as np
import tensorflow as tf
from a2u_tf.training.distribution import distributed
from a2u_tf.layers import A2UUpSampling2D
from a2u_tf.training.optimizers import LayerwiseAdam

cpu, = tf.config.list_physical_devices("CPU")
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
keras.config.set_floatx("float64")
x = np.random.default_rng(0).normal(size=(12, 8, 8, 2))

def train(strategy):
    keras.utils.set_random_seed(0)
    with strategy.scope():
        image = keras.Input((8, 8, 2))
        skip = keras.layers.BatchNormalization()(keras.layers.Conv2D(4, 3, padding="same")(image))
        deep = keras.layers.BatchNormalization()(keras.layers.Conv2D(4, 3, 2, padding="same")(skip))
        up = A2UUpSampling2D()(deep, guidance=skip)
        model = distributed(keras.Model(image, keras.layers.Conv2D(2, 3, padding="same", name="head")(up)))
        model.compile(LayerwiseAdam(0.01, {"head": 0.5}), "mean_squared_error", metrics=["mean_absolute_error"])
    history = model.fit(x, x, batch_size=4, epochs=3, shuffle=False, validation_data=(x[:7], x[:7]), verbose=0).history
    norms = [layer.synchronized for layer in model.layers if isinstance(layer, keras.layers.BatchNormalization)]
    return type(model).__name__, history, [w.tolist() for w in model.get_weights()], norms

print(json.dumps([train(tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])), train(tf.distribute.get_strategy())]))
"""


@pytest.mark.process
@pytest.mark.slow
@pytest.mark.tensorflow
def test_two_devices_train_as_one():
    result = subprocess.run([sys.executable, "-c", TWO_DEVICES], cwd=ROOT, capture_output=True, text=True, timeout=500)
    assert result.returncode == 0, result.stderr[-3000:]
    (name, history, weights, synchronized), (one_name, expected, one_weights, _) = json.loads(result.stdout)
    assert (name, one_name) == ("DistributedModel", "Functional")
    assert history.keys() == expected.keys() == {"loss", "mean_absolute_error", "val_loss", "val_mean_absolute_error"}
    for key, values in history.items():
        assert values == pytest.approx(expected[key], rel=1e-9), key
    for ours, theirs in zip(weights, one_weights, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-9)
    assert synchronized == [False, False]  # as it is saved


def test_one_device_keeps_its_model():
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    assert distributed(model) is model
