"""SavedModels of a matting model: what their signatures compute of pixels and of files."""

import cv2
import numpy as np
import pytest
import tensorflow as tf

from a2u_tf.export import export_saved_model
from a2u_tf.ops import compiled
from tests.export.networks import one_level
from tests.helpers import tiny_matting

pytestmark = [pytest.mark.tensorflow, pytest.mark.network]


@pytest.fixture(scope="module")
def matting():
    return one_level()


@pytest.fixture(scope="module")
def exported(matting, tmp_path_factory):
    return export_saved_model(matting, tmp_path_factory.mktemp("served") / "matting")


@pytest.fixture(scope="module")
def signatures(exported):
    graph = tf.Graph()
    with graph.as_default():  # as a server does, and quick to load
        session = tf.compat.v1.Session()
        found = tf.compat.v1.saved_model.load(session, ["serve"], str(exported.path)).signature_def

    def call(name, **inputs):
        signature = found[name]
        feed = {signature.inputs[key].name: value for key, value in inputs.items()}
        return session.run({key: tensor.name for key, tensor in signature.outputs.items()}, feed)

    return call


def make_pair(rng, size):
    image = cv2.GaussianBlur(rng.integers(0, 256, (*size, 3), dtype="uint8"), (5, 5), 0)
    return image, rng.choice(np.array([0, 128, 255], "uint8"), size, p=(0.1, 0.8, 0.1))


def encode(picture, ending=".png"):
    if picture.ndim == 3:
        picture = cv2.cvtColor(picture, cv2.COLOR_RGBA2BGRA if picture.shape[2] == 4 else cv2.COLOR_RGB2BGR)
    return cv2.imencode(ending, picture)[1].tobytes()


def decode(png):
    return cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_UNCHANGED)


def predict(matting, image, trimap):
    return np.asarray(matting({"image": image[None], "trimap": trimap[None, ..., None]})["alpha"])[0, ..., 0]


def check_files(signatures, matting, images, files, trimaps, trimap_files=None):
    """`serve_encoded` of files gives the mattes of the pixels in `images` and `trimaps`."""
    trimap_files = trimap_files or [encode(trimap) for trimap in trimaps]
    pngs = signatures("serve_encoded", image_bytes=files, trimap_bytes=trimap_files)["alpha_bytes"]
    for png, image, trimap in zip(pngs, images, trimaps, strict=True):
        matte = decode(png)
        assert matte.dtype == np.uint8
        assert matte.shape == trimap.shape
        assert np.abs(matte - np.rint(255 * predict(matting, image, trimap))).max() <= 1


def test_no_custom_operation_even_where_the_compiled_op_is_there(exported):
    if reason := compiled.unavailable():
        pytest.skip(f"the compiled op: {reason}")
    assert not [name for name in exported.operations if "a2u" in name.lower()]


def test_pixels_of_odd_sizes_and_batches(signatures, matting, rng):
    for size in ((17, 35), (40, 23)):
        pairs = [make_pair(rng, size) for _ in range(2)]
        image, trimap = (np.stack(arrays) for arrays in zip(*pairs, strict=True))
        alpha = signatures("serving_default", image=image, trimap=trimap[..., None])["alpha"]
        assert alpha.dtype == np.float32
        for matte, pair in zip(alpha[..., 0], pairs, strict=True):
            expected = predict(matting, *pair)
            assert expected[pair[1] == 128].std() > 0.02
            np.testing.assert_allclose(matte, expected, atol=1e-4)


def test_files_of_different_sizes_in_one_batch(signatures, matting, rng):
    images, trimaps = zip(*(make_pair(rng, size) for size in ((33, 18), (16, 47))), strict=True)
    files = [encode(images[0]), encode(images[1], ".jpg")]
    jpeg = cv2.cvtColor(decode(files[1]), cv2.COLOR_BGR2RGB)
    check_files(signatures, matting, [images[0], jpeg], files, trimaps)


def test_files_of_other_channels(signatures, matting, rng):
    image, trimap = make_pair(rng, (20, 21))
    grey, alpha = image[..., 0], rng.integers(0, 256, (20, 21), dtype="uint8")
    files = [encode(x) for x in (grey, np.dstack([image, alpha]), image, image)]
    rgb = np.dstack([trimap] * 3)
    trimap_files = [encode(x) for x in (trimap, trimap, rgb, np.dstack([rgb, np.full_like(trimap, 255)]))]
    over_white = np.rint(255 - (255 - image.astype("float32")) * alpha[..., None] / 255).astype("uint8")
    pixels = [np.dstack([grey] * 3), over_white, image, image]
    check_files(signatures, matting, pixels, files, [trimap] * 4, trimap_files)


def test_exceptions_of_requests(signatures, rng):
    image, trimap = make_pair(rng, (20, 21))
    other = trimap[:, :-1]
    file, trimap_file = encode(image), encode(trimap)
    for name, inputs, message in (
        ("serving_default", {"image": image[None], "trimap": other[None, ..., None]}, "must have the same size"),
        ("serve_encoded", {"image_bytes": [file], "trimap_bytes": [encode(other)]}, "must have the same size"),
        ("serve_encoded", {"image_bytes": [file] * 2, "trimap_bytes": [trimap_file]}, "as many `trimap_bytes`"),
        ("serve_encoded", {"image_bytes": [b"no picture"], "trimap_bytes": [trimap_file]}, "Unknown image file format"),
        ("serve_encoded", {"image_bytes": [file], "trimap_bytes": [trimap_file[:-30]]}, "Invalid PNG|PNG"),
    ):
        with pytest.raises(tf.errors.InvalidArgumentError, match=message):
            signatures(name, **inputs)


def test_limit_of_pixels(monkeypatch, rng):
    """The limit is that at the time of the export."""
    monkeypatch.setenv("A2U_MAX_PIXELS", "420")
    endpoint = tiny_matting().export_endpoint()
    pixels = tf.function(endpoint.function, autograph=False).get_concrete_function(*endpoint.inputs)
    (files,) = endpoint.signatures
    encoded = tf.function(files.around(pixels), autograph=False).get_concrete_function(*files.inputs)
    monkeypatch.delenv("A2U_MAX_PIXELS")
    for function, name, message in (
        (pixels, "", "takes up to 420 pixels at once"),
        (encoded, "_bytes", "Pictures may have up to 420 pixels"),
    ):
        for size in ((20, 21), (421, 1)):
            pair = make_pair(rng, size)
            inputs = [tf.constant([encode(x)]) for x in pair]
            if function is pixels:
                inputs = [tf.constant(pair[0][None]), tf.constant(pair[1][None, ..., None])]
            inputs = dict(zip((f"image{name}", f"trimap{name}"), inputs, strict=True))
            if size == (20, 21):
                assert function(**inputs)[f"alpha{name}"].shape[0] == 1
            else:
                with pytest.raises(tf.errors.InvalidArgumentError, match=message):
                    function(**inputs)
