"""What NVIDIA's Triton runs, in its Python backend: the SavedModel in whose folder this file lies, by TensorFlow."""

import re
from pathlib import Path

import tensorflow as tf
import triton_python_backend_utils as triton

INPUTS = "image_bytes", "trimap_bytes"


class TritonPythonModel:
    """The name and the methods that Triton looks for."""

    def initialize(self, _):
        # What is loaded must be held: its signatures do not hold it.
        self.model = tf.saved_model.load(str(Path(__file__).parent))
        self.matte = self.model.signatures["serve_encoded"]

    def execute(self, requests):
        return [self._answer(request) for request in requests]

    def _answer(self, request):
        arrays = {name: triton.get_input_tensor_by_name(request, name).as_numpy() for name in INPUTS}
        try:
            alpha = self.matte(**{name: tf.constant(array) for name, array in arrays.items()})["alpha_bytes"]
        except tf.errors.OpError as error:
            # What the graph says, without where in the graph it says so.
            said = re.search(r"assertion failed: \[(.*?)\]\s+\[\[", error.message, re.DOTALL)
            message = said[1] if said else error.message
            return triton.InferenceResponse(error=triton.TritonError(message, triton.TritonError.INVALID_ARG))
        return triton.InferenceResponse([triton.Tensor("alpha_bytes", alpha.numpy())])
