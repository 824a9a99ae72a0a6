import numpy as np
import pytest

from experiments.picture_statistics import COLUMNS, statistics


@pytest.mark.process
def test_of_a_ramp_between_black_and_white():
    """Background to column 8, alpha up by 1 / 16 a pixel to column 24, then foreground; the trimap leaves 4 to 28."""
    pytest.importorskip("pymatting", reason="needs a2u_tf[pymatting]")
    alpha = np.tile(np.clip((np.arange(32, dtype="float32") - 8) / 16, 0, 1), (32, 1))
    image = np.repeat(np.uint8(255 * alpha)[..., None], 3, axis=-1)
    columns = np.arange(32)
    trimap = np.tile(np.where(columns < 4, 0, np.where(columns < 28, 128, 255)).astype("uint8"), (32, 1))
    values = statistics(image, trimap, alpha)
    assert list(values) == list(COLUMNS)
    assert values["unknown"] == pytest.approx(24 / 32)
    assert values["soft"] == pytest.approx(15 / 24)
    assert (values["below"], values["above"]) == (pytest.approx(5 / 24), pytest.approx(4 / 24))
    assert values["gradient"] == pytest.approx(16 / 16 / 24)  # both ends' halves make one
    assert values["colours"] == pytest.approx(1)
    assert values["closed form"] < 0.02
    assert statistics(image, np.maximum(trimap, 128), alpha) is None
