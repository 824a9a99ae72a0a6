"""A stand-in for TensorFlow Serving, for tests alone.

The model is run by the sessions of TensorFlow's C++ runtime, as the real server does it; gRPC has the real server's
messages. What is not its own is the REST interface, written after the documentation, and everything around: no
batching, no versions but one, no warm-up.
"""
