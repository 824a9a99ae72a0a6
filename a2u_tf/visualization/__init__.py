"""Pictures for people to look at."""

from a2u_tf.visualization.sheets import matting_grid, reconstruction_sheet, write_png

__all__ = ["matting_grid", "reconstruction_sheet", "write_png"]
