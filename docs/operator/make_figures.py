"""Draw the figures of docs/operator.md. Every number in them is computed by the package.

python docs/operator/make_figures.py      # needs a2u_tf[plots]
"""

import argparse
import itertools
from pathlib import Path

import keras
import matplotlib
import numpy as np
from matplotlib import patches
from matplotlib.figure import Figure

from a2u_tf.layers import A2UKernels
from a2u_tf.ops import reassemble_up
from a2u_tf.ops.composite.kernels import softmax_taps

FOLDER = Path(__file__).parent
INK, MUTED, LINE = "#222222", "#666666", "#b0b0b0"
BLUE, ORANGE, GREEN = "#2f6db5", "#d9730d", "#3f8f4f"
LEFT, RIGHT = (4, 4), (4, 5)  # the two pixels beside the edge, (row, column)


def worked_example():
    """A guidance of one channel with one vertical edge, kernels by weights set by hand, and one feature upsampled.

    Returns:
        Dict of arrays: `guidance` (10, 10), `affinity` (5, 5), `kernels` (10, 10, 3, 3), `feature` (5, 5) and `output`
        (10, 10).
    """
    guidance = np.zeros((1, 10, 10, 1), "float32")
    guidance[:, :, 5:] = 1
    layer = A2UKernels(variant="static", encoding_size=2, use_norm=False)
    layer.build(guidance.shape)
    edge = np.array([[-1, 1], [-1, 1]]) / 2
    layer.encoder_u.assign(edge.reshape(2, 2, 1, 1))
    layer.encoder_v.assign(edge.reshape(2, 2, 1, 1))
    towards_left = np.tile([4.0, 0.0, -4.0], 3)  # raw values of the nine taps, row by row
    layer.projection_up.assign(np.concatenate([towards_left, -towards_left] * 2)[None])
    kernels = layer(guidance)["up"]
    feature = np.tile(np.float32([0, 0, 0.5, 1, 1]), (5, 1))
    output = reassemble_up(feature[None, ..., None], kernels, kernel_size=3)
    return {
        "guidance": guidance[0, ..., 0],
        "affinity": np.asarray(layer._affinity(guidance))[0, ..., 0],
        "kernels": np.asarray(kernels)[0].reshape(10, 10, 3, 3),
        "feature": feature,
        "output": np.asarray(output)[0, ..., 0],
    }


def grid(axes, values, digits=2, colours="Greys", low=-0.5, high=2.5, size=9, title=None):
    """Draw a small matrix: a cell for each value, with the value in it."""
    axes.imshow(values, cmap=colours, vmin=low, vmax=high)
    rows, columns = values.shape
    for y in range(rows):
        for x in range(columns):
            axes.text(x, y, f"{values[y, x]:.{digits}f}", ha="center", va="center", size=size, color=INK)
    lines(axes, rows, columns)
    if title:
        axes.set_title(title, size=11, color=INK, pad=8)


def lines(axes, rows, columns, step=1, colour=LINE, width=0.8):
    """Draw the lines of a grid, and nothing else around it."""
    axes.hlines(np.arange(0, rows + 1, step) - 0.5, -0.5, columns - 0.5, colour, linewidth=width)
    axes.vlines(np.arange(0, columns + 1, step) - 0.5, -0.5, rows - 0.5, colour, linewidth=width)
    axes.set(xlim=(-0.6, columns - 0.4), ylim=(rows - 0.4, -0.6), aspect="equal")
    axes.axis("off")


def frame(axes, row, column, height, width, colour, **style):
    """Outline `height` x `width` cells from (row, column)."""
    style = {"fill": False, "linewidth": 2.4, "zorder": 5, **style}
    axes.add_patch(patches.Rectangle((column - 0.5, row - 0.5), width, height, edgecolor=colour, **style))


def arrow(figure, start, end, text="", rise=0.03):
    """Draw an arrow between two points of the figure, with a text above its middle."""
    style = {"arrowstyle": "-|>", "mutation_scale": 16, "color": MUTED, "linewidth": 1.4}
    figure.patches.append(patches.FancyArrowPatch(start, end, transform=figure.transFigure, **style))
    middle = (start[0] + end[0]) / 2, max(start[1], end[1]) + rise
    figure.text(*middle, text, ha="center", va="bottom", size=9.5, color=MUTED)


def chain():
    """Guidance to affinity to kernels, and these on the feature: the worked example."""
    example = worked_example()
    figure = Figure((12, 6.6))
    boxes = {
        "guidance": (0.02, 0.51, 0.23, 0.41),
        "affinity": (0.345, 0.56, 0.175, 0.32),
        "left": (0.64, 0.575, 0.16, 0.29),
        "right": (0.83, 0.575, 0.16, 0.29),
        "feature": (0.345, 0.05, 0.175, 0.32),
        "output": (0.70, 0.02, 0.23, 0.40),
    }
    axes = {name: figure.add_axes(box) for name, box in boxes.items()}
    grid(axes["guidance"], example["guidance"], 0, title="guidance X, 10 x 10")
    lines(axes["guidance"], 10, 10, step=2, colour=INK, width=1.6)
    grid(axes["affinity"], example["affinity"], 0, title="affinity a, 5 x 5")
    grid(axes["feature"], example["feature"], 1, title="feature Z, 5 x 5")
    grid(axes["output"], example["output"][2:8, 2:8], 2, title="output, its middle 6 x 6")
    for name, (row, column), colour in (("left", LEFT, BLUE), ("right", RIGHT, ORANGE)):
        kernel = example["kernels"][row, column]
        grid(axes[name], kernel, 3, "RdBu_r", -0.1, 0.32, 11, f"kernel of pixel ({row}, {column})")
        frame(axes[name], 0, 0, 3, 3, colour)
        frame(axes["guidance"], row, column, 1, 1, colour)
        frame(axes["output"], row - 2, column - 2, 1, 1, colour)
    arrow(figure, (0.26, 0.72), (0.34, 0.72), "U and V\non each cell")
    arrow(figure, (0.53, 0.72), (0.635, 0.72), "P, shuffle,\nsigmoid, softmax")
    arrow(figure, (0.53, 0.215), (0.695, 0.215), "reassembly: each pixel\nweighs the 3 x 3 values\naround its cell")
    arrow(figure, (0.815, 0.56), (0.815, 0.485))
    return figure


def windows():
    """Which values one output pixel reads, upwards and downwards."""
    figure = Figure((11.5, 4.4))
    titles = ("low-resolution feature", "upsampled by 2", "feature", "downsampled by 2")
    sizes = (4, 8, 8, 4)
    lefts, widths = (0.01, 0.225, 0.53, 0.825), (0.16, 0.24, 0.24, 0.16)
    axes = [figure.add_axes((left, 0.13, width, 0.66)) for left, width in zip(lefts, widths, strict=True)]
    for panel, size, title in zip(axes, sizes, titles, strict=True):
        lines(panel, size, size)
        panel.set_title(f"{title}\n{size} x {size}", size=10.5, color=INK)
    frame(axes[0], 1, 0, 3, 3, BLUE, fill=True, facecolor="#cfe0f3")
    frame(axes[0], 2, 1, 1, 1, INK)
    frame(axes[1], 4, 2, 2, 2, BLUE, fill=True, facecolor="#cfe0f3")
    frame(axes[2], 2, 0, 6, 6, ORANGE, fill=True, facecolor="#fae0c8")
    frame(axes[2], 4, 2, 2, 2, INK)
    frame(axes[3], 2, 1, 1, 1, ORANGE, fill=True, facecolor="#fae0c8")
    for number, panel in enumerate(axes):
        lines(panel, sizes[number], sizes[number])
    arrow(figure, (0.178, 0.46), (0.222, 0.46))
    arrow(figure, (0.776, 0.46), (0.82, 0.46))
    figure.text(0.235, 0.93, "up: window of s = 3", ha="center", size=13, color=BLUE, weight="bold")
    figure.text(0.755, 0.93, "down: window of t = 2 s = 6", ha="center", size=13, color=ORANGE, weight="bold")
    figure.text(0.235, 0.03, "four pixels share a window,\neach has a kernel of its own", ha="center", size=10.5)
    figure.text(
        0.755, 0.03, "one pixel, one kernel; the window begins\nt/2 - 1 = 2 before its cell", ha="center", size=10.5
    )
    return figure


def border():
    """What is left of the weights where the window leaves the map: a constant feature under plain averages."""
    figure = Figure((8.4, 4.2))
    kernels = np.full((1, 6, 6, 9), 1 / 9, "float32")
    output = np.asarray(reassemble_up(np.ones((1, 3, 3, 1), "float32"), kernels, kernel_size=3))[0, ..., 0]
    left, right = figure.add_axes((0.04, 0.10, 0.40, 0.72)), figure.add_axes((0.54, 0.10, 0.42, 0.72))
    values = np.pad(np.ones((3, 3)), 1)
    grid(left, values, 0, size=11, title="feature of ones; zeros outside")
    lines(left, 5, 5, colour="white", width=0)
    frame(left, 1, 1, 3, 3, INK, linewidth=1.6)
    frame(left, 0, 0, 3, 3, BLUE)
    frame(right, 0, 0, 2, 2, BLUE)
    grid(right, output, 2, size=10, title="upsampled with weights of 1/9")
    return figure


def variants():
    """Where the weights of the chain come from in the three variants."""
    figure = Figure((10.5, 4.6))
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, 10.5), ylim=(0, 4.6))
    axes.axis("off")
    steps = (
        ("guidance X", 1.95, 0.58),
        ("encode: U, V", 4.0, 0.65),
        ("affinity", 6.0, 0.42),
        ("project: P", 7.85, 0.52),
        ("kernels", 9.7, 0.42),
    )  # text, middle and half the width of each box
    made = {"static": (GREEN, GREEN), "hybrid": (GREEN, ORANGE), "dynamic": (ORANGE, ORANGE)}
    for row, (name, (encoding, projection)) in enumerate(made.items()):
        y = 3.75 - 1.15 * row
        axes.text(0.15, y, name, size=13, weight="bold", va="center", color=INK)
        edges = (LINE, encoding, LINE, projection, LINE)
        for (text, x, _), edge in zip(steps, edges, strict=True):
            shade = {GREEN: "#dcefdf", ORANGE: "#fae0c8", LINE: "white"}[edge]
            style = {"boxstyle": "round,pad=0.45", "edgecolor": edge, "facecolor": shade, "linewidth": 1.6}
            axes.text(x, y, text, size=11.5, ha="center", va="center", color=INK, bbox=style, zorder=3)
            if edge == ORANGE:
                bend = patches.FancyArrowPatch(
                    (1.95, y + 0.25), (x, y + 0.27), connectionstyle="arc3,rad=-0.17", arrowstyle="-|>",
                    mutation_scale=13, color=ORANGE, linewidth=1.3, zorder=2,
                )  # fmt: skip
                axes.add_patch(bend)
        for (_, start, before), (_, end, after) in itertools.pairwise(steps):
            ends = (end - after - 0.06, y), (start + before + 0.06, y)
            axes.annotate("", *ends, arrowprops={"arrowstyle": "-|>", "color": MUTED})
    for x, colour, shade, text in (
        (1.2, GREEN, "#dcefdf", "trained: the same for all pictures"),
        (5.6, ORANGE, "#fae0c8", "made from averages of X by a trained 1 x 1 convolution"),
    ):
        axes.add_patch(patches.Rectangle((x, 0.28), 0.32, 0.26, edgecolor=colour, facecolor=shade, linewidth=1.6))
        axes.text(x + 0.48, 0.41, text, size=10.5, va="center", color=INK)
    return figure


def weight_range():
    """How far one weight can get from 1/9 by the softmax of a sigmoid, beside a plain softmax."""
    figure = Figure((8.4, 4.2))
    axes = figure.add_axes((0.09, 0.14, 0.87, 0.80))
    raw = np.linspace(-8, 8, 161, dtype="float32")
    taps = np.concatenate([raw[:, None], np.repeat(-raw[:, None], 8, axis=1)], axis=1)
    bounded = np.asarray(softmax_taps(keras.ops.sigmoid(taps[None, None]), 9))[0, 0, :, 0]
    plain = 1 / (1 + 8 * np.exp(-2 * raw))
    low, high = 1 / (1 + 8 * np.e), np.e / (np.e + 8)
    axes.axhspan(low, high, color="#cfe0f3", zorder=0)
    axes.axhline(1 / 9, color=MUTED, linewidth=1, linestyle=":")
    axes.plot(raw, plain, color=LINE, linewidth=2, label="softmax")
    axes.plot(raw, bounded, color=BLUE, linewidth=2.6, label="softmax of sigmoid (A2U, upwards)")
    axes.text(-7.9, high + 0.015, f"largest: e / (e + 8) = {high:.4f}", size=10, color=INK)
    axes.text(7.9, low - 0.025, f"least: 1 / (1 + 8 e) = {low:.4f}", size=10, color=INK, ha="right", va="top")
    axes.text(-7.9, 1 / 9 + 0.012, "1/9, plain average", size=10, color=MUTED)
    axes.set(xlabel="raw value of one of nine taps; the other eight have its negative", ylabel="weight of that tap")
    axes.set(xlim=(-8, 8), ylim=(-0.04, 1.04))
    axes.legend(loc="upper left", frameon=False)
    axes.spines[["top", "right"]].set_visible(False)
    return figure


FIGURES = {"chain": chain, "windows": windows, "border": border, "variants": variants, "weight_range": weight_range}


def main():
    parser = argparse.ArgumentParser(description="Draw the figures of docs/operator.md.")
    parser.add_argument("--output", type=Path, default=FOLDER, help="folder to write to (default: docs/operator)")
    output = parser.parse_args().output
    output.mkdir(parents=True, exist_ok=True)
    matplotlib.rcParams["font.family"] = "DejaVu Sans"  # comes with Matplotlib
    for name, draw in FIGURES.items():
        draw().savefig(output / f"{name}.png", dpi=110, facecolor="white", metadata={"Software": None})


if __name__ == "__main__":
    main()
