"""Writes docs/images: every page of the web UI, light and dark.  `make screenshots` runs this.

    python tests/support/pages/screenshots.py [NAME ...] [--to FOLDER] [--width 1280] [--language en]

Without names, all pages.  The pictures have 256 colours, so that the repository stays small.
"""

import argparse
import io
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import numpy.typing as npt
from msgspec import Struct
from PIL import Image
from playwright.sync_api import Browser, Page, expect, sync_playwright

ROOT = Path(__file__).parents[3]
sys.path[0] = str(ROOT / "tests")  # not this folder, whose modules have names of libraries

from support import links  # noqa: E402
from support.pages import browser as browsers  # noqa: E402  # found by the path above
from support.pages import gallery  # noqa: E402
from support.processes.servers import Server  # noqa: E402

IMAGES = ROOT / "docs" / "images"
THEMES = ("light", "dark")
COLOURS = 256
LEAST_APART = 12  # two colours of a picture, summed over red, green and blue
RUNS_VIEW = (
    "cols=status,metrics.auc,metrics.loss!t,params.lr,params.optimizer,metrics.val/metric_0,duration&order=-metrics.auc"
)
TIMEOUT_MS = 120_000


def _nothing(_page: Page) -> None:
    """The page is as it opens."""


def _choose_two(page: Page) -> None:
    page.locator(".heat-7").first.wait_for()
    page.get_by_role("checkbox").nth(2).check()
    page.get_by_role("checkbox").nth(4).check()


def _choose_chat(page: Page) -> None:
    page.get_by_role("treeitem").filter(has_text="chat").last.click()


def _open_palette(page: Page) -> None:
    page.keyboard.press("Control+k")
    page.get_by_role("combobox").last.wait_for()
    page.keyboard.type("res")
    page.get_by_role("option", name="resnet18").wait_for()


class Shot(Struct, frozen=True):
    """A picture.  `address` may name ids of `gallery.fill_over_api` in braces; `ready` is a selector."""

    name: str
    address: str
    ready: str = "main h1"
    act: Callable[[Page], None] = _nothing
    size: tuple[int, int] | None = None  # of the window; None: as the command says


SHOTS = (
    Shot("runs", f"experiments/1?{RUNS_VIEW}", "[role=gridcell] a", _choose_two),
    Shot("experiments", "experiments", "main table a"),
    Shot(
        "split",
        "experiments/2?show=split&cols=metrics.val/accuracy!c!t!260&order=-metrics.val/accuracy&chart-find=acc|loss",
        "canvas",
        size=(1440, 810),
    ),
    Shot("charts", "experiments/2/charts", "canvas"),
    Shot("run", "experiments/2/runs/{run}", "canvas"),
    Shot("artifacts", "experiments/2/runs/{run}/artifacts/predictions.csv", "table"),
    Shot("images", "experiments/2/runs/{run}/images?step=200", "main figure img"),
    Shot("compare", 'compare-runs?runs={runs}&experiments=["2"]', "table"),
    Shot("evaluation", "compare-runs?runs={evaluated}&view=evaluation", "main table"),
    Shot("traces", "experiments/{traced}/traces", "[role=gridcell] a"),
    Shot("trace", "experiments/{traced}/traces/{trace}", "[role=treeitem]", _choose_chat),
    Shot("trace-sessions", "experiments/{traced}/traces?show=sessions", "main table a"),
    Shot("trace-session", "experiments/{traced}/traces?show=sessions&session={session}", "main ol"),
    Shot("trace-charts", "experiments/{traced}/traces?show=charts", "main svg"),
    Shot("trace-datasets", "experiments/{traced}/traces?show=datasets", "main table a"),
    Shot("models", "models", "main table a"),
    Shot("model", "models/churn", "main table a"),
    Shot("version", "models/churn/versions/3", "main table"),
    Shot("lineage", "models/churn/versions/3/lineage", "main a"),
    Shot("endpoints", "endpoints", "main table a"),
    Shot("endpoint", "endpoints/churn-live", "main table"),
    Shot("links", "links", "main table a"),
    Shot("link", "links/head-office"),
    Shot("link-wizard", "links?new=1"),
    Shot("workspaces", "workspaces", "main table"),
    Shot("webhooks", "webhooks", "main table a"),
    Shot("webhook", "webhooks/{webhook}"),
    Shot("imports", "imports"),
    Shot("jobs", "jobs", "main table a"),
    Shot("retention", "retention", "main table"),
    Shot("orphans", "orphans", "main table"),
    Shot("storage", "storage", "main table a"),
    Shot("overview", "overview", "main table a"),
    Shot("palette", "experiments/2", "[role=gridcell] a", _open_palette),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("names", nargs="*", choices=[[], *(shot.name for shot in SHOTS)], metavar="NAME")
    parser.add_argument("--to", type=Path, default=IMAGES)
    parser.add_argument("--width", type=int, default=1280)
    parser.add_argument("--height", type=int, default=720)
    parser.add_argument("--language", default="en")
    given = parser.parse_args()
    given.to.mkdir(parents=True, exist_ok=True)
    with served() as (url, ids), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browsers.chromium(), args=list(browsers.ARGUMENTS))
        for shot in SHOTS:
            if given.names and shot.name not in given.names:
                continue
            for theme in THEMES:
                taken = take(browser, url, ids, shot, theme, shot.size or (given.width, given.height), given.language)
                (given.to / f"{shot.name}-{theme}.png").write_bytes(small(taken))
        browser.close()


@contextmanager
def served() -> Iterator[tuple[str, dict[str, str]]]:
    """The address of a server with the gallery, and the ids that addresses of pages name."""
    with tempfile.TemporaryDirectory() as folder:
        data, elsewhere = Path(folder) / "data", Path(folder) / "elsewhere"
        data.mkdir()
        gallery.fill_before_start(data)
        other = Server(elsewhere).start()
        server = Server(data, ("--model-python", sys.executable)).start()
        try:
            ids = gallery.fill_over_api(server, other)
            links.settle(server.api, "head-office")
            yield server.url, ids
        finally:
            server.stop()
            other.stop()


def take(
    browser: Browser, url: str, ids: dict[str, str], shot: Shot, theme: str, size: tuple[int, int], language: str
) -> bytes:
    page = browser.new_page(
        viewport={"width": size[0], "height": size[1]},
        color_scheme="dark" if theme == "dark" else "light",
        locale="es-ES" if language == "es" else "en-GB",
        reduced_motion="reduce",
    )
    page.set_default_timeout(TIMEOUT_MS)
    address = shot.address
    for name, value in ids.items():
        address = address.replace(f"{{{name}}}", value)
    page.goto(f"{url}/#/{address}")
    page.locator(shot.ready).first.wait_for()
    # Not `wait_for_function`, whose text the Content-Security-Policy forbids.
    expect(page.locator("[aria-busy=true]")).to_have_count(0, timeout=TIMEOUT_MS)
    expect(page.get_by_text("Loading", exact=True)).to_have_count(0, timeout=TIMEOUT_MS)
    shot.act(page)
    page.mouse.move(0, 0)
    taken = page.screenshot()
    page.close()
    return taken


def small(png: bytes) -> bytes:
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    palette = Image.new("P", (1, 1))
    palette.putpalette([part for colour in colours(picture) for part in colour])
    content = io.BytesIO()
    picture.quantize(palette=palette, dither=Image.Dither.NONE).save(content, "PNG", optimize=True)
    return content.getvalue()


def colours(picture: Image.Image) -> list[tuple[int, int, int]]:
    """Return the most frequent colours that differ enough: backgrounds stay what they are, and the few pixels of the line of a
    run keep its colour."""
    found = sorted(picture.getcolors(picture.width * picture.height) or [], reverse=True)
    chosen: npt.NDArray[np.int_] = np.empty((0, 3), int)
    for _, colour in found:
        if len(chosen) < COLOURS and (len(chosen) == 0 or np.abs(chosen - colour).sum(axis=1).min() >= LEAST_APART):
            chosen = np.vstack([chosen, colour])
    return [(int(red), int(green), int(blue)) for red, green, blue in chosen]


if __name__ == "__main__":
    main()
