"""Tests, each beside the path of what it tests."""

from a2u_program.quiet import import_keras_quietly

import_keras_quietly()
