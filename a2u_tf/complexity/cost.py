"""What a cost consists of, and what is counted in it."""

import dataclasses
from typing import TypeAlias

Sizes: TypeAlias = tuple[int, ...]  # a static shape


@dataclasses.dataclass(frozen=True)
class Cost:
    """The cost of an operator for one picture.

    A *MAC* is one multiply-accumulate: a product of a convolution, of a matrix product, of a sum of weighted values, or
    one multiplication of two tensors, element by element. Normalisation, activations, scaling by a constant, plain
    averages and additions are left out, as in published tables.

    Attributes:
        parameters: Trainable parameters.
        kernel_macs: MACs that make the kernels, gates or offsets: all that comes before the resampling itself.
        resampling_macs: MACs that apply them to the features.
        averaging_macs: MACs that this package spends on averages by matrix products (adaptive pooling). The operator's
            definition has additions there, so that `macs` leaves them out.
        activations: Floats that training keeps between the forward and the backward pass: one copy of each map that the
            backward pass of a step of the operator's definition reads (both factors of a product, the input of a
            normalisation, the output of an activation or softmax). The operator's own inputs, its parameters and
            tensors without spatial extent, such as statistics and filters, are left out.
    """

    parameters: int = 0
    kernel_macs: int = 0
    resampling_macs: int = 0
    averaging_macs: int = 0
    activations: int = 0

    @property
    def macs(self) -> int:
        """All MACs of the operator's definition."""
        return self.kernel_macs + self.resampling_macs

    def __add__(self, other: "Cost") -> "Cost":
        return Cost(*(a + b for a, b in zip(dataclasses.astuple(self), dataclasses.astuple(other), strict=True)))
