"""The page as a server on this machine."""

import contextlib
import logging
import os
import tempfile
from collections.abc import Iterator

import gradio as gr
import numpy as np

from a2u_tf.matting import MattingModel
from a2u_tf.matting.conventions import UNKNOWN
from a2u_tf.matting.prediction import predict_alpha
from demo import page
from demo.examples import write_examples


@contextlib.contextmanager
def serving(model: MattingModel, name: str, longest: int, port: int | None = None) -> Iterator[tuple[gr.Blocks, str]]:
    """Serve the page to this machine alone while the context lasts.

    What is uploaded, and what is made of it, lies in a temporary folder that goes with the context.

    Args:
        model, name, longest: As in `demo.page.build`.
        port: Default: the first that is free from 7860 on.

    Yields:
        `(blocks, address)`.

    Raises:
        OSError: Where the port is taken.
    """
    with tempfile.TemporaryDirectory(prefix="a2u_demo_") as folder:
        os.environ["GRADIO_TEMP_DIR"] = folder
        logging.getLogger("httpx").setLevel(logging.WARNING)  # Gradio asks its own server whether it is there
        _warm_up(model)
        blocks = page.build(model, name, longest, write_examples(folder))
        with _free(port):
            _, address, _ = blocks.launch(
                server_name="127.0.0.1",
                server_port=port,
                share=False,
                prevent_thread_lock=True,
                quiet=True,
                show_error=True,
                theme=page.THEME,
                css=page.CSS,
                js=page.SCRIPT,
                footer_links=[],
                run_history=False,
                enable_monitoring=False,
                ssr_mode=False,
                mcp_server=False,
                pwa=False,
            )
        try:
            yield blocks, address
        finally:
            blocks.close(verbose=False)


@contextlib.contextmanager
def _free(port: int | None) -> Iterator[None]:
    """Say in this project's words that a port is taken."""
    try:
        yield
    except OSError as error:
        raise OSError(f"Port {port} cannot be had. Is the page open already? Choose another by --port.") from error


def _warm_up(model: MattingModel) -> None:
    """Let TensorFlow trace the model before the first visitor: for one size, then, as a second differs, for any."""
    for side in (32, 48):
        predict_alpha(model, np.zeros((side, side, 3), np.uint8), np.full((side, side), UNKNOWN, np.uint8))
