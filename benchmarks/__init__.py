"""What costs how much time and memory, one script each."""

from a2u_program.quiet import import_keras_quietly

import_keras_quietly()
