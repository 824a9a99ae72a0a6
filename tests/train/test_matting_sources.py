"""The words of --source and --validation."""

import cv2
import numpy as np
import pytest

from a2u_tf.matting.data import training_sample
from a2u_tf.matting.data.sources import MixedSource, PictureSource, RecolouredSource
from a2u_tf.matting.data.synthetic import SyntheticSource
from train.matting_sources import make_source, make_validation


@pytest.fixture
def folders(tmp_path, rng):
    for name, channels in (("rgba", 4), ("backgrounds", 3)):
        (tmp_path / name).mkdir()
        cv2.imwrite(str(tmp_path / name / "one.png"), rng.integers(0, 256, (20, 30, channels), dtype="uint8"))
    return tmp_path


def test_one_source_and_a_mixture(folders, monkeypatch, rng):
    assert isinstance(make_source(["synthetic"], [], 64), SyntheticSource)
    monkeypatch.setenv("MATERIAL", str(folders))
    words = ["synthetic*2", "rgba=$MATERIAL/rgba", f"mattes={folders}/rgba*0.5"]
    source = make_source(words, ["$MATERIAL/backgrounds"], 64)
    assert isinstance(source, MixedSource)
    assert [type(part) for part in source.sources] == [SyntheticSource, PictureSource, RecolouredSource]
    np.testing.assert_allclose(source.shares, [2 / 3.5, 1 / 3.5, 0.5 / 3.5])
    assert source.background(rng).dtype == np.uint8
    with pytest.raises(FileNotFoundError, match="nothing"):
        make_source([f"rgba={folders}/nothing"], [f"{folders}/backgrounds"], 64)


def test_folders_of_backgrounds_are_weighed(folders):
    """As often one of ten as the only one."""
    (folders / "more").mkdir()
    for number in range(10):
        cv2.imwrite(str(folders / "more" / f"{number}.png"), np.full((9, 9, 3), number, np.uint8))
    source = make_source([f"rgba={folders}/rgba"], [f"{folders}/more", f"{folders}/backgrounds*3"], 64)
    assert [path.parent.name for path in source.backgrounds] == 10 * ["more"] + ["backgrounds"]
    np.testing.assert_allclose(source.shares, [*10 * [1 / 40], 3 / 4])
    rng = np.random.default_rng(0)
    sizes = [source.background(rng).shape for _ in range(100)]
    assert 60 < sizes.count((20, 30, 3)) < 90


@pytest.mark.parametrize(
    ("words", "backgrounds", "message"),
    [
        (["adobe=x"], [], r"one of: synthetic, composition_1k=FOLDER.*Received: 'adobe=x'"),
        (["synthetic=x"], [], "Received: 'synthetic=x'"),
        (["rgba"], [], "Received: 'rgba'"),
        (["synthetic*0"], [], r"number above 0. Received: 'synthetic\*0'"),
        (["synthetic*some"], [], r"number above 0. Received: 'synthetic\*some'"),
        (["rgba=x"], [], "needs pictures to stand before.*--backgrounds=synthetic"),
        (["rgba=x"], ["synthetic", "y"], "goes with no other.*--kind=backgrounds"),
        (["rgba=x"], ["y*0"], r"weight, behind a \*.*Received: 'y\*0'"),
    ],
)
def test_exceptions(words, backgrounds, message):
    with pytest.raises(ValueError, match=message):
        make_source(words, backgrounds, 64)


def test_synthetic_validation_is_always_the_same():
    first, second = (make_validation("synthetic", 32, training_sample) for _ in range(2))
    assert len(first) == 16
    for one, other in zip(first, second, strict=True):
        assert one.image.shape == (32, 32, 3)
        for name in ("image", "trimap", "target"):
            assert getattr(one, name).dtype == np.uint8
            np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
        assert set(np.unique(one.trimap)) <= {0, 128, 255}
        np.testing.assert_array_equal(one.target[one.trimap == 255], 255)
        np.testing.assert_array_equal(one.target[one.trimap == 0], 0)


def test_validation_on_real_pictures(data_dir):
    pictures = make_validation(
        f"alphamatting={data_dir}/matting_alphamatting_lowres/train_with_gt", 32, training_sample
    )
    assert len(pictures) == 30  # 15 pictures, two trimaps of each
    picture = next(iter(pictures))
    assert picture.image.shape == (*picture.target.shape, 3)
    with pytest.raises(FileNotFoundError, match="no true mattes"):
        make_validation(f"alphamatting={data_dir}/matting_alphamatting_lowres/test_no_gt", 32, training_sample)


@pytest.mark.parametrize("word", ["other=x", "alphamatting", "synthetic=x"])
def test_exception_of_validation(word):
    with pytest.raises(ValueError, match=f"--validation is one of.*Received: '{word}'"):
        make_validation(word, 32, training_sample)
