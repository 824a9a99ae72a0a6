"""Training jobs, one script each."""

from a2u_program.quiet import import_keras_quietly

import_keras_quietly()
