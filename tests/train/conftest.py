"""Trainings set Keras' dtype policy."""

import keras
import pytest


@pytest.fixture(autouse=True)
def restore_policy():
    yield
    keras.config.set_dtype_policy("float32")
