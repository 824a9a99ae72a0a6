"""Checkpoints as the authors' code writes them, made here with torch, into Keras weights."""

from collections import OrderedDict

import numpy as np
import pytest

from a2u_tf.matting import matting_net
from a2u_tf.matting.pytorch_release.checkpoint import (
    CheckpointError,
    import_checkpoint,
)
from tests.helpers import to_numpy
from tests.matting.pytorch_release.recipe import channels_last, load, make_state
from tests.matting.pytorch_release.test_network import backbone

torch = pytest.importorskip("torch", reason="needs torch")


def write_official(path, state, counters=True):
    """A file as the released training saves it; older InPlaceABN versions had no counters."""
    tensors = OrderedDict(
        (f"module.{name}", torch.from_numpy(np.array(value)))
        for name, value in state.items()
        if counters or not name.endswith("num_batches_tracked")
    )
    optimizer = torch.optim.Adam([torch.zeros(2, requires_grad=True)])
    content = {"state_dict": tensors, "optimizer": optimizer.state_dict(), "epoch": 30, "measure": {"sad": [1.0]}}
    torch.save(content, path)


@pytest.mark.network
@pytest.mark.parametrize(("tag", "counters"), [("adobe", True), ("adobe_unshare", False)])
def test_official_checkpoint_predicts_as_recorded(golden_dir, tmp_path, tag, counters):
    _, state = make_state(golden_dir, tag)
    write_official(tmp_path / "model.pth", state, counters)
    output = tmp_path / "model.weights.h5"
    variant = "cs" if tag == "adobe" else "cw"
    said = import_checkpoint(tmp_path / "model.pth", output)
    assert said.startswith(f"matting network, dynamic {variant}, kernel_size=3, encoding_size=6, 8,")
    model = matting_net(channel_shared=tag == "adobe", weights=output)
    meta, arrays = load(golden_dir / f"D_net_{tag}_eval.npz")
    for row in meta["inputs"]:
        prefix = f"i{row['index']}_"
        received = to_numpy(model(channels_last(arrays[f"{prefix}x"]), training=False))
        np.testing.assert_allclose(received, channels_last(arrays[f"{prefix}out_f64"]), rtol=0, atol=2e-4)


@pytest.mark.network
def test_encoder(golden_dir, tmp_path):
    state = {name: torch.from_numpy(np.array(value)) for name, value in backbone(golden_dir).items()}
    torch.save({"state_dict": state}, tmp_path / "resnet34.pth")
    output = tmp_path / "encoder.weights.h5"
    assert import_checkpoint(tmp_path / "resnet34.pth", output, encoder=True).startswith("encoder of a matting network")
    model = matting_net("bilinear", "max_pool", weights=output)
    kernel = to_numpy(model.get_layer("encoder_stem_conv").kernel)
    np.testing.assert_array_equal(kernel[:, :, :3], state["mod1.conv1.weight"].numpy().transpose(2, 3, 1, 0))
    np.testing.assert_array_equal(kernel[:, :, 3], 0)


def test_exceptions(tmp_path):
    (tmp_path / "text.pth").write_text("not a checkpoint")
    torch.save({"epoch": 3}, tmp_path / "other.pth")
    torch.save([1, 2], tmp_path / "list.pth")
    for name, message in (
        ("missing.pth", "no such checkpoint"),
        ("text.pth", "is not a checkpoint of tensors alone"),
        ("other.pth", "must hold a dict of tensors.*Received: ..epoch"),
        ("list.pth", "must hold a dict of tensors.*Received: list"),
    ):
        with pytest.raises(CheckpointError, match=message):
            import_checkpoint(tmp_path / name, tmp_path / "out.weights.h5")
    assert not (tmp_path / "out.weights.h5").exists()
