"""The matting network as sides of a comparison: predictions and training steps, in Keras and in PyTorch.

Keras's sides run in older checkouts, too. What only one side needs is imported on that side.
"""

import contextlib
import os
import tempfile
from collections.abc import Callable
from typing import Any

Act = Callable[[], Any]


def prediction(
    upsampling: str,
    implementation: str,
    width: float,
    size: int,
    threads: int,
    policy: str = "float32",
    batch: int = 1,
    backend: str = "tensorflow",
) -> Act:
    """A prediction of the Keras network, from a NumPy array to a NumPy array."""
    import numpy as np

    use = _prepare(implementation, threads, policy, backend)
    with use():
        model = _network(upsampling, width)
    x = np.random.default_rng(0).normal(size=(batch, size, size, 4)).astype("float32")

    def act() -> None:
        with use():
            model.predict_on_batch(x)

    return act


def training_step(
    upsampling: str,
    implementation: str,
    width: float,
    size: int,
    threads: int,
    policy: str = "float32",
    batch: int = 1,
    backend: str = "tensorflow",
    xla: bool = False,
) -> Act:
    """A training step of the Keras network, by Adam; JAX compiles it with XLA in any case."""
    import numpy as np

    use = _prepare(implementation, threads, policy, backend)
    import keras

    with use():
        model = _network(upsampling, width)
        model.compile(keras.optimizers.Adam(1e-4), _alpha_loss()(), jit_compile=xla or backend == "jax")
        model.optimizer.build(model.trainable_variables)
    random = np.random.default_rng(0)
    shape = (batch, size, size)
    inputs, targets = random.random((*shape, 4), dtype="float32"), random.random((*shape, 11), dtype="float32")

    def act() -> None:
        with use():
            float(model.train_on_batch(inputs, targets))

    return act


def saved_model_prediction(upsampling: str, width: float, size: int, threads: int) -> Act:
    """A prediction of the Keras network, exported, by TensorFlow alone."""
    import numpy as np

    _prepare("auto", threads, "float32", "tensorflow")
    import tensorflow as tf

    with tempfile.TemporaryDirectory() as folder:
        _network(upsampling, width).export(folder, verbose=False)
        served = tf.saved_model.load(folder)
    x = np.random.default_rng(0).normal(size=(1, size, size, 4)).astype("float32")
    return lambda: served.serve(x).numpy()


def _prepare(
    implementation: str, threads: int, policy: str, backend: str
) -> Callable[[], contextlib.AbstractContextManager[None]]:
    os.environ["KERAS_BACKEND"] = backend  # which Keras reads when it is imported
    import keras

    from a2u_tf.ops import use_implementation

    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        tf.config.threading.set_intra_op_parallelism_threads(threads)
    keras.utils.set_random_seed(0)
    keras.config.set_dtype_policy(policy)
    return lambda: use_implementation(implementation)


def _network(upsampling: str, width: float) -> Any:
    try:
        from a2u_tf.matting import matting_net
    except ImportError:  # before 0.2
        from a2u_tf.models import matting_net
    return matting_net(upsampling, "a2u" if upsampling == "a2u" else "max_pool", width=width)


def _alpha_loss() -> Any:
    try:
        from a2u_tf.matting.losses import AlphaLoss
    except ImportError:
        from a2u_tf.losses import AlphaLoss
    return AlphaLoss


def torch_prediction(mode: str, width: float, size: int, threads: int) -> Act:
    """A prediction of the PyTorch network; `mode` may name bfloat16, compile and unfold."""
    import numpy as np
    import torch

    from benchmarks.pytorch_peer import peer

    torch.set_num_threads(threads)
    torch.manual_seed(0)
    model: Any = peer(width, "unfold" if "unfold" in mode else "taps").eval()
    if "compile" in mode:
        model = torch.compile(model)
    x = np.random.default_rng(0).normal(size=(1, size, size, 4)).astype("float32")

    def act() -> None:
        half = torch.autocast("cpu", torch.bfloat16) if "bfloat16" in mode else contextlib.nullcontext()
        with torch.inference_mode(), half:
            y = model(torch.from_numpy(np.ascontiguousarray(x.transpose(0, 3, 1, 2))))
        y.float().numpy()

    return act
