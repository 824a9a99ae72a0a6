"""Make the pictures of docs/demo.md: use the page in a browser without a window.

    python -m demo.screenshots --output=docs/demo

Writes painted.png, background.png and kernels.png. Needs the extras demo and demo-test, and the browser Chromium.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING

from absl import app, flags

from a2u_tf.files import replaced

if TYPE_CHECKING:
    from playwright.sync_api import Page

# On the first example: paint on the body, on its fur, and a pixel where they meet; x and y in its pixels.
SIZE = (473, 554)
BODY = [(115, 190), (205, 195), (120, 235), (205, 240), (160, 285), (220, 300), (145, 335), (235, 345)]
BODY += [(135, 380), (240, 390), (135, 425), (240, 435), (130, 475), (235, 480)]
FUR = [(95, 140), (75, 205), (110, 270), (85, 340), (75, 430), (75, 500), (170, 525), (280, 520), (295, 440)]
FUR += [(285, 350), (255, 280), (250, 190), (275, 115), (215, 145), (160, 160), (95, 140)]
PIXEL = (243, 175)


def take(page: Page, folder: Path) -> None:
    """Use an open page, and write what it looks like."""
    from demo import browser

    page.locator("#samples img").first.click()
    page.wait_for_selector("#trimap img")
    page.wait_for_selector("#editor [aria-label=Color]")
    browser.stroke(page, SIZE, BODY)
    browser.take_colour(page, 1)
    browser.stroke(page, SIZE, FUR)
    page.mouse.move(5, 5)
    browser.cut(page)
    _write(page, folder / "painted.png")
    browser.show(page, "New background")
    _write(page, folder / "background.png")
    browser.show(page, "Kernels")
    browser.click_pixel(page, SIZE, PIXEL)
    page.wait_for_selector("#kernels img")
    _write(page, folder / "kernels.png")


def _write(page: Page, path: Path) -> None:
    """Write the page in 256 colours, which a document's reader does not miss."""
    from PIL import Image

    page.wait_for_timeout(2000)  # for pictures to appear and toasts to go
    picture = Image.open(io.BytesIO(page.screenshot(full_page=True))).convert("RGB").quantize(256)
    with replaced(path) as temporary:
        picture.save(temporary, "PNG", optimize=True)


def main(argv: list[str]) -> None:
    if len(argv) > 1:
        raise app.UsageError(f"Unknown arguments: {argv[1:]}")
    from a2u_tf.matting.weights.loading import load_matting
    from demo import browser
    from demo.serve import serving

    values = flags.FLAGS
    try:
        model = load_matting(values.model)
        with (
            serving(model, Path(values.model).name, 2000) as (_, address),
            browser.opened(address, 1280, 900) as page,
        ):
            take(page, Path(values.output))
    except (ValueError, OSError, RuntimeError) as error:
        raise SystemExit(f"error: {error}") from error


if __name__ == "__main__":
    flags.DEFINE_string("model", "small", "'small', which comes with a2u_tf, or a saved Matting (.keras).")
    flags.DEFINE_string("output", "docs/demo", "Folder to write to.")
    app.run(main)
