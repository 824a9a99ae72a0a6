import numpy as np

from experiments.start import CONSTANTS, SETTINGS, constant_losses, report
from train.matting_settings import Settings


def test_losses_of_constants():
    """Alpha 0.3 everywhere, of a colour that is that of the background: then composition errs nowhere."""
    target = np.full((1, 16, 16, 11), 0.5, "float32")
    target[..., 0], target[..., 1] = 0.3, 1
    settings = Settings(**SETTINGS)
    losses = constant_losses(settings, [(np.zeros((1, 16, 16, 4), "float32"), target)])
    assert losses.shape == (1, len(CONSTANTS))
    expected = 0.5 * np.abs(CONSTANTS - 0.3) * 256 / 257
    np.testing.assert_allclose(losses[0], expected, atol=1e-5)


def test_table_has_a_place_for_each_run():
    runs = [
        {"method": "A2U", "start": "drawn", "seed": 1, "sum": -1.25, "ratios": [1.2, 1.1]},
        {"method": "A2U", "start": "average", "seed": 0, "sum": 1.0, "ratios": [1.2, 0.75]},
    ]
    _, _, first, second = report(runs).splitlines()
    assert [cell.strip() for cell in first.split("|")[1:-1]] == ["0", "0.750 (+1.0)", "", "", ""]
    assert [cell.strip() for cell in second.split("|")[1:-1]] == ["1", "", "", "1.100 (-1.2)", ""]
