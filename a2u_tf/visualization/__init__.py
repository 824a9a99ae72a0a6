"""Pictures for people to look at: sheets of results, and the kernels that a network upsamples with."""

from a2u_tf.moved import names_of
from a2u_tf.visualization.kernels import KernelMap, KernelMaps, kernel_maps, kernel_sheet, untrained
from a2u_tf.visualization.pixel_sheet import pixel_sheet

__all__ = ["KernelMap", "KernelMaps", "kernel_maps", "kernel_sheet", "pixel_sheet", "untrained"]

__getattr__ = names_of("visualization")
