"""Flags out of the fields of a settings dataclass: one for each, with its type, default and help text."""

import dataclasses
import types
import typing
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from absl import flags

S = TypeVar("S")
_DEFINE: dict[Any, Callable[..., Any]] = {
    bool: flags.DEFINE_bool,
    int: flags.DEFINE_integer,
    float: flags.DEFINE_float,
    str: flags.DEFINE_string,
    tuple[str, ...]: flags.DEFINE_multi_string,
    tuple[int, ...]: flags.DEFINE_multi_integer,
}
flags.disclaim_key_flags()  # They are the calling script's, which `--helpshort` shows.


def setting(default: Any, text: str, choices: Iterable[str] | None = None, **bounds: float) -> Any:
    """Return a field of a settings dataclass that is also a flag.

    Args:
        default: Of the setting and of the flag.
        text: Help of the flag.
        choices: What a string may be.
        bounds: `lower_bound` and `upper_bound` of a number.
    """
    return dataclasses.field(default=default, metadata={"text": text, "choices": choices, "options": bounds})


def define_flags(settings: type, into: flags.FlagValues = flags.FLAGS) -> None:
    """Define one flag for each field of a dataclass of `setting`s; a field that may be None is a flag without value."""
    hints = typing.get_type_hints(settings)
    for field in dataclasses.fields(settings):
        text, choices, options = (field.metadata[key] for key in ("text", "choices", "options"))
        if choices is not None:
            default: Any = field.default
            flags.DEFINE_enum(field.name, default, choices, text, flag_values=into)
        else:
            _DEFINE[_kind(hints[field.name])](field.name, field.default, text, flag_values=into, **options)


def read_flags(settings: type[S], instead: Mapping[str, Any], given: flags.FlagValues = flags.FLAGS) -> S:
    """Return the settings that the flags say, and `instead` of flags that nobody gave."""
    values: dict[str, Any] = {}
    for field in dataclasses.fields(settings):  # type: ignore[arg-type]
        flag = given[field.name]
        value = instead[field.name] if field.name in instead and not flag.present else flag.value
        values[field.name] = tuple(value) if isinstance(value, list) else value
    return settings(**values)


def _kind(hint: Any) -> Any:
    """The type of a value that is not None."""
    if isinstance(hint, types.UnionType):
        (hint,) = (part for part in typing.get_args(hint) if part is not types.NoneType)
    return hint
