"""Pipelines of `tf.data` whose iterators end at once."""

import pytest

from a2u_tf.training.tf_data import without_autotuning


@pytest.mark.tensorflow
def test_without_autotuning():
    import tensorflow as tf

    options = tf.data.Options()
    options.deterministic = False
    data = without_autotuning(tf.data.Dataset.range(3).with_options(options))
    assert data.options().autotune.enabled is False
    assert data.options().deterministic is False  # what else was set stays
    assert list(data.as_numpy_iterator()) == [0, 1, 2]
