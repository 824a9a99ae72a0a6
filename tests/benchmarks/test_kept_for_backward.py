"""What is kept for the backward pass: with the compiled ops, no encodings."""

import keras
import pytest

from a2u_tf.layers import A2UKernels
from benchmarks.kept_for_backward import kept_bytes


@pytest.mark.tensorflow
@pytest.mark.usefixtures("built")
@pytest.mark.parametrize("rank", [1, 4])
def test_encodings_are_not_kept(rank):
    guidance = keras.Input((32, 32, 64), 1)
    model = keras.Model(guidance, A2UKernels(rank=rank, implementation="compiled")(guidance))
    features = 4 * 32 * 32 * 64
    # Filters, averages and affinities come on top; both encodings alone are half of the features at rank 1, twice at 4.
    assert features <= kept_bytes(model) < 1.5 * features
