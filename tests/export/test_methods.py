"""Every upsampling method goes into LiteRT and ONNX; what does not is refused in one line."""

import keras
import pytest

from a2u_tf.export import export_litert, export_onnx
from a2u_tf.layers import GUIDED, UPSAMPLERS, make_upsampler

pytestmark = [pytest.mark.tensorflow, pytest.mark.filterwarnings("ignore::UserWarning")]
QUICK = ("max_unpool", "sapa_g")


@pytest.mark.network
@pytest.mark.parametrize(
    "name", [name if name in QUICK else pytest.param(name, marks=pytest.mark.slow) for name in UPSAMPLERS]
)
def test_method(name, tmp_path):
    pytest.importorskip("onnxruntime", reason="needs onnxruntime")
    pytest.importorskip("tf2onnx", reason="needs tf2onnx")
    a, guidance, layer = (
        keras.Input((8, 8, 8), name="a"),
        keras.Input((16, 16, 8), name="guidance"),
        make_upsampler(name),
    )
    model = keras.Model([a, guidance], layer(a, guidance)) if name in GUIDED else keras.Model(a, layer(a))
    assert export_litert(model, tmp_path / "model.tflite").difference < 1e-4
    assert export_onnx(model, tmp_path / "model.onnx").difference < 1e-4


@keras.saving.register_keras_serializable(package="a2u_tf_tests")
class IncompleteGamma(keras.layers.Layer):
    """An operation that neither format has."""

    def call(self, x):
        import tensorflow as tf

        return tf.math.igamma(x, x)


@pytest.mark.parametrize("export", [export_litert, export_onnx])
def test_exception_of_a_missing_operation_is_one_line(export, tmp_path):
    pytest.importorskip("onnxruntime", reason="needs onnxruntime")
    pytest.importorskip("tf2onnx", reason="needs tf2onnx")
    x = keras.Input((2, 2, 1), name="x")
    ending = "tflite" if export is export_litert else "onnx"
    with pytest.raises(ValueError, match=r"The model does not go into .*Nothing was kept\. Export it as a") as info:
        export(keras.Model(x, IncompleteGamma()(x)), tmp_path / f"model.{ending}")
    assert "\n" not in str(info.value)
    assert not list(tmp_path.iterdir())
