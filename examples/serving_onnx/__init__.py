"""A matte by ONNX Runtime, in an environment without TensorFlow, Keras and this package."""
