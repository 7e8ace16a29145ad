"""Every page that `make screenshots` knows, and some others: narrow, in both themes and languages, with forced colours and less
motion, with long words; nothing moves while a page loads, and no link leads nowhere."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from support.pages import axe, screenshots

SERVED = tuple[str, dict[str, str]]
OTHERS = (
    "activity",
    "alerts",
    "overview/server",
    "trash",
    "drift",
    "experiments/2/system-metrics",
    "models/churn/compare/3/4",
)
PAGES = (*screenshots.SHOTS, *(screenshots.Shot(each, each) for each in OTHERS))
MOST_SHIFT = 0.01  # of the window, summed over a load

# Adds up the layout shifts of a page that nobody touched.
SHIFTS = """
window.shifted = 0;
window.moved = [];
new PerformanceObserver((list) => {
    for (const each of list.getEntries()) {
        if (each.hadRecentInput) continue;
        window.shifted += each.value;
        window.moved.push(...each.sources.map(({ node }) => node?.outerHTML?.slice(0, 120) ?? String(node)));
    }
}).observe({ type: "layout-shift", buffered: true });
"""
# Makes each text of buttons, labels and titles half as long again, as some languages do.
LENGTHEN = """() => {
    const wanted = "h1, h2, h3, th, label, button, nav a, legend, summary, dt, .muted";
    for (const each of document.querySelectorAll(wanted)) {
        for (const node of each.childNodes) {
            const text = node.nodeType === Node.TEXT_NODE ? node.textContent.trim() : "";
            if (text) node.textContent = ` ${text} ${"ñandú ".repeat(Math.ceil(text.length / 12))}`;
        }
    }
}"""

# Texts that a box cuts off and that no title tells in full, and texts that reach out of their button.  What scrolls
# shows all of its text; the cell of a grid gets its title from the pointer.
CUT = """() => {
    const found = [];
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node = texts.nextNode(); node; node = texts.nextNode()) {
        const own = node.parentElement;
        if (!node.textContent.trim() || !own.checkVisibility()) continue;
        if (own.closest("svg, [title], [role=gridcell], option, select")) continue;
        const range = document.createRange();
        range.selectNodeContents(node);
        const text = range.getBoundingClientRect();
        if (!text.width) continue;
        for (let box = own; box && box !== document.body; box = box.parentElement) {
            const style = getComputedStyle(box);
            if (["auto", "scroll"].includes(style.overflowX) || style.position === "fixed" || box.clientWidth === 1) break;
            const clips = style.overflowX !== "visible" || box.tagName === "BUTTON";
            const edges = box.getBoundingClientRect();
            if (!clips || (text.right <= edges.right + 1 && text.left >= edges.left - 1)) continue;
            found.push(`${box.tagName}.${box.className} cuts "${node.textContent.trim().slice(0, 40)}"`);
            break;
        }
    }
    return found;
}"""


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

    for shot in PAGES:
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


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_nothing_moves_while_a_page_loads(browser: Browser, gallery: SERVED) -> None:
    page = browser.new_page(viewport={"width": 1280, "height": 800}, locale="en-GB")
    page.add_init_script(SHIFTS)

    moved = []
    for shot in PAGES:
        page.goto("about:blank")
        page.goto(address(gallery, shot))
        ready(page)
        shifted, what = page.evaluate("[window.shifted, window.moved]")
        moved += [f"{shot.name}: {shifted:.3f} {what[:3]}"] if shifted > MOST_SHIFT else []
    page.close()

    assert moved == []


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("width", [1280, 390])
def test_long_words_widen_no_page_and_can_be_read_in_full(browser: Browser, gallery: SERVED, width: int) -> None:
    page = browser.new_page(viewport={"width": width, "height": 800}, locale="en-GB", reduced_motion="reduce")

    wide: list[str] = []
    for shot in PAGES:
        page.goto("about:blank")
        page.goto(address(gallery, shot))
        ready(page)
        page.evaluate(LENGTHEN)
        found = page.evaluate("document.documentElement.scrollWidth")
        wide += [f"{shot.name}: {found} px"] if found > width else []
        wide += [f"{shot.name}: {cut}" for cut in page.evaluate(CUT)]
    page.close()

    assert wide == []


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_no_link_leads_to_an_address_without_a_page(browser: Browser, gallery: SERVED) -> None:
    page = browser.new_page(viewport={"width": 1280, "height": 800}, locale="en-GB", reduced_motion="reduce")
    links: dict[str, str] = {}
    for shot in PAGES:
        page.goto("about:blank")
        page.goto(address(gallery, shot))
        ready(page)
        for link in page.eval_on_selector_all("a[href^='#/']", "(all) => all.map((each) => each.getAttribute('href'))"):
            kind = re.sub(r"[0-9a-f-]{32,36}|\d+", "N", link.partition("?")[0])
            links.setdefault(kind, link)

    lost = []
    for link in links.values():
        page.goto(f"{gallery[0]}/{link}")
        expect(page.locator("main h1").first).to_be_visible()
        if page.get_by_role("heading", name="There is no page at this address").count():
            lost.append(link)
    page.close()

    assert len(links) > 30
    assert lost == []
