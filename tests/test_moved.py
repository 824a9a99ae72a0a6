"""Every name that version 0.1 documented is still there, and says its new one where it has one."""

import importlib

import cv2
import numpy as np
import pytest

import a2u_tf
from a2u_tf import moved

OLD = """
callbacks: AtomicBackupAndRestore BestAndLast EpochTable
data: load_digits make_synthetic_digits
data.batches: Share shuffled_batches
data.matting: EvaluationImage MixedSource PictureError PictureSource RecolouredSource TrainingForeground alphamatting
  background_pictures composite composition_1k_test composition_1k_training distinctions_646_test
  distinctions_646_training exact_trimap merge_foregrounds read_alpha read_rgb read_rgba read_trimap
  rgba_foregrounds training_batches training_sample training_tensors trimap_from_alpha trimap_from_mask write_alpha
data.matting.synthetic: SyntheticSource
data.synthetic_digits: synthetic_digits
distribution: DistributedModel distributed
evaluation: evaluate
evaluation.files: evaluate_files
evaluation.images: find_predictions images_in_folders images_of_layout
evaluation.report: error_table mean_errors
evaluation.submission: write_submission
evaluation.validation: FilePictures ProtocolValidation ValidationPicture held_out_pictures validate
inference: predict_alpha
layers: get
losses: AlphaLoss CompositionLoss GradientLoss LaplacianLoss WeightedSum
losses.matting_loss: MattingLoss
metrics: PSNR SSIM psnr ssim
models: Matting matting_net reconstruction_net
models.released: assign_encoder assign_kernels assign_matting
optimizers: LayerwiseAdam
visualization: matting_grid reconstruction_sheet write_png
"""
NAMES = [
    (module.strip(), name)
    for module, _, names in (entry.partition(":") for entry in OLD.replace("\n ", "").strip().splitlines())
    for name in names.split()
]


@pytest.mark.filterwarnings("ignore:a2u_tf:DeprecationWarning")
@pytest.mark.parametrize(("module", "name"), NAMES)
def test_old_names_work(module, name):
    found = getattr(importlib.import_module(f"a2u_tf.{module}"), name)
    if f"{module}.{name}" in moved.AS_BEFORE:
        return
    assert found.__name__ == {"get": "make_upsampler", "Matting": "MattingModel"}.get(name, name)
    assert found.__module__.startswith("a2u_tf.")


@pytest.mark.parametrize(
    ("find", "said"),
    [
        (lambda: moved.names_of("layers")("get"), "a2u_tf.layers.get is now a2u_tf.layers.make_upsampler"),
        (lambda: moved.names_of("models")("Matting"), "a2u_tf.models.Matting is now a2u_tf.matting.MattingModel"),
        (lambda: importlib.import_module("a2u_tf.conventions"), "a2u_tf.conventions is now a2u_tf.matting.conventions"),
    ],
)
def test_the_new_name_is_said(find, said):
    with pytest.warns(DeprecationWarning, match=said):
        find()


@pytest.mark.filterwarnings("ignore:a2u_tf:DeprecationWarning")
def test_pictures_are_written_and_trimaps_read_as_before(tmp_path):
    blue_first = np.array([[[255, 128, 0]]], np.uint8)
    importlib.import_module("a2u_tf.visualization").write_png(tmp_path / "a.png", blue_first)
    np.testing.assert_array_equal(cv2.imread(str(tmp_path / "a.png")), blue_first)
    cv2.imwrite(str(tmp_path / "trimap.png"), np.array([[3, 100, 250]], np.uint8))
    trimap = importlib.import_module("a2u_tf.data.matting").read_trimap(tmp_path / "trimap.png")
    np.testing.assert_array_equal(trimap, np.array([[0, 128, 255]], np.uint8))
    assert trimap.shape == (1, 3)


def test_other_names_are_no_attributes():
    for module, name in ((a2u_tf, "no_room"), (a2u_tf.layers, "no_layer")):
        with pytest.raises(AttributeError, match=f"module {module.__name__!r} has no attribute {name!r}"):
            getattr(module, name)
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module("a2u_tf.no_room")
