"""What must work where only the package is installed; run by `tests.installed` in such a place."""

import subprocess
import sys
from pathlib import Path

import cv2
import keras
import numpy as np

import a2u_tf
from a2u_tf.ops import compiled

assert Path(a2u_tf.__file__).is_relative_to(sys.prefix), a2u_tf.__file__
print(subprocess.run([sys.executable, "-m", "a2u_tf.info"], check=True, capture_output=True, text=True).stdout)
assert compiled.unavailable() is None, compiled.unavailable()

x = np.random.default_rng(0).normal(size=(2, 7, 5, 3)).astype("float32")
outputs = {}
for implementation in ("compiled", "composite"):
    keras.utils.set_random_seed(0)
    outputs[implementation] = a2u_tf.layers.A2UUpSampling2D(implementation=implementation)(x)
    assert outputs[implementation].shape == (2, 14, 10, 3)
np.testing.assert_allclose(outputs["compiled"], outputs["composite"], atol=1e-5)

model = keras.Sequential([keras.Input((None, None, 3)), a2u_tf.layers.A2UUpSampling2D()])
model.compile("adam", "mae")
model.fit(x, np.zeros((2, 14, 10, 3), "float32"), verbose=0)
model.save("model.keras")
np.testing.assert_allclose(keras.models.load_model("model.keras").predict(x, verbose=0), model.predict(x, verbose=0))

y, column = np.mgrid[:61, :75]
alpha = np.clip((25 - np.hypot(y - 30, column - 37)) / 6, 0, 1)[..., None]
trimap = np.where(alpha == 0, 0, np.where(alpha == 1, 255, 128)).astype("uint8")
cv2.imwrite("photo.png", (alpha * (40, 90, 220) + (1 - alpha) * (160, 150, 30)).astype("uint8"))
cv2.imwrite("trimap.png", trimap)
subprocess.run(["a2u-matte", "photo.png", "trimap.png", "-o", "alpha.png"], check=True)
matte = cv2.imread("alpha.png", cv2.IMREAD_UNCHANGED)
assert matte.shape == (61, 75), matte.shape
assert (matte[trimap[..., 0] == 255] == 255).all()
assert (matte[trimap[..., 0] == 0] == 0).all()
print("The installed package works.")
