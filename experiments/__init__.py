"""What makes `results/`: comparisons, costs, sheets, reports, and the digits of `make demo`."""

from a2u_program.quiet import import_keras_quietly

import_keras_quietly()
