"""Timing of several sides in turns, so that a noisy machine is noisy for all of them."""

import statistics
import time
from collections.abc import Callable
from typing import Any


def seconds(step: Callable[..., Any], *arguments: Any) -> float:
    """Wall time of one call."""
    start = time.perf_counter()
    step(*arguments)
    return time.perf_counter() - start


def summary_of(name: str, times: list[float], measure: list[float]) -> dict[str, Any]:
    """Return the row of a side: median, extremes, and the median of the ratios to the side that is the measure."""
    return {
        "side": name,
        "median_ms": round(1e3 * statistics.median(times), 1),
        "spread_ms": [round(1e3 * min(times), 1), round(1e3 * max(times), 1)],
        "ratio": round(statistics.median(a / b for a, b in zip(times, measure, strict=True)), 3),
    }


def compare_steps(steps: dict[str, Callable[[Any], Any]], x: Any, rounds: int, measure: str) -> list[dict[str, Any]]:
    """Time functions of one argument in alternating rounds, print and return a row for each.

    Args:
        steps: Dict from the names of the sides to functions; the first call, which compiles, is timed apart.
        x: Their argument.
        rounds: Number of rounds.
        measure: Name of the side to which ratios are taken, within a round.
    """
    first = {}
    for name, step in steps.items():
        first[name] = seconds(step, x)
        seconds(step, x)
    times: dict[str, list[float]] = {name: [] for name in steps}
    for _ in range(rounds):
        for name, step in steps.items():
            times[name].append(seconds(step, x))
    rows = []
    for name, t in times.items():
        row = {**summary_of(name, t, times[measure]), "first_step_s": round(first[name], 1)}
        rows.append(row)
        print(f"{name:30}{row['median_ms']:10.1f} ms {row['ratio']:7.2f} x   first step {row['first_step_s']:.1f} s")
    return rows
