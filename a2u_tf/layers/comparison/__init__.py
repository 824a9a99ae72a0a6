"""Upsampling methods to compare A2U with, each from its own paper; `make_upsampler` makes them by name."""
