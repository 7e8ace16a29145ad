"""Every page that `make screenshots` knows: narrow, in both themes and languages, with forced colours and less motion."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from support import axe, screenshots

SERVED = tuple[str, dict[str, str]]


@pytest.fixture(scope="module")
def gallery(built_ui: None) -> Iterator[SERVED]:
    with screenshots.served() as served:
        yield served


def address(gallery: SERVED, shot: screenshots.Shot) -> str:
    url, ids = gallery
    path = shot.address
    for name, value in ids.items():
        path = path.replace(f"{{{name}}}", value)
    return f"{url}/#/{path}"


def ready(page: Page) -> None:
    expect(page.locator("main h1").first).to_be_visible(timeout=60_000)
    expect(page.get_by_text("Loading", exact=True)).to_have_count(0, timeout=60_000)
    expect(page.locator("[aria-busy=true]")).to_have_count(0, timeout=60_000)


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize(("theme", "language"), [("light", "es-ES"), ("dark", "en-GB")])
def test_a_narrow_page_scrolls_down_alone_and_axe_finds_nothing_serious(
    browser: Browser, gallery: SERVED, theme: str, language: str
) -> None:
    """320 px are also a window of 640 px at 200 %."""
    context = browser.new_context(
        viewport={"width": 320, "height": 720},
        color_scheme="dark" if theme == "dark" else "light",
        locale=language,
        reduced_motion="reduce",
    )
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)

    for shot in screenshots.SHOTS:
        page.goto("about:blank")
        page.goto(address(gallery, shot))
        ready(page)
        width = page.evaluate("document.documentElement.scrollWidth")
        complaints += [f"{shot.name}: {width} px wide"] if width > 320 else []
        complaints += [f"{shot.name}: {found}" for found in axe.serious(page)]
        page.emulate_media(forced_colors="active")
        expect(page.locator("main h1").first).to_be_visible()
        page.emulate_media(forced_colors="none")
    context.close()

    assert complaints == []


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_reload_and_a_pasted_address_show_the_same_screen(browser: Browser, gallery: SERVED) -> None:
    page = browser.new_page(viewport={"width": 1280, "height": 800}, locale="en-GB", reduced_motion="reduce")
    for shot in screenshots.SHOTS:
        page.goto("about:blank")
        page.goto(address(gallery, shot))
        ready(page)
        before = page.locator("main").inner_text()
        pasted = page.url
        page.reload()
        ready(page)
        assert page.url == pasted
        assert page.locator("main h1").first.inner_text() in before
    page.close()
