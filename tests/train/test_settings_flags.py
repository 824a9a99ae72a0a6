"""Flags are the fields of a settings dataclass."""

import dataclasses

import pytest
from absl import flags

from train.settings_flags import define_flags, read_flags, setting


@dataclasses.dataclass(frozen=True)
class Settings:
    method: str = setting("fast", "How.", ("fast", "slow"))
    folder: str | None = setting(None, "Where.")
    epochs: int = setting(3, "How long.", lower_bound=1)
    limit: int | None = setting(None, "How many.", lower_bound=1)
    rate: float = setting(0.5, "How much.", upper_bound=1)
    jit: bool = setting(False, "With XLA.")
    loss: tuple[str, ...] = setting(("alpha",), "What.")


def parse(*words, **instead):
    values = flags.FlagValues()
    define_flags(Settings, values)
    values(["program", *words])
    return read_flags(Settings, instead, values)


def test_defaults_and_values():
    assert parse() == Settings()
    words = ["--method=slow", "--folder=F", "--epochs=5", "--limit=2", "--rate=0.25", "--jit", "--loss=a", "--loss=b"]
    assert parse(*words) == Settings("slow", "F", 5, 2, 0.25, True, ("a", "b"))
    # Given flags go before what stands instead.
    assert parse("--epochs=5", epochs=1, rate=0.1) == Settings(epochs=5, rate=0.1)


@pytest.mark.parametrize("word", ["--method=other", "--epochs=0", "--epochs=x", "--limit=0", "--rate=2"])
def test_exception_of_other_values(word):
    with pytest.raises(flags.IllegalFlagValueError, match=word.split("=")[0]):
        parse(word)
