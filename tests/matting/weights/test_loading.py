"""Models from files, and files that are none."""

import zipfile

import keras
import numpy as np
import pytest

from a2u_tf.matting import MattingModel, matting_net
from a2u_tf.matting.data.synthetic import SyntheticSource
from a2u_tf.matting.evaluation import evaluate
from a2u_tf.matting.evaluation.validation import held_out_pictures
from a2u_tf.matting.losses import AlphaLoss
from a2u_tf.matting.network.network import SHIPPED
from a2u_tf.matting.prediction import predict_alpha
from a2u_tf.matting.weights.loading import load_matting, read_model
from a2u_tf.training.optimizers import LayerwiseAdam

pytestmark = pytest.mark.network


@pytest.fixture(scope="module")
def model():
    network = matting_net("bilinear", "max_pool", width=0.03)
    network.compile(LayerwiseAdam(), AlphaLoss())
    return MattingModel(network)


@pytest.fixture(scope="module")
def path(tmp_path_factory, model):
    path = tmp_path_factory.mktemp("model") / "model.keras"
    model.save(path)
    return path


def test_weights_come_back(model, path):
    loaded = load_matting(path)
    for expected, actual in zip(model.get_weights(), loaded.get_weights(), strict=True):
        np.testing.assert_array_equal(actual, expected)
    assert not loaded.compiled


def test_other_files_are_refused(tmp_path, path):
    for name, data in (("text", b"no model"), ("empty", b""), ("cut", path.read_bytes()[:5000])):
        (tmp_path / f"{name}.keras").write_bytes(data)
    keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)]).save(tmp_path / "other.keras")
    for name in ("missing.keras", "text.keras", "empty.keras", "cut.keras", "text.h5", "."):
        with pytest.raises(ValueError, match=r"cannot be read as a Keras model: ."):
            load_matting(tmp_path / name)
    with pytest.raises(ValueError, match=r"Expected a saved .*MattingModel.*Received: Sequential in .*other"):
        load_matting(tmp_path / "other.keras")
    assert isinstance(read_model(tmp_path / "other.keras"), keras.Sequential)


def test_damage_is_found(tmp_path, path):
    with zipfile.ZipFile(path) as archive:
        weights = archive.getinfo("model.weights.h5")
    assert weights.compress_type == zipfile.ZIP_STORED  # so that these are bytes of weights, which mean nothing to HDF5
    for share in (0.02, 0.5, 0.98):
        data = bytearray(path.read_bytes())
        data[weights.header_offset + int(share * weights.file_size)] ^= 0xFF
        (tmp_path / "damaged.keras").write_bytes(data)
        with pytest.raises(ValueError, match=r"model\.weights\.h5 in it is damaged"):
            load_matting(tmp_path / "damaged.keras")


def test_small_model_mattes_pictures_it_has_not_seen():
    model = load_matting("small")
    assert isinstance(model, MattingModel)
    assert SHIPPED["small"].stat().st_size < 8e6
    shares = []
    for picture in held_out_pictures(SyntheticSource(256), 10, 160):
        matte = predict_alpha(model, picture.image, picture.trimap)
        half = np.where(picture.trimap == 128, 0.5, matte)
        ours, plain = (evaluate(255 * alpha, picture.target, picture.trimap)["sad"] for alpha in (matte, half))
        shares.append(ours / plain)
    assert np.median(shares) < 0.65  # of the error of 0.5 in the unknown region
