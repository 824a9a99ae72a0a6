"""Which implementation of reassembly runs: asked for, forced, available, and possible in the trace at hand."""

import contextlib
import os
from collections.abc import Iterator

from a2u_tf.ops import compiled
from a2u_tf.ops.trace import in_xla_trace

IMPLEMENTATIONS = ("auto", "composite", "compiled")
VARIABLE = "A2U_TF_IMPLEMENTATION"

_forced: dict[object, str] = {}  # by each context that is open, in the order of their opening


@contextlib.contextmanager
def use_implementation(name: str) -> Iterator[None]:
    """Run every reassembly by one implementation, whatever its `implementation` says, while the context is open.

    It holds for the whole process, so also in threads that run meanwhile, such as those of a distribution strategy's
    replicas; of several open contexts, the one opened last. It counts where layers are made and functions are traced: a
    `tf.function` that was traced before keeps what it has. The environment variable `A2U_TF_IMPLEMENTATION` does the
    same without a context; the context goes before it.

    Args:
        name: `"auto"`, `"composite"` or `"compiled"`; another is a `ValueError`, `"compiled"` a `RuntimeError` where
            the compiled op cannot be used.

    Example:
    >>> with a2u_tf.ops.use_implementation("composite"):
    ...     model = a2u_tf.reconstruction.reconstruction_net()
    """
    resolve_implementation(name)
    context = object()
    _forced[context] = name
    try:
        yield
    finally:
        del _forced[context]


def resolve_implementation(implementation: str) -> tuple[str, str]:
    """Return the name of the implementation that runs outside XLA for a requested one, and why it is this one."""
    _check_name("`implementation`", implementation)
    why = "asked for"
    if forced := list(_forced.values()):
        implementation, why = forced[-1], "forced by `use_implementation`"
    elif VARIABLE in os.environ:
        implementation, why = os.environ[VARIABLE], f"forced by {VARIABLE}"
        _check_name(f"The environment variable {VARIABLE}", implementation)
    if implementation == "composite":
        return "composite", why
    problem = compiled.unavailable()
    if problem is None:
        return "compiled", why if implementation == "compiled" else "the compiled op is there"
    if implementation == "compiled":
        raise RuntimeError(
            f'implementation="compiled" ({why}) needs the compiled reassembly op: {problem}. Or use '
            'implementation="auto" or "composite": the same numbers through `keras.ops`.'
        )
    return "composite", f"no compiled op: {problem}"


def _check_name(what: str, name: str) -> None:
    if name not in IMPLEMENTATIONS:
        raise ValueError(f"{what} must be one of {IMPLEMENTATIONS}. Received: {name!r}")


def implementation_here(implementation: str) -> str:
    """The name of the implementation for the trace at hand: XLA takes the composite."""
    name, _ = resolve_implementation(implementation)
    return "composite" if name == "compiled" and in_xla_trace() else name
