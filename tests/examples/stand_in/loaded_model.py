"""A SavedModel in a session of TensorFlow's C++ runtime."""

import tensorflow as tf
from tensorflow.core.protobuf import config_pb2

INVALID_ARGUMENT, NOT_FOUND = 3, 5  # the codes of absl::Status, which are gRPC's


class ServingError(Exception):
    """Why a request has no answer: `code` of absl::Status, and the message."""

    def __init__(self, code, message):
        super().__init__(message)
        self.code = code


class LoadedModel:
    """A SavedModel, ready to answer requests; safe to call from several threads."""

    def __init__(self, name, folder):
        self.name = name
        self._session = tf.compat.v1.Session(graph=tf.Graph())
        with self._session.graph.as_default():
            self._signatures = tf.compat.v1.saved_model.load(self._session, ["serve"], folder).signature_def

    def check_name(self, name, version):
        """Raise `ServingError` for another model's name, or a version that is not 1."""
        if name != self.name or version not in (None, "1"):
            asked = f"Specific({name}, {version})" if version else f"Latest({name})"
            raise ServingError(NOT_FOUND, f"Servable not found for request: {asked}")

    def signature(self, name):
        """Return the SignatureDef of a name, `serving_default` for an empty one."""
        name = name or "serving_default"
        if name not in self._signatures:
            raise ServingError(INVALID_ARGUMENT, f'Serving signature name: "{name}" not found in signature def')
        return self._signatures[name]

    def run(self, signature, inputs):
        """Return a dict of output arrays for a dict of input arrays; strings are arrays of bytes objects."""
        signature = self.signature(signature)
        if set(inputs) != set(signature.inputs):
            raise ServingError(INVALID_ARGUMENT, f"expected inputs {sorted(signature.inputs)}, got {sorted(inputs)}")
        feed = [signature.inputs[name].name for name in inputs]
        fetch = [tensor.name for tensor in signature.outputs.values()]
        # Unlike `run`, this hands over what it is given: what does not fit is for the runtime and the graph to refuse.
        call = self._session._make_callable_from_options(config_pb2.CallableOptions(feed=feed, fetch=fetch))
        try:
            return dict(zip(signature.outputs, call(*inputs.values()), strict=True))
        except tf.errors.OpError as error:
            raise ServingError(error.error_code, error.message) from error
