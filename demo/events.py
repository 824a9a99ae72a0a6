"""What happens on the page when: Gradio's side of the functions that do the work."""

import functools
import time
import zlib
from collections.abc import Callable
from typing import Any

import gradio as gr
import numpy as np

from a2u_tf.matting import MattingModel
from a2u_tf.matting.cutout import cover
from a2u_tf.matting.pictures import Trimap
from a2u_tf.types import Array
from demo.cutout import CutOut, cut_out, size_text
from demo.kernels import kernels_at
from demo.trimaps import painted_trimap
from demo.uploads import plain_colour, read_background, read_dropped_trimap

SECONDS = 20  # that a message stays
Drawing = dict[str, Any]  # of Gradio's editor: `background`, and `layers` of paint


def readable(function: Callable[..., Any]) -> Callable[..., Any]:
    """Turn errors of the data into messages on the page."""

    @functools.wraps(function)
    def call(*args: Any) -> Any:
        try:
            return function(*args)
        except (ValueError, OSError) as error:
            raise gr.Error(str(error), duration=SECONDS, print_exception=False) from error

    return call


def fingerprint(drawing: Drawing | None) -> int | None:
    """Return a number that changes with the paint, or None without any."""
    layers = [layer for layer in (drawing["layers"] if drawing else []) if layer.any()]
    return zlib.crc32(b"".join(layer.tobytes() for layer in layers)) if layers else None


@readable
def paint(drawing: Drawing | None, band: float, known: int | None) -> tuple[Any, int | None]:
    """Return the trimap of a drawing, and the paint that it knows; without any, a trimap that was dropped stays."""
    trimap = painted_trimap(drawing["layers"], band, drawing["background"]) if drawing else None
    if trimap is None and known is None:
        return gr.skip(), None
    return trimap, fingerprint(drawing)


def checking(read: Callable[[str], Array]) -> Callable[[dict[str, str]], Any]:
    """Return what is done when a file is dropped: one that `read` refuses does not stay."""

    def check(payload: dict[str, str]) -> Any:
        try:
            read(payload["path"])
        except (ValueError, OSError) as error:
            gr.Warning(str(error), duration=SECONDS)
            return None
        return gr.skip()

    return check


def refuse_picture() -> None:
    """Say that the browser could not show a file."""
    raise gr.Error(
        "Your browser cannot read this file as a picture. Drop a PNG or a JPEG.",
        duration=SECONDS,
        print_exception=False,
    )


def cutting(model: MattingModel, longest: int) -> Callable[..., Any]:
    """Return what the button does."""

    @readable
    def cut(
        drawing: Drawing | None, band: float, trimap: str | None, known: int | None, colour: str, backdrop: str | None
    ) -> tuple[Any, ...]:
        start = time.perf_counter()
        if not drawing or drawing["background"] is None:
            raise ValueError("There is no picture. Drop one, or take one of the examples.")
        younger = fingerprint(drawing) not in (None, known)  # a stroke whose trimap has not reached the page
        levels = painted_trimap(drawing["layers"], band, drawing["background"]) if younger else None
        if levels is None:
            if trimap is None:
                raise ValueError("Nothing is painted. Paint green over what you want to keep, or drop a trimap.")
            levels = read_dropped_trimap(trimap)
        if lacks := Trimap(levels).lacks:
            gr.Info(f"The trimap {lacks} Paint the rest, if you did not mean that.", duration=SECONDS)
        picture = drawing["background"]
        result = cut_out(model, picture, levels, longest)
        text = f"**Done** in {time.perf_counter() - start:.1f} s: {size_text(result.image)} pixels"
        if size_text(result.image) != size_text(picture):
            text += f", reduced from {size_text(picture)}. Start the page with a larger `--longest_side` for more"
        over = change_background(result, colour, backdrop)
        alpha = np.rint(255 * result.alpha).astype(np.uint8)
        return result, f"{text}.", result.rgba(), alpha, over, result.image, None

    return cut


@readable
def change_background(result: CutOut | None, colour: str, backdrop: str | None) -> tuple[Array, Array] | None:
    """Return the picture, and what was cut out over a colour or over a picture where there is one."""
    if result is None:
        return None
    size = result.alpha.shape
    background = cover(read_background(backdrop), size) if backdrop else plain_colour(colour, *size)
    return result.image, result.over(background)


def inspecting(model: MattingModel) -> Callable[..., Any]:
    """Return what a click on the picture does."""

    @readable
    def inspect(result: CutOut, event: gr.SelectData) -> Array:
        x, y = event.index
        return kernels_at(model, result, (int(y), int(x)))

    return inspect
