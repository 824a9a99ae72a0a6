"""Training jobs, one script each."""
