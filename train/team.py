"""The processes that train one network together: which of them this one is, and what the others leave to it.

`TF_CONFIG`, the environment variable by which TensorFlow describes a cluster, says who takes part:

    {"cluster": {"worker": ["host-a:12345", "host-b:12345"]}, "task": {"type": "worker", "index": 0}}
"""

import contextlib
import dataclasses
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import keras
from absl import logging

from a2u_tf.training import Share

if TYPE_CHECKING:
    import tensorflow as tf


class TeamError(ValueError):
    """A cluster that cannot train together as it is asked to."""


@dataclasses.dataclass(frozen=True)
class Team:
    """The processes that train one network, as one of them sees it.

    Attributes:
        rank: Number of this process; 0 is the chief, whose files alone are kept.
        size: Number of processes.
        strategy: `tf.distribute.Strategy`, or None for one device.
    """

    rank: int = 0
    size: int = 1
    strategy: "tf.distribute.Strategy | None" = None

    @property
    def is_chief(self) -> bool:
        return self.rank == 0

    @property
    def replicas(self) -> int:
        """Number of devices, over all processes."""
        return self.strategy.num_replicas_in_sync if self.strategy else 1

    @property
    def verbose(self) -> int:
        """How `fit` shows its progress: by a bar on a terminal, elsewhere by a line an epoch.

        The chief alone does, and not where `--verbosity=-1` asks for quiet, or no flags were read at all.
        """
        if not self.is_chief or logging.get_verbosity() < logging.INFO:
            return 0
        return 1 if sys.stdout.isatty() else 2

    @property
    def share(self) -> Share:
        """What this process makes of each batch. (Keras itself cuts the batches of a single process.)"""
        if self.size == 1:
            return Share()
        devices = self.replicas // self.size
        return Share(first=self.rank * devices, count=devices, of=self.replicas)

    def scope(self) -> contextlib.AbstractContextManager[object]:
        """The context to make and compile the network in."""
        return self.strategy.scope() if self.strategy else contextlib.nullcontext()

    def spread(self, data: "tf.data.Dataset") -> "tf.data.Dataset | tf.distribute.DistributedDataset":
        """Return data for `fit` of a `tf.data.Dataset` of this process's share; TensorFlow cuts it no further."""
        return (
            data
            if self.size == 1 or self.strategy is None
            else self.strategy.distribute_datasets_from_function(lambda _: data)
        )

    def check(self, settings: Any, **numbers: int) -> None:
        """Raise where this team would not get the numbers of one device.

        Args:
            settings: Object with `batch_size` and `jit_compile`, and `clip_norm` where there is one.
            **numbers: What else all devices must get equal parts of.
        """
        if self.size > 1:
            # The mean of the losses of unequal parts is not that of the batch.
            for name, number in {"batch_size": settings.batch_size, **numbers}.items():
                if number % self.replicas:
                    raise TeamError(
                        f"{name} must be a multiple of the number of devices, so that all get equal parts. Received: "
                        f"{number} for {self.replicas} devices of {self.size} processes."
                    )
            if settings.jit_compile:
                raise TeamError(
                    "--jit_compile works in one process: TensorFlow has no sum over workers in XLA for CPUs."
                )
        if self.replicas > 1 and getattr(settings, "clip_norm", None):
            raise TeamError(
                "--clip_norm works on one device: Keras clips the gradient of each device's part of a batch before it "
                f"adds them up. Received: {settings.clip_norm} for {self.replicas} devices."
            )

    @contextlib.contextmanager
    def folder(self, run_folder: Path) -> Iterator[Path]:
        """Yield the folder to write to: for all but the chief a temporary one, with a copy of the chief's backup.

        All processes run the same callbacks: reading what is spread over the processes, such as metrics, takes all.
        """
        if self.is_chief:
            yield run_folder
            return
        with tempfile.TemporaryDirectory(prefix="a2u_tf_") as temporary:
            if (run_folder / "backup").exists():
                shutil.copytree(run_folder / "backup", Path(temporary) / "backup")
            yield Path(temporary)


def join_team(mirrored: bool = False) -> Team:
    """Return the team of this process, once all processes that `TF_CONFIG` names have come.

    TensorFlow must not have computed anything before.

    Args:
        mirrored: Whether a process by itself uses all its GPUs. Workers of a cluster do so anyway.

    Raises:
        TeamError: For a `TF_CONFIG` that describes no cluster of workers.
    """
    rank, size = _place(os.environ.get("TF_CONFIG") or "{}")
    if keras.backend.backend() != "tensorflow":
        if size > 1:
            raise TeamError(f"TF_CONFIG needs the TensorFlow backend of Keras. Received: {keras.backend.backend()}")
        return Team()
    import tensorflow as tf

    if size > 1:
        tf.get_logger().setLevel("WARNING")  # Else it writes a line for each sum over the workers.
        return Team(rank, size, tf.distribute.MultiWorkerMirroredStrategy())
    if mirrored and len(tf.config.list_logical_devices("GPU")) > 1:
        return Team(strategy=tf.distribute.MirroredStrategy())
    return Team()


def _place(text: str) -> tuple[int, int]:
    """Return rank and number of processes of a `TF_CONFIG`."""
    try:
        config = json.loads(text)
        cluster = {kind: list(hosts) for kind, hosts in config.get("cluster", {}).items()}
        hosts = [(kind, index) for kind in ("chief", "worker") for index in range(len(cluster.pop(kind, [])))]
        if cluster:
            raise ValueError(f"a job other than chief and worker: {sorted(cluster)}")
        if len(hosts) < 2:
            return 0, 1
        task = config["task"]["type"], int(config["task"]["index"])
        if task not in hosts:
            raise ValueError(f"a task that is not in the cluster: {task}")
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise TeamError(
            'TF_CONFIG must be JSON like {"cluster": {"worker": ["host-a:12345", "host-b:12345"]}, "task": {"type": '
            f'"worker", "index": 0}}}}. Received: {text} ({error!r})'
        ) from error
    return hosts.index(task), len(hosts)
