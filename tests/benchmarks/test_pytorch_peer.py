"""Ours and the network that it is measured against are the same network, and both are the released one."""

import numpy as np
import pytest

from a2u_tf.matting import matting_net
from a2u_tf.matting.pytorch_release import assign_matting
from tests.helpers import to_numpy
from tests.matting.pytorch_release.recipe import channels_last, load, make_state

torch = pytest.importorskip("torch", reason="needs torch: pip install 'a2u_tf[torch]'")

from benchmarks.pytorch_peer import peer  # noqa: E402


def random_state(network, rng):
    """Weights of all signs and statistics far from 0 and 1, at which the maps stay of order one."""
    state = {}
    for name, tensor in network.state_dict().items():
        shape = tuple(tensor.shape)
        if name.endswith("running_var"):
            value = rng.uniform(0.5, 1.5, shape)
        elif len(shape) == 4:
            value = rng.normal(size=shape) / np.sqrt(np.prod(shape[1:]))
        elif name.endswith("weight"):
            value = rng.uniform(0.7, 1.3, shape) * rng.choice([-1, 1], shape)
        else:
            value = rng.normal(size=shape) * (1.0 if "P.1.bias" in name else 0.2)
        state[name] = np.asarray(value, "int64" if name.endswith("num_batches_tracked") else "float32")
    return state


def predicted(network, state, x):
    """What the peer makes of pictures `(N, H, W, 4)` with these weights; every name must fit."""
    network.load_state_dict({name: torch.from_numpy(np.array(value)) for name, value in state.items()})
    with torch.inference_mode():
        y = network.eval()(torch.from_numpy(np.ascontiguousarray(x.transpose(0, 3, 1, 2))))
    return channels_last(y.numpy())


@pytest.mark.network
@pytest.mark.parametrize("reassembly", ["taps", "unfold"])
def test_same_alpha_as_ours(rng, reassembly):
    """Two pictures, as each has filters of its own; 40 channels, so that normalisation has groups of two."""
    network = peer(0.625, reassembly)
    state = random_state(network, rng)
    model = matting_net(width=0.625)
    assign_matting(model, state)
    x = rng.normal(size=(2, 32, 48, 4)).astype("float32")
    expected = predicted(network, state, x)
    assert np.std(expected) > 0.05  # mattes of order one, so that there is something to see
    # Both round in float32 over a hundred layers, which comes to 2e-6; scales of |weight|, without the released
    # epsilon, would come to 1e-4.
    np.testing.assert_allclose(to_numpy(model(x, training=False)), expected, rtol=0, atol=2e-5)


@pytest.mark.network
def test_released_network(golden_dir):
    """By the vectors of the released model, in which ours has no part."""
    network, (_, state) = peer(), make_state(golden_dir, "adobe")
    meta, arrays = load(golden_dir / "D_net_adobe_eval.npz")
    for row in meta["inputs"]:
        prefix = f"i{row['index']}_"
        received = predicted(network, state, channels_last(arrays[f"{prefix}x"]))
        expected = channels_last(arrays[f"{prefix}out_f64"])
        np.testing.assert_allclose(received, expected, rtol=0, atol=5e-5)
