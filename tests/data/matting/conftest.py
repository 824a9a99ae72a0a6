"""The vectors of the released data steps."""

import json

import numpy as np
import pytest


@pytest.fixture(scope="session")
def data_steps(golden_dir):
    """Arrays by name, and the settings of each step's cases; pictures there are BGR."""
    with np.load(golden_dir / "G_data_steps.npz") as arrays:
        content = dict(arrays)
    return content, json.loads(str(content.pop("meta")))
