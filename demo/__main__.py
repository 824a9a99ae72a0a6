"""Cut out pictures in the browser.

    python -m demo

The page is served to this machine alone and fetches nothing from others. It needs Gradio: pip install 'a2u_tf[demo]'
"""

import importlib.util
from pathlib import Path

from absl import app, flags

from a2u_program.quiet import import_keras_quietly


def main(argv: list[str]) -> None:
    if len(argv) > 1:
        raise app.UsageError(f"Unknown arguments: {argv[1:]}")
    if importlib.util.find_spec("gradio") is None:
        raise SystemExit("error: the page needs Gradio: pip install 'a2u_tf[demo]'")
    values = flags.FLAGS
    import_keras_quietly()
    from a2u_tf.matting.weights.loading import load_matting

    try:
        model = load_matting(values.model)
    except ValueError as error:
        raise SystemExit(f"error: {error}") from error
    from demo.serve import serving

    try:
        with serving(model, Path(values.model).name, values.longest_side, values.port) as (blocks, address):
            print(f"The page is at {address} (Ctrl+C ends it).", flush=True)
            blocks.block_thread()
    except OSError as error:
        raise SystemExit(f"error: {error}") from error


if __name__ == "__main__":
    flags.DEFINE_string("model", "small", "'small', which comes with a2u_tf, or a saved Matting (.keras).")
    flags.DEFINE_integer("port", 7860, "Port of the page on 127.0.0.1.", 1, 65535)
    flags.DEFINE_integer("longest_side", 2000, "Larger pictures are reduced to this many pixels.", 64)
    app.run(main)
