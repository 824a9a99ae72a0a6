"""Cases of reassembly, and what they should give in NumPy."""

import dataclasses
import importlib
import json

import numpy as np
from keras import ops

from a2u_tf.ops import composite, reassemble_down, reassemble_up, reference
from a2u_tf.ops.layout import Window
from tests.helpers import assert_close, gradients, run, to_numpy

GOLDEN_FILES = {"up": "A_reassembly_up", "down": "B_reassembly_down"}
GOLDEN_CASES = [("up", number) for number in range(14)] + [("down", number) for number in range(16)]


@dataclasses.dataclass(frozen=True)
class Case:
    """One reassembly; `size` is (height, width) of the higher-resolution side."""

    direction: str
    size: tuple[int, int]
    kernel_size: int
    scale: int = 2
    groups: int = 1
    channels: int = 4
    batch: int = 2
    shared: bool = False  # one kernel for all pixels of a sample

    def __str__(self):
        height, width = self.size
        shape = f"{self.batch}x{height}x{width}x{self.channels}"
        return f"{self.direction}-{shape}-k{self.kernel_size}-r{self.scale}-g{self.groups}{'-shared' * self.shared}"

    @property
    def window(self):
        return Window(self.direction, self.kernel_size, self.scale, self.groups)

    @property
    def settings(self):
        return {"kernel_size": self.kernel_size, "scale": self.scale, "groups": self.groups}

    def sizes(self):
        """Height and width of features and of outputs."""
        grid = tuple(-(-length // self.scale) for length in self.size)
        return (grid, self.size) if self.direction == "up" else (self.size, grid)

    def arrays(self, rng, dtype="float64"):
        """Random features, kernels and cotangent."""
        source, target = self.sizes()
        shapes = [(source, self.channels), (target, self.window.depth), (target, self.channels)]
        if self.shared:
            shapes[1] = ((1, 1), self.window.depth)
        return [rng.normal(size=(self.batch, *size, depth)).astype(dtype) for size, depth in shapes]

    def everywhere(self, kernels):
        return np.broadcast_to(kernels, (len(kernels), *self.sizes()[1], kernels.shape[3]))

    def reference(self, features, kernels):
        function = reference.reassemble_up if self.direction == "up" else reference.reassemble_down
        return function(features, self.everywhere(kernels), **self.settings)

    def reference_gradients(self, features, kernels, cotangent):
        """Gradients of `sum(reference * cotangent)`, index by index."""
        up, down, padding = self.window.up, self.window.down, (self.kernel_size - 1) // 2
        kernels = self.everywhere(kernels)
        to_features, to_kernels = np.zeros_like(features), np.zeros(kernels.shape, kernels.dtype)
        for y, x, i, j in np.ndindex(*kernels.shape[1:3], self.kernel_size, self.kernel_size):
            v, u = y * down // up + i - padding, x * down // up + j - padding
            if not (0 <= v < features.shape[1] and 0 <= u < features.shape[2]):
                continue
            for channel in range(self.channels):
                group = channel // (self.channels // self.groups)
                tap = group * self.kernel_size**2 + i * self.kernel_size + j
                sent = cotangent[:, y, x, channel]
                to_features[:, v, u, channel] += kernels[:, y, x, tap] * sent
                to_kernels[:, y, x, tap] += features[:, v, u, channel] * sent
        return to_features, to_kernels.sum(axis=(1, 2), keepdims=True) if self.shared else to_kernels

    def assert_equals_reference(self, function, arrays, dtype="float64"):
        """Compare outputs and gradients of a function of features and kernels in `dtype`."""
        tensors = [ops.cast(array, dtype) for array in arrays]
        exact = [to_numpy(tensor).astype("float64") for tensor in tensors]
        expected = [self.reference(*exact[:2]), *self.reference_gradients(*exact)]
        actual = [run(function, *tensors[:2]), *gradients(function, *tensors[:2], cotangent=tensors[2])]
        for x, y in zip(actual, expected, strict=True):
            assert_close(x, y, dtype, scale=np.abs(y).max(initial=1) if self.shared else 1)

    def public(self, features, kernels, **settings):
        function = reassemble_up if self.direction == "up" else reassemble_down
        return function(features, kernels, **self.settings, **settings)

    def form(self, name):
        """Return the composite of one form, `"taps"` or `"matmul"`, as a function of features and kernels."""
        module = importlib.import_module(f"a2u_tf.ops.composite.{name}")
        return lambda *tensors: composite.reassemble(*tensors, self.window, module)


def load_golden(folder, direction, number):
    """Return `(case, arrays)` of one stored case, channels-last: features, kernels, cotangent, output, gradients."""
    path = folder / GOLDEN_FILES[direction]
    (row,) = (row for row in json.loads(path.with_suffix(".json").read_text()) if row["id"] == number)
    size = (row["low_h"] * row["ratio"], row["low_w"] * row["ratio"])
    case = Case(direction, size, row["kernel"], row["ratio"], row["groups"], row["c"], row["n"])
    with np.load(path.with_suffix(".npz")) as file:
        names = ("x", "mask", "cot", "out", "grad_x", "grad_mask")
        arrays = [file[f"c{number:02}_{name}"].transpose(0, 2, 3, 1).astype("float64") for name in names]
    return case, arrays


UP_CASES = [
    Case("up", (4, 6), 3),
    Case("up", (5, 7), 3, groups=2),
    Case("up", (5, 4), 5, groups=4),
    Case("up", (1, 1), 3),
    Case("up", (3, 2), 5, groups=2),
    Case("up", (4, 5), 1),
    Case("up", (7, 8), 3, scale=3, groups=2),
    Case("up", (7, 5), 3, scale=3, channels=1, batch=1),
    Case("up", (4, 5), 3, scale=1, groups=2),
    Case("up", (5, 3), 5, scale=1),
    Case("up", (5, 9), 3, scale=4, groups=3, channels=6),
    Case("up", (3, 4), 3, groups=2, batch=0),
]

DOWN_CASES = [
    Case("down", (6, 8), 6),
    Case("down", (7, 5), 6, groups=2),
    Case("down", (4, 4), 2, groups=4),
    Case("down", (5, 6), 3),
    Case("down", (1, 1), 4),
    Case("down", (2, 3), 6, scale=3, groups=2),
    Case("down", (7, 8), 3, scale=3),
    Case("down", (8, 7), 2, scale=3, groups=2),
    Case("down", (9, 5), 1, channels=1, batch=1),
    Case("down", (4, 5), 3, scale=1, groups=4),
    Case("down", (5, 3), 4, scale=1),
    Case("down", (6, 5), 4, groups=3, channels=6),
    Case("down", (4, 6), 4, groups=2, batch=0),
]

CASES = UP_CASES + DOWN_CASES
