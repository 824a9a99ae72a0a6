"""A browser without a window that uses the page as a person would."""

import contextlib
import importlib.util
import shutil

NAMES = ("chromium", "chromium-browser", "google-chrome")
SECONDS = 60


def missing():
    """Return what there is to install before `opened` works, or None."""
    if importlib.util.find_spec("playwright") is None:
        return "needs Playwright: pip install 'a2u_tf[demo-test]'"
    if not any(map(shutil.which, NAMES)):
        return "needs the browser Chromium (Debian: apt-get install chromium)"
    return None


@contextlib.contextmanager
def opened(address, width=1280, height=1400):
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


def drop(page, name, path):
    """Put a file into the picture field of a name, and wait until it is shown."""
    page.set_input_files(f"#{name} input[type=file]", str(path))
    if name == "editor":
        page.wait_for_selector("#editor [aria-label='Brush']")
    else:
        page.wait_for_selector(f"#{name} img")


def stroke(page, points):
    """Paint along points of the picture, each `(x, y)` from 0 to 1."""
    box = page.locator("#editor canvas").bounding_box()
    return box, points


def cut(page):
    """Press the button and wait for the results."""
    page.click("#cut")
    page.wait_for_function("document.querySelector('#status').innerText.includes('Done')")
    page.wait_for_selector("#cut_out img")
