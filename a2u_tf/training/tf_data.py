"""What all our pipelines of `tf.data` have in common."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import tensorflow as tf


def without_autotuning(dataset: "tf.data.Dataset") -> "tf.data.Dataset":
    """Return the dataset with its autotuning off, for pipelines that say their parallelism themselves.

    An iterator of TensorFlow 2.21 ends only when its autotuning thread next wakes, which it does ever more rarely, up
    to once a minute; `fit` makes an iterator an epoch, and waits for the end of the one before.

    Args:
        dataset: Any `tf.data.Dataset`. Its other options stay as they are.

    Returns:
        A dataset of the same elements. Where it says `tf.data.AUTOTUNE`, put numbers: nothing looks for them any more.

    >>> import tensorflow as tf
    >>> data = without_autotuning(tf.data.Dataset.range(100).batch(4).prefetch(2))
    """
    import tensorflow as tf

    options = tf.data.Options()
    options.autotune.enabled = False
    return dataset.with_options(options)
