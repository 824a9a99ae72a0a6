"""A page that cuts out pictures in the browser: `python -m demo --model=MODEL.keras`."""

import os

# Read when Gradio is imported. The page tells nobody that it runs.
os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
