"""Run a SavedModel in a process that knows TensorFlow alone; `a2u_tf.export.saved_model` starts it by its path.

    python -P reload.py SAVED_MODEL CALLS.npz RESULTS.npz

The arrays of CALLS.npz are named NUMBER/SIGNATURE/INPUT, those of RESULTS.npz NUMBER/SIGNATURE/OUTPUT.
"""

import sys
from typing import Any

import numpy as np


def main(saved_model: str, calls: str, results: str) -> None:
    import tensorflow as tf

    inputs: dict[tuple[str, str], dict[str, Any]] = {}
    with np.load(calls) as arrays:
        for key, array in arrays.items():
            number, signature, name = key.split("/", 2)
            inputs.setdefault((number, signature), {})[name] = array
    outputs = {}
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:  # as TensorFlow Serving does
        try:
            signatures = tf.compat.v1.saved_model.load(session, ["serve"], saved_model).signature_def
        except (OSError, ValueError, tf.errors.OpError) as error:
            raise SystemExit(str(error).split(". ")[0].splitlines()[0]) from error
        for (number, signature), call in inputs.items():
            tensors = signatures[signature]
            feed = {tensors.inputs[name].name: array for name, array in call.items()}
            fetch = {name: tensor.name for name, tensor in tensors.outputs.items()}
            for name, array in session.run(fetch, feed).items():
                outputs[f"{number}/{signature}/{name}"] = array.astype("S") if array.dtype == object else array
    np.savez(results, **outputs)


if __name__ == "__main__":
    main(*sys.argv[1:])
