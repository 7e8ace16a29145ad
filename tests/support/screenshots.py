"""Writes docs/images: the table of runs, light and dark, of a store made for it.  `make screenshots` runs this."""

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, ViewportSize, sync_playwright

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests"))

from support import browser as browsers  # noqa: E402  # found by the path above
from support.many_runs import fill  # noqa: E402
from support.servers import Server  # noqa: E402

IMAGES = ROOT / "docs" / "images"
RUNS = 2000
SIZE: ViewportSize = {"width": 1280, "height": 720}
VIEW = (
    "cols=status,metrics.auc,metrics.loss!t,params.lr,params.optimizer,metrics.val/metric_0,duration&order=-metrics.auc"
)


def main() -> None:
    IMAGES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder)
        fill(data, "churn", RUNS)
        server = Server(data).start()
        try:
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=browsers.chromium(), args=list(browsers.ARGUMENTS))
                take(browser, f"{server.url}/#/experiments/1?{VIEW}", "light")
                take(browser, f"{server.url}/#/experiments/1?{VIEW}", "dark")
                browser.close()
        finally:
            server.stop()


def take(browser: Browser, url: str, theme: str) -> None:
    page = browser.new_page(viewport=SIZE, color_scheme="dark" if theme == "dark" else "light", locale="en-GB")
    page.goto(url)
    page.locator(".heat-7").first.wait_for()
    page.get_by_role("checkbox").nth(2).check()
    page.get_by_role("checkbox").nth(4).check()
    page.mouse.move(0, 0)
    page.screenshot(path=IMAGES / f"runs-{theme}.png")
    page.close()


if __name__ == "__main__":
    main()
