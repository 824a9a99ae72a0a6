"""Mattes of more pictures than one process can do: on Ray Data, on this machine or on a cluster."""

import importlib.util

# Ray itself is imported when it starts: it reads its settings from the environment as soon as that happens.
if not all(importlib.util.find_spec(package) for package in ("ray", "pyarrow")):
    raise ModuleNotFoundError("Many pictures are matted by Ray, which is not installed: pip install 'a2u_tf[ray]'")

from a2u_tf.matting.batch.job import run_job

__all__ = ["run_job"]
