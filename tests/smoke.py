"""What must work where only the package is installed; run by `tests.installed` in such a place."""

import json
import subprocess
import sys
from pathlib import Path

import cv2
import keras
import numpy as np

import a2u_tf
from a2u_tf.ops import compiled


def run(*command, code=0, error=""):
    """Run a command of the package, and hold it to its exit code and what it says on stderr; returns its output."""
    process = subprocess.run(command, capture_output=True, text=True)
    assert (process.returncode, process.stderr) == (code, error), (command, process)
    return process.stdout


assert Path(a2u_tf.__file__).is_relative_to(sys.prefix), a2u_tf.__file__
print(run("a2u", "info"))
assert compiled.unavailable() is None, compiled.unavailable()

x = np.random.default_rng(0).normal(size=(2, 7, 5, 3)).astype("float32")
outputs = {}
for implementation in ("compiled", "composite"):
    keras.utils.set_random_seed(0)
    outputs[implementation] = a2u_tf.layers.A2UUpSampling2D(implementation=implementation)(x)
    assert outputs[implementation].shape == (2, 14, 10, 3)
np.testing.assert_allclose(outputs["compiled"], outputs["composite"], atol=1e-5)

picture = keras.Input((None, None, 3))
model = keras.Model(picture, a2u_tf.layers.A2UUpSampling2D()(picture))
model.compile("adam", "mae")
model.fit(x, np.zeros((2, 14, 10, 3), "float32"), verbose=0)
model.save("model.keras")
np.testing.assert_allclose(keras.models.load_model("model.keras").predict(x, verbose=0), model.predict(x, verbose=0))

y, column = np.mgrid[:61, :75]
alpha = np.clip((25 - np.hypot(y - 30, column - 37)) / 6, 0, 1)[..., None]
trimap = np.where(alpha == 0, 0, np.where(alpha == 1, 255, 128)).astype("uint8")
for folder, picture in (("photos", alpha * (40, 90, 220) + (1 - alpha) * (160, 150, 30)), ("trimaps", trimap)):
    Path(folder).mkdir()
    cv2.imwrite(f"{folder}/disc.png", picture.astype("uint8"))
for folder, command in (("one", ["a2u-matte"]), ("two", ["a2u", "matte"])):
    run(*command, "photos", "trimaps", "-o", folder)
matte = cv2.imread("one/disc.png", cv2.IMREAD_UNCHANGED)
assert matte.shape == (61, 75), matte.shape
assert (matte[trimap[..., 0] == 255] == 255).all()
assert (matte[trimap[..., 0] == 0] == 0).all()

predictions = ["--predictions", "first=one", "--predictions", "second=two"]
run("a2u", "evaluate", *predictions, "--targets", "one", "--trimaps", "trimaps", "--output", "errors")
means = json.loads(Path("errors/summary.json").read_text())["means"]
assert [(row["method"], row["sad"]) for row in means] == [("first", 0), ("second", 0)], means
assert "served/1: " in run("a2u", "export", "--model", "model.keras", "-o", "served")
assert Path("served/1/saved_model.pb").is_file()
assert "2,726" in run("a2u", "cost", "a2u_dynamic_cs")
for name, extra in (("import-weights", "torch"), ("batch", "ray")):
    assert f"pip install 'a2u_tf[{extra}]'" in run("a2u", name, "--help")
torch_missing = "error: Reading PyTorch checkpoints needs torch: pip install 'a2u_tf[torch]'\n"
run("a2u", "import-weights", "model.pth", "-o", "model.weights.h5", code=1, error=torch_missing)
ray_missing = "error: Many pictures are matted by Ray, which is not installed: pip install 'a2u_tf[ray]'\n"
run("a2u", "batch", "--image", "photos", "--trimap", "trimaps", "-o", "many", code=1, error=ray_missing)
print("The installed package works.")
