"""Tabulate what every upsampling method costs, by itself and inside the networks.

    python -m experiments.cost --output=results/cost        # ten minutes; writes results/cost.md and results/cost.json

Everything is counted twice, by formula and from TensorFlow's graph; where the two differ, nothing is written.
"""

import dataclasses
import functools
import math
import operator
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeAlias

import keras
from absl import app, flags

from a2u_program.streams import forgiving_streams
from a2u_tf.complexity import count, network_cost, operator_cost
from a2u_tf.files import markdown_table, versions, write_json, write_text
from a2u_tf.layers import GUIDED, METHODS, Resampling
from a2u_tf.matting import matting_net
from a2u_tf.reconstruction import reconstruction_net
from experiments.cost_text import PUBLISHED, PUBLISHED_AT, PUBLISHED_TEXT, TEXT
from train.reconstruction import Settings
from train.run_folder import command_line

# Channels and strides of what the matting network upsamples to.
STAGES = ((64, 1), (64, 2), (128, 4), (256, 8))
Columns: TypeAlias = dict[str, Callable[[dict[str, Any]], str]]
OPERATOR_COLUMNS: Columns = {
    "parameters": lambda row: f"{row['parameters']:,}",
    "published": lambda row: row["published_parameters"] or "",
    "kernel MACs (M)": lambda row: _millions(row["kernel_macs"]),
    "resampling MACs (M)": lambda row: _millions(row["resampling_macs"]),
    "sum (G)": lambda row: f"{(row['kernel_macs'] + row['resampling_macs']) / 1e9:.2f}",
    "published (G)": lambda row: "" if row["published_gflops"] is None else f"{row['published_gflops']:.2f}",
    "definition (MB)": lambda row: _millions(row["definition_bytes"]),
    "kept (MB)": lambda row: _millions(row["kept_bytes"]),
}
NETWORK_COLUMNS: Columns = {
    "parameters": lambda row: f"{row['parameters']:,}",
    "added": lambda row: f"{row['parameters_added']:,}",
    "MACs (M)": lambda row: _millions(row["macs"]),
    "added (M)": lambda row: _millions(row["macs_added"]),
    "kept (MB)": lambda row: _millions(row["kept_bytes"]),
    "added (MB)": lambda row: _millions(row["kept_bytes_added"]),
}


class CostError(RuntimeError):
    """A formula and a graph that differ."""


def operator_row(method: str, size: int, width: float = 1.0) -> dict[str, int]:
    """Return the cost of one method, summed over the stages of the matting network.

    Args:
        method: One of `a2u_tf.layers.METHODS`.
        size: Height and width of the picture, a multiple of 16.
        width: Factor on the stages' channels.

    Returns:
        Dict of ints.

    Raises:
        CostError: Where formula and graph differ.
    """
    chosen = Resampling.parse(method)
    costs, kept = [], 0
    for channels, stride in STAGES:
        high = (1, size // stride, size // stride, max(1, round(channels * width)))
        low = (1, high[1] // 2, high[2] // 2, high[3])
        layer = chosen.upsampler()
        shapes = (low, high) if chosen.upsampling in GUIDED else (low,)
        graph, cost = count(layer, *shapes), operator_cost(layer, *shapes)
        _check(f"{method} at {shapes}", cost.macs + cost.averaging_macs, graph.macs, "MACs")
        _check(f"{method} at {shapes}", cost.parameters, _parameters(layer), "parameters")
        costs.append(cost)
        kept += graph.kept_bytes
    cost = functools.reduce(operator.add, costs)
    return {
        "parameters": cost.parameters,
        "kernel_macs": cost.kernel_macs,
        "resampling_macs": cost.resampling_macs,
        "definition_bytes": 4 * cost.activations,
        "kept_bytes": kept,
    }


def network_rows(
    build: Callable[[Resampling], keras.Model], input_shape: tuple[int, ...], choices: Iterable[Resampling]
) -> dict[str, dict[str, int]]:
    """Return the cost of a network with each method, and what it adds to nearest upsampling with max-pooling.

    Args:
        build: Function of a `Resampling` to a functional model.
        input_shape: Static shape of the model's input.
        choices: What to count.

    Returns:
        Dict from names to dicts of ints.

    Raises:
        CostError: Where formula and graph differ.
    """
    rows: dict[str, dict[str, int]] = {}
    for resampling in dict.fromkeys((Resampling("nearest", "max_pool"), *choices)):
        model = build(resampling)
        graph, (backbone, operators) = count(model, input_shape), network_cost(model)
        _check(resampling.name, backbone + operators.macs + operators.averaging_macs, graph.macs, "MACs")
        row = {"parameters": _parameters(model), "macs": backbone + operators.macs, "kept_bytes": graph.kept_bytes}
        first = next(iter(rows.values()), row)
        rows[resampling.name] = row | {f"{key}_added": value - first[key] for key, value in row.items()}
    return rows


def tabulate(size: int, width: float, chosen: Iterable[str], command: str) -> tuple[dict[str, Any], str]:
    """Return all figures as a dict for JSON and their tables as Markdown.

    Raises:
        ValueError: For a size or width that the matting network does not take.
        CostError: Where formula and graph differ.
    """
    build = functools.partial(matting_net, width=width, input_size=(size, size))
    build("nearest")  # says at once what is wrong with them
    published = {} if (size, width) != PUBLISHED_AT else PUBLISHED
    operators, networks = {}, {}
    for method in chosen:
        print(f"{method} by itself", flush=True)
        parameters, gflops = published.get(method, (None, None))
        row = operator_row(method, size, width)
        operators[method] = row | {"published_parameters": parameters, "published_gflops": gflops}
    print("reconstruction networks", flush=True)
    digits = [Settings(upsampling=method).resampling for method in chosen]
    networks["reconstruction"] = network_rows(reconstruction_net, (1, 32, 32, 1), digits)
    print("matting networks", flush=True)
    partnered = [Resampling.parse(method) for method in chosen]
    mattes = [dataclasses.replace(choice, downsampling=choice.downsampling or "max_pool") for choice in partnered]
    networks["matting"] = network_rows(build, (1, size, size, 4), mattes)
    columns = dict(OPERATOR_COLUMNS)
    if not published:
        del columns["published"], columns["published (G)"]
    text = TEXT.format(
        size=size,
        width=width,
        command=command,
        channels=", ".join(str(max(1, round(channels * width))) for channels, _ in STAGES),
        operators=_table(operators, columns),
        published=PUBLISHED_TEXT if published else "",
        **{name: _table(rows, NETWORK_COLUMNS) for name, rows in networks.items()},
    )
    figures = {"size": size, "width": width, "operators": operators, "networks": networks}
    return {"command": command, "versions": versions(), **figures}, text


def _table(rows: dict[str, Any], columns: Columns) -> str:
    cells = [[title, *(cell(row) for cell in columns.values())] for title, row in rows.items()]
    return markdown_table([["method", *columns], *cells], [False] + [True] * len(columns))


def _check(what: str, formula: int, graph: int, unit: str) -> None:
    if formula != graph:
        raise CostError(f"{what}: {formula:,} {unit} by formula, {graph:,} in the graph")


def _parameters(layer: keras.layers.Layer) -> int:
    return sum(math.prod(variable.shape) for variable in layer.trainable_variables)


def _millions(value: float) -> str:
    return f"{round(value / 1e6, 2) + 0.0:,.2f}"  # no -0.00


@forgiving_streams()
def main(argv: list[str]) -> None:
    if len(argv) > 1:
        raise app.UsageError(f"Unknown arguments: {argv[1:]}")
    values = flags.FLAGS
    try:
        chosen = [method for method in METHODS if method in values.method or not values.method]
        figures, text = tabulate(values.size, values.width, chosen, command_line("experiments.cost"))
    except (ValueError, CostError) as error:
        raise SystemExit(f"error: {error}") from error
    if values.output:
        output = Path(values.output)
        write_json(output.with_suffix(".json"), figures)
        write_text(output.with_suffix(".md"), text)
    print(f"\n{text}", end="")


if __name__ == "__main__":
    flags.DEFINE_integer("size", 512, "Height and width of the matting picture, a multiple of 16.", lower_bound=16)
    flags.DEFINE_float("width", 1.0, "Factor on the channels of the matting network.")
    flags.DEFINE_multi_enum("method", [], METHODS, "Methods to count, one flag for each; without, all of them.")
    flags.DEFINE_string("output", None, "Path without ending of the .md and .json files to write.")
    app.run(main)
