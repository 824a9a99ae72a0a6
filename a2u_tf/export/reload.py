"""Run a SavedModel in a process that knows TensorFlow alone: `python -P reload.py SAVED_MODEL CALLS ANSWERS`.

CALLS is a pickled list of pairs of a signature and a dict of arrays, ANSWERS will be one of dicts of arrays.
"""

import pickle
import sys
from pathlib import Path


def main(saved_model: str, calls: str, answers: str) -> None:
    import tensorflow as tf

    outputs = []
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:  # as TensorFlow Serving does
        try:
            signatures = tf.compat.v1.saved_model.load(session, ["serve"], saved_model).signature_def
        except (OSError, ValueError, tf.errors.OpError) as error:
            raise SystemExit(str(error).split(". ")[0].splitlines()[0]) from error
        for name, inputs in pickle.loads(Path(calls).read_bytes()):
            tensors = signatures[name]
            feed = {tensors.inputs[key].name: array for key, array in inputs.items()}
            outputs.append(session.run({key: tensor.name for key, tensor in tensors.outputs.items()}, feed))
    Path(answers).write_bytes(pickle.dumps(outputs))


if __name__ == "__main__":
    main(*sys.argv[1:])
