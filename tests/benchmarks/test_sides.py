"""Sides of a comparison: what they are told to do, what they answer, where they come from."""

from pathlib import Path

import pytest

from benchmarks.sides import Process, Side, compare_sides

pytestmark = pytest.mark.process

CODE = """
import sys, time

def make(seconds, megabytes=0, ends=False):
    import other_commit

    print("whatever a library prints")
    first = []
    def act():
        if ends:
            sys.exit("no more")
        first.append(bytearray(b"x" * (megabytes * 2**20)))
        time.sleep(seconds)
    return act
"""


@pytest.fixture
def make(tmp_path):
    (tmp_path / "code.py").write_text(CODE)
    (tmp_path / "other_commit.py").touch()
    return lambda **arguments: Side(str(tmp_path / "code.py"), "make", arguments, tmp_path)


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads memory as Linux tells it")
def test_times_and_memory_are_those_of_the_sides(make):
    sides = {"short": make(seconds=0.01), "long": make(seconds=0.05, megabytes=20)}
    short, long = compare_sides(sides, rounds=3, measure="short")
    assert (short["side"], short["ratio"], long["side"]) == ("short", 1, "long")
    assert short["median_ms"] >= 10
    assert long["median_ms"] >= 50
    assert short["peak_mb"] < 20
    assert long["peak_mb"] >= 100  # five calls


def test_sides_start_anew(make, tmp_path):
    (tmp_path / "other_commit.py").write_text(f"print('start', file=open({str(tmp_path / 'starts')!r}, 'a'))")
    compare_sides({"mine": make(seconds=0)}, rounds=1, measure="mine", starts=2)
    assert (tmp_path / "starts").read_text() == "start\nstart\n"


def test_a_side_that_ends_is_named(make):
    with Process("mine", make(seconds=0, ends=True)) as side, pytest.raises(RuntimeError, match=r"mine ended .* 1:"):
        side.act()


def test_a_side_runs_in_its_checkout(make, tmp_path):
    (tmp_path / "other_commit.py").write_text(f"assert {str(tmp_path)!r} == __import__('os').getcwd()")
    with Process("mine", make(seconds=0)) as side:
        assert 0 <= side.act() < 5
