"""The page as a person uses it, in a browser without a window."""

import contextlib
import importlib.util
import socket

import cv2
import numpy as np
import pytest

from a2u_tf.matting import MattingModel, matting_net
from a2u_tf.matting.cutout import decide_alpha, estimate_foreground
from a2u_tf.matting.prediction import predict_alpha
from demo import browser
from demo.cutout import CutOut
from demo.kernels import kernels_at

if importlib.util.find_spec("gradio") is None:
    pytest.skip("needs a2u_tf[demo]", allow_module_level=True)
if reason := browser.missing():
    pytest.skip(reason, allow_module_level=True)

from demo.serve import serving

pytestmark = pytest.mark.slow
HEIGHT, WIDTH = 90, 120
COLOUR = (0x2A, 0x9D, 0x8F)  # the page's first background


@pytest.fixture(scope="module")
def model():
    return MattingModel(matting_net(width=0.03))


@pytest.fixture(scope="module")
def page(model):
    """The open page; what it asked of others than its own server is an error."""
    with (
        serving(model, "tiny.keras", 2000) as (_, address),
        browser.opened(address, 1280, 700) as page,
    ):
        yield page
        elsewhere = [url for url in page.requests if not url.removeprefix("blob:").startswith(address)]
        assert page.requests
        assert not elsewhere


@pytest.fixture
def files(tmp_path, rng):
    image = cv2.resize(rng.integers(0, 256, (9, 12, 3), dtype=np.uint8), (WIDTH, HEIGHT))
    trimap = np.full((HEIGHT, WIDTH), 128, np.uint8)
    trimap[:20], trimap[70:, 60:] = 0, 255
    cv2.imwrite(str(tmp_path / "image.png"), image[..., ::-1])
    cv2.imwrite(str(tmp_path / "trimap.png"), trimap)
    cv2.imwrite(str(tmp_path / "small.png"), trimap[:-1])
    cv2.imwrite(str(tmp_path / "coloured.png"), image)
    (tmp_path / "text.png").write_text("no picture")
    return tmp_path, image, trimap


def decoded(data):
    pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    return pixels if pixels.ndim == 2 else cv2.cvtColor(pixels, cv2.COLOR_BGRA2RGBA)[..., : pixels.shape[2]]


def rgb(pixels):
    return pixels[..., :3]


def messages(page, text):
    """Wait for a message, and close all."""
    page.wait_for_function("text => document.querySelector('.toast-wrap')?.innerText.includes(text)", arg=text)
    while page.locator(".toast-close").count():
        with contextlib.suppress(Exception):
            page.locator(".toast-close").first.click(timeout=2000)


def test_messages(page, files):
    folder, *_ = files
    page.click("#cut")
    messages(page, "There is no picture")
    page.set_input_files("#editor input[type=file]", str(folder / "text.png"))
    messages(page, "browser cannot read this file")
    page.set_input_files("#trimap input[type=file]", str(folder / "coloured.png"))
    messages(page, "coloured.png has colours, expected a trimap")
    browser.drop(page, "editor", folder / "image.png")
    page.click("#cut")
    messages(page, "Nothing is painted")
    browser.drop(page, "trimap", folder / "small.png")
    page.click("#cut")
    messages(page, f"the picture is {WIDTH} x {HEIGHT} pixels, the trimap {WIDTH} x {HEIGHT - 1}")
    page.click("#trimap [aria-label='Remove Image']")


def test_drop_cut_and_inspect(page, files, model):
    folder, image, trimap = files
    page.reload()
    browser.drop(page, "editor", folder / "image.png")
    browser.drop(page, "trimap", folder / "trimap.png")
    browser.cut(page)
    alpha = predict_alpha(model, image, trimap)
    levels = np.rint(255 * alpha).astype(np.uint8)
    cut_out = decoded(browser.shown_file(page, "cut_out"))
    opacity = decide_alpha(image / np.float32(255), alpha)
    colours = np.rint(255 * estimate_foreground(image / np.float32(255), opacity))
    np.testing.assert_array_equal(rgb(cut_out), colours)
    np.testing.assert_array_equal(cut_out[..., 3], np.rint(255 * opacity))
    browser.show(page, "Alpha")
    np.testing.assert_array_equal(decoded(browser.shown_file(page, "alpha")), levels)
    browser.show(page, "New background")
    page.wait_for_selector("#slider img")
    over = colours * opacity[..., None] + np.float32(COLOUR) * (1 - opacity[..., None])
    shown = [decoded(page.request.get(url).body()) for url in sources(page, "#slider img")]
    np.testing.assert_array_equal(rgb(shown[0]), image)
    np.testing.assert_allclose(rgb(shown[1]).astype(float), over, atol=0.51)
    browser.show(page, "Kernels")
    browser.click_pixel(page, (WIDTH, HEIGHT), (100, 37))
    page.wait_for_selector("#kernels img")
    sheet = kernels_at(model, CutOut(image, trimap, alpha, opacity, image), (37, 100))
    np.testing.assert_array_equal(rgb(decoded(browser.shown_file(page, "kernels"))), sheet)


def sources(page, selector):
    return [image.get_attribute("src") for image in page.locator(selector).all()]


def test_paint(page, files):
    folder, *_ = files
    page.reload()
    browser.drop(page, "editor", folder / "image.png")
    browser.stroke(page, (WIDTH, HEIGHT), [(40, 45), (80, 45)])
    trimap = decoded(browser.shown_file(page, "trimap"))
    assert trimap.shape == (HEIGHT, WIDTH)
    assert trimap[45, 60] in (128, 255)
    assert trimap[5, 5] == 0
    assert (trimap == 128).any()
    browser.cut(page)


def test_taken_port(model):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with (
            pytest.raises(OSError, match=f"^Port {port} cannot be had.*--port"),
            serving(model, "tiny.keras", 2000, port),
        ):
            pass
