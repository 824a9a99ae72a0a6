"""The vectors of the released data steps, and files to be read."""

import json

import numpy as np
import pytest


@pytest.fixture(scope="session")
def data_steps(golden_dir):
    """Arrays by name, and the settings of each step's cases; pictures there are BGR."""
    with np.load(golden_dir / "G_data_steps.npz") as arrays:
        content = dict(arrays)
    return content, json.loads(str(content.pop("meta")))


@pytest.fixture
def saved(tmp_path):
    def save(data, name="picture.png"):
        path = tmp_path / name
        path.write_bytes(data)
        return path

    return save
