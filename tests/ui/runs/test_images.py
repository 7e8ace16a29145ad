"""Images that a run logged with a key and a step, as `mlflow.log_image` names their files."""

import struct
import zlib
from typing import Literal

import pytest
from playwright.sync_api import Locator, Page, ViewportSize, expect

from support.client import Api
from support.pages import axe
from support.processes.servers import Server
from ui.runs.test_run import put

PHONE: ViewportSize = {"width": 390, "height": 844}
HOSTILE = "<img src=x onerror=\"document.title='owned'\">"


def png(width: int, shade: int = 120) -> bytes:
    """Return a grey square."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    rows = (b"\0" + bytes([shade]) * width) * width
    head = struct.pack(">IIBBBBB", width, width, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def log_image(api: Api, run_id: str, key: str, step: int, *, width: int = 40, has_small: bool = True) -> None:
    """Log a file as `mlflow.log_image` does; its small copy has a tenth of its width."""
    name = f"images/{key.replace('/', '~')}+step+{step}+timestamp+{1_700_000_000_000 + step}+5e1f-{step}"
    small = {f"{name}+compressed.webp": png(width // 10)} if has_small else {}
    put(api, run_id, {f"{name}.png": png(width), **small})


def width_of(image: Locator) -> int:
    """Return the width of an image as it was logged, once it has been loaded."""
    width: int = image.evaluate("(each) => each.decode().then(() => each.naturalWidth)")
    return width


@pytest.mark.slow
def test_images_are_shown_by_key_and_step_and_open_as_they_were_logged(server: Server, page: Page) -> None:
    run_id = server.api.new_run(run_name="swift-fox")
    for step in (0, 10):
        log_image(server.api, run_id, "val/cats", step, width=40 + step)
    log_image(server.api, run_id, HOSTILE, 10, has_small=False)
    page.set_viewport_size(PHONE)
    page.goto(f"{server.url}/#/experiments/0/runs/{run_id}")
    page.get_by_role("link", name="Images").click()
    shown = page.get_by_role("list", name="Images").get_by_role("button")

    expect(shown).to_have_count(2)
    expect(shown.first).to_have_accessible_name(f"{HOSTILE}, step 10")
    assert width_of(shown.last.get_by_role("img")) == 5  # the small copy
    page.get_by_role("slider", name="Step").press("Home")
    expect(shown).to_have_count(1)
    expect(page.get_by_text("No image up to this step")).to_be_visible()
    shown.press("Enter")
    dialog = page.get_by_role("dialog", name="val/cats")
    expect(dialog.get_by_role("slider", name="Step")).to_be_focused()
    assert width_of(dialog.get_by_role("img", name="val/cats, step 0")) == 40
    page.keyboard.press("ArrowRight")
    assert width_of(dialog.get_by_role("img", name="val/cats, step 10")) == 50
    page.keyboard.press("Escape")
    expect(shown).to_be_focused()
    log_image(server.api, run_id, "val/cats", 20)
    page.get_by_role("slider", name="Step").press("End")
    expect(page.get_by_role("button", name="val/cats, step 20")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    assert page.title() != "owned"


@pytest.mark.slow
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_no_serious_problem(server: Server, page: Page, theme: Literal["light", "dark"]) -> None:
    run_id = server.api.new_run()
    for step in (0, 10):
        log_image(server.api, run_id, "cats", step)
    page.emulate_media(color_scheme=theme)
    page.goto(f"{server.url}/#/experiments/0/runs/{run_id}/images")
    shown = page.get_by_role("button", name="cats, step 10")
    expect(shown).to_be_visible()

    found = axe.serious(page)
    shown.click()
    expect(page.get_by_role("dialog").get_by_role("img")).to_be_visible()
    found += axe.serious(page)

    assert found == []


@pytest.mark.slow
def test_an_unreadable_image_is_reported_and_a_run_without_images_shows_code(server: Server, page: Page) -> None:
    run_id = server.api.new_run()
    page.goto(f"{server.url}/#/experiments/0/runs/{run_id}/images")
    expect(page.get_by_text("mlflow.log_image")).to_be_visible()

    put(server.api, run_id, {"images/a+step+1+timestamp+1+u.png": b"no image"})
    page.reload()

    expect(page.get_by_text("This image cannot be shown")).to_be_visible()


@pytest.mark.slow
def test_a_folder_shows_its_images_small_and_a_pdf_is_downloaded(server: Server, page: Page) -> None:
    run_id = server.api.new_run()
    attack = (
        b"<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'><script>document.title='owned'</script></svg>"
    )
    put(server.api, run_id, {"plots/roc.png": png(20), "plots/tree.svg": attack, "plots/report.pdf": b"%PDF-1.7"})
    page.goto(f"{server.url}/#/experiments/0/runs/{run_id}/artifacts/plots")
    shown = page.get_by_role("list", name="Images").get_by_role("link")

    expect(shown).to_have_count(2)
    assert [width_of(each.get_by_role("img")) for each in shown.all()] == [20, 9]
    shown.first.press("Enter")
    expect(page.get_by_role("heading", name="roc.png")).to_be_visible()
    page.get_by_role("link", name="report.pdf").click()
    expect(page.get_by_text("There is no preview of PDF files. Download the file to read it.")).to_be_visible()
    assert page.title() != "owned"
