"""The export behind NVIDIA's Triton, a server that is not ours; see docs/serving.md."""
