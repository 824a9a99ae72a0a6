"""The page: what lies where."""

from collections.abc import Sequence
from typing import Any

import gradio as gr

from a2u_tf.matting import MattingModel
from demo import events
from demo.trimaps import GO, KEEP, OPACITY, UNSURE
from demo.uploads import read_background, read_dropped_trimap

TITLE = """# Cut out hair, fur and lace
Paint roughly what to keep. A matting network with learned upsampling (A2U) finds out how much of each pixel belongs to
it."""
PAINTING = f"""**1. Drop a picture and paint on it:** <span style="background: rgb{KEEP}">green</span> over what you
surely want, <span style="background: rgb{UNSURE}">orange</span> where the old background shines through hair, fur or
glass. What you leave unpainted goes. Or a few strokes will do: some green, and
<span style="background: rgb{GO}">blue</span> over some of what goes; the rest is found by its colours. The palette
beside the picture changes the colour."""
TRIMAP = "**2. What the network is told:** white stays, black goes, grey is to be found out."
WAITING = "Results appear here."
ALPHA = "White belongs to what you keep, black does not, grey does in part."
KERNELS = "Click a pixel to see the kernels that each level of the network upsampled it with."
CSS = """
#painting span { border-radius: 4px; color: white; padding: 0 6px; }
#cut_out img { background: repeating-conic-gradient(#d4d4d8 0 25%, white 0 50%) 0 0 / 24px 24px; }
.toast-wrap { top: auto !important; bottom: 20px; } /* else messages hide the button */
"""
# The editor says nothing of a file that the browser cannot decode.
SCRIPT = """() => addEventListener("unhandledrejection", (event) => {
    if (event.reason?.name === "InvalidStateError") document.querySelector("#refuse").click();
})"""
# Fonts of the reader's system: the page fetches nothing from elsewhere.
THEME = gr.themes.Default(font=["system-ui", "sans-serif"], font_mono=["ui-monospace", "monospace"])
TALL, LOW = 520, 240  # heights in pixels
BAND = 20


def build(model: MattingModel, name: str, longest: int, examples: list[tuple[str, str]]) -> gr.Blocks:
    """Lay out the page.

    Args:
        model: `a2u_tf.matting.MattingModel`.
        name: Of the model, for the reader.
        longest: Longest side in pixels of what the model is given; larger pictures are reduced.
        examples: List of pairs of paths, picture and trimap.

    Returns:
        `gradio.Blocks`, not launched.
    """
    page: gr.Blocks
    with gr.Blocks(title="Cut out", analytics_enabled=False) as page:
        result, known = gr.State(), gr.State()  # known: the paint that the trimap knows
        gr.Markdown(TITLE)
        with gr.Row(equal_height=False):
            with gr.Column():
                editor, samples, band, trimap = _inputs(examples)
            with gr.Column():
                button = gr.Button("Cut out", variant="primary", size="lg", elem_id="cut")
                status = gr.Markdown(WAITING, elem_id="status")
                with gr.Tab("Cut-out"):
                    cut_out = _picture("cut_out")
                with gr.Tab("Alpha"):
                    alpha = _picture("alpha")
                    gr.Markdown(ALPHA)
                with gr.Tab("New background"):
                    slider, colour, backdrop = _new_background()
                with gr.Tab("Kernels"):
                    gr.Markdown(KERNELS)
                    clicked = _picture("clicked", buttons=[])
                    kernels = _picture("kernels", height=None)
        gr.Markdown(f"Model: {name}, {model.network.count_params():,} parameters. Your pictures stay on this machine.")

        samples.click(lambda number: (*examples[number], None), samples, [editor, trimap, known])
        for event in (editor.input, band.release):
            event(events.paint, [editor, band, known], [trimap, known], show_progress="hidden")
        gr.Button(visible="hidden", elem_id="refuse").click(events.refuse_picture)
        trimap.upload(
            events.checking(read_dropped_trimap), trimap, trimap, preprocess=False, show_progress="hidden"
        ).then(events.fingerprint, editor, known, show_progress="hidden")
        button.click(
            events.cutting(model, longest),
            [editor, band, trimap, known, colour, backdrop],
            [result, status, cut_out, alpha, slider, clicked, kernels],
            show_progress_on=[cut_out, alpha, slider, clicked],
            concurrency_id="model",
        )
        checked = backdrop.upload(
            events.checking(read_background), backdrop, backdrop, preprocess=False, show_progress="hidden"
        )
        for event in (colour.change, checked.then, backdrop.clear):
            event(events.change_background, [result, colour, backdrop], slider, show_progress="hidden")
        clicked.select(events.inspecting(model), result, kernels, show_progress_on=kernels, concurrency_id="model")
    return page


def _inputs(
    examples: list[tuple[str, str]],
) -> tuple[gr.ImageEditor, gr.Dataset, gr.Slider, gr.Image]:
    gr.Markdown(PAINTING, elem_id="painting")
    editor = gr.ImageEditor(
        label="Picture",
        sources=("upload", "clipboard"),
        transforms=(),
        brush=gr.Brush(colors=[(f"rgb{colour}", OPACITY) for colour in (KEEP, UNSURE, GO)], color_mode="fixed"),
        layers=False,
        format="png",
        height=TALL,
        buttons=[],
        placeholder="# Drop a picture here\nor click to choose one",
        elem_id="editor",
    )
    samples = gr.Dataset(
        components=[gr.Image(visible=False)],
        samples=[[picture] for picture, _ in examples],
        label="No picture at hand? Take one of these, with its trimap.",
        type="index",
        elem_id="samples",
    )
    band = gr.Slider(0, 100, BAND, step=2, label="Orange band along the edges of the paint, in pixels", elem_id="band")
    gr.Markdown(TRIMAP)
    trimap = _upload("Trimap", "Paint above, or drop your own trimap here", "trimap")
    return editor, samples, band, trimap


def _new_background() -> tuple[gr.ImageSlider, gr.ColorPicker, gr.Image]:
    slider = gr.ImageSlider(label="Before and after", format="png", interactive=False, height=TALL, elem_id="slider")
    with gr.Row():
        colour = gr.ColorPicker("#2a9d8f", label="Colour", scale=1, min_width=80, elem_id="colour")
        backdrop = _upload("Or a picture", "Drop a picture here", "backdrop", scale=3)
    return slider, colour, backdrop


def _picture(name: str, height: int | None = TALL, buttons: Sequence[Any] = ("download", "fullscreen")) -> gr.Image:
    """A picture to look at; without a label, which would lie over its corner."""
    return gr.Image(
        show_label=False,
        format="png",
        image_mode=None,
        interactive=False,
        height=height,
        buttons=list(buttons),
        elem_id=name,
    )


def _upload(label: str, placeholder: str, name: str, scale: int | None = None) -> gr.Image:
    """A place to drop a picture, which arrives as the path of its file."""
    return gr.Image(
        label=label,
        sources=["upload"],
        type="filepath",
        image_mode=None,  # the file as it was dropped: this project reads it, with messages for what is wrong with it
        format="png",
        height=LOW,
        interactive=True,
        placeholder=placeholder,
        scale=scale,
        elem_id=name,
    )
