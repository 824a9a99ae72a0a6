"""A browser without a window that uses the page as a person would."""

from __future__ import annotations

import contextlib
import importlib.util
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Page

NAMES = ("chromium", "chromium-browser", "google-chrome")
SECONDS = 60


def missing() -> str | None:
    """Return what there is to install before `opened` works, or None."""
    if importlib.util.find_spec("playwright") is None:
        return "needs Playwright: pip install 'a2u_tf[demo-test]'"
    if not any(map(shutil.which, NAMES)):
        return "needs the browser Chromium (Debian: apt-get install chromium)"
    return None


@contextlib.contextmanager
def opened(address: str, width: int = 1280, height: int = 1400) -> Iterator[Page]:
    """Open the page in Chromium.

    Yields:
        Playwright's `Page`, with a list `requests` of all addresses that it asked for.

    Raises:
        RuntimeError: Where Chromium or Playwright is missing.
    """
    if reason := missing():
        raise RuntimeError(f"A browser {reason}")
    from playwright.sync_api import sync_playwright

    path = next(filter(None, map(shutil.which, NAMES)))
    with sync_playwright() as playwright:
        # Without a graphics card the editor draws in software. A container's root has no sandbox.
        browser = playwright.chromium.launch(executable_path=path, args=["--enable-unsafe-swiftshader", "--no-sandbox"])
        page = browser.new_page(viewport={"width": width, "height": height})
        page.set_default_timeout(1000 * SECONDS)
        page.requests = []
        page.on("request", lambda request: page.requests.append(request.url))
        page.goto(address)
        page.wait_for_selector("#editor canvas")
        try:
            yield page
        finally:
            browser.close()


def drop(page: Page, name: str, path: Path | str) -> None:
    """Put a file into the picture field of a name, and wait until it is shown."""
    page.set_input_files(f"#{name} input[type=file]", str(path))
    page.wait_for_selector("#editor [aria-label=Color]" if name == "editor" else f"#{name} img")


def take_colour(page: Page, number: int) -> None:
    """Choose the colour of the brush: 0 green, 1 orange, 2 blue."""
    page.click("#editor [aria-label=Color]")
    page.locator("#editor button.color").nth(number).click()
    page.click("#editor [aria-label=Color]")


def stroke(page: Page, size: tuple[int, int], points: list[tuple[int, int]]) -> None:
    """Paint along points `(x, y)` of a picture of `size`, width and height, all in its pixels; wait for the trimap."""
    trimap = "document.querySelector('#trimap img')?.src"
    before = page.evaluate(trimap)
    box = page.locator("#editor canvas").first.bounding_box()
    zoom = float(page.locator("#editor :text('%')").inner_text().rstrip("%")) / 100
    left, top = (
        box[corner] + (box[side] - zoom * length) / 2
        for corner, side, length in zip(("x", "y"), ("width", "height"), size, strict=True)
    )
    places = [(left + zoom * x, top + zoom * y) for x, y in points]
    page.mouse.move(*places[0])
    page.mouse.down()
    for place in places[1:] + places[:1] * (len(places) == 1):
        page.mouse.move(*place, steps=2)
    page.mouse.up()
    page.wait_for_function(f"before => {trimap} && {trimap} !== before", arg=before)


def click_pixel(page: Page, size: tuple[int, int], pixel: tuple[int, int]) -> None:
    """Click a pixel `(x, y)` of the picture of `size` in the kernels' tab, in its middle."""
    image = page.locator("#clicked img")
    image.scroll_into_view_if_needed()
    box = image.bounding_box()
    zoom = min(1, box["width"] / size[0], box["height"] / size[1])  # small pictures are not enlarged
    x, y = (
        (box[side] - zoom * length) / 2 + zoom * (place + 0.5)
        for side, length, place in zip(("width", "height"), size, pixel, strict=True)
    )
    image.click(position={"x": x, "y": y})


def cut(page: Page) -> None:
    """Press the button and wait for the results."""
    page.click("#cut")
    page.wait_for_function("document.querySelector('#status').innerText.includes('Done')")
    page.wait_for_selector("#cut_out img")


def show(page: Page, tab: str) -> None:
    """Open a tab of the results."""
    page.get_by_role("tab", name=tab).click()


def shown_file(page: Page, name: str) -> bytes:
    """Return the bytes of the picture that is shown in a field."""
    content: bytes = page.request.get(page.locator(f"#{name} img").first.get_attribute("src")).body()
    return content
