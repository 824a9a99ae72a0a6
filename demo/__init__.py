"""A page that cuts out pictures in the browser: `python -m demo --model=MODEL.keras`."""

import os

from a2u_program.quiet import import_keras_quietly

# Read when Gradio is imported. The page tells nobody that it runs.
os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"

import_keras_quietly()
