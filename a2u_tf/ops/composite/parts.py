"""Parts of a TensorFlow graph that XLA compiles by themselves, where the whole is not.

TensorFlow runs a sum over 36 taps as 108 operations, each through all of its map; XLA makes one loop of it. Compiling
takes about a second for each shape of maps, which a training makes good in its first steps; a prediction would not.
"""

import contextlib
import contextvars
import functools
from collections.abc import Callable, Iterator
from typing import Any

import keras

from a2u_tf.ops.trace import in_xla_trace
from a2u_tf.types import Tensor

_plain: contextvars.ContextVar[bool] = contextvars.ContextVar("a2u_tf_plain", default=False)


@contextlib.contextmanager
def no_parts() -> Iterator[None]:
    """While open, graphs hold all their operations themselves, to be counted."""
    token = _plain.set(True)
    try:
        yield
    finally:
        _plain.reset(token)


def compiles_parts(*tensors: Tensor) -> bool:
    """Whether XLA should compile functions of these tensors: in a TensorFlow graph under a tape, all sizes known."""
    if keras.backend.backend() != "tensorflow" or _plain.get():
        return False
    import tensorflow as tf
    from tensorflow.python.eager import forwardprop_util, record

    if tf.executing_eagerly() or in_xla_trace() or not record.could_possibly_record():
        return False
    if forwardprop_util.pack_tangents(tensors).tangents:  # see `alternatives.call`
        return False
    return all(x.shape.is_fully_defined() for x in tensors) and _xla_is_there()


@functools.lru_cache(256)
def compiled_part(function: Callable[..., Any], *settings: Any) -> Callable[..., Any]:
    """`function(*settings, *tensors)` as a function of tensors that XLA compiles, once for each of their shapes."""
    import tensorflow as tf

    way = functools.partial(function, *settings)
    part: Callable[..., Any] = tf.function(way, autograph=False, jit_compile=True)
    return part


@functools.cache
def _xla_is_there() -> bool:
    """Whether this build of TensorFlow has XLA for the devices at hand; that for Windows may have none."""
    import tensorflow as tf

    with tf.init_scope():
        try:
            tf.function(lambda x: x + 1, autograph=False, jit_compile=True)(tf.zeros(()))
        except (tf.errors.OpError, ValueError):
            return False
    return True
