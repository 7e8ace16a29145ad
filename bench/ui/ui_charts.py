"""Measure how long a real browser takes to draw runs with many points, and to redraw them after a zoom.

    python bench/ui/ui_charts.py [--runs 10] [--points 1000000] [--repeat 7] [--data FOLDER] [--check]

A store is filled once and kept in --data; an interrupted fill is resumed.  Chromium (or the browser in PLAYWRIGHT_CHROMIUM), with
software rendering, opens the chart.  The chart counts as drawn two frames after it shows its number of points.  The output has
medians in ms: from the navigation to the chart in a new tab, from the navigation to the chart in an open page, and from the end
of a drag to the chart of the range.  With --check, the exit code is 1 above 1,000 ms for the open page or 200 ms for a zoom.
"""

import argparse
import os
import statistics
import sys
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests"))
from support.pages import browser
from support.processes.servers import Server
from support.stores import many_runs

DRAWN_MS, ZOOMED_MS = 1000, 200
TIMEOUT_MS = 120_000

# Resolves two frames after the text of the card has changed, with that time.
WAIT = """
(before) => new Promise((done) => {
  const look = () => {
    const text = document.querySelector('p[aria-busy]')?.textContent ?? '';
    const isBusy = document.querySelector('p[aria-busy]')?.ariaBusy === 'true';
    if (text.includes('min–max kept') && !isBusy && text !== before) {
      requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now())));
    } else requestAnimationFrame(look);
  };
  look();
})
"""


def main() -> int:
    given = _arguments()
    data = many_runs.kept_points(given.data, given.runs, given.points, many_runs.tell_of("points")).parent
    server = Server(data, ("--durability", "relaxed"))
    server.start()
    try:
        with sync_playwright() as playwright:
            launched = playwright.chromium.launch(executable_path=browser.chromium(), args=list(browser.ARGUMENTS))
            page = launched.new_page(viewport={"width": 1280, "height": 800})
            found = _measure(page, f"{server.url}/#/experiments/1/charts", given.repeat)
            launched.close()
    finally:
        server.stop()
    print(f"{given.runs} runs of {given.points:,} points; load {os.getloadavg()[0]:.1f}; medians of {given.repeat}, ms")
    for name, times in found.items():
        print(f"{name:24} {statistics.median(times):8.0f}   {min(times):.0f} to {max(times):.0f}")
    slow = statistics.median(found["open page"]) > DRAWN_MS or statistics.median(found["zoom"]) > ZOOMED_MS
    return 1 if given.check and slow else 0


def _measure(page: Page, url: str, repeat: int) -> dict[str, list[float]]:
    found: dict[str, list[float]] = {"new tab": [], "open page": [], "zoom": []}
    page.set_default_timeout(TIMEOUT_MS)
    for number in range(repeat):
        print(f"round {number + 1} of {repeat}", flush=True)
        page.goto("about:blank")
        page.goto(url, wait_until="commit")
        found["new tab"].append(page.evaluate(WAIT, ""))

        page.goto("about:blank")  # a page keeps its loaded data
        page.goto(f"{url.split('#', maxsplit=1)[0]}#/experiments")
        page.get_by_role("heading", level=1).wait_for()
        found["open page"].append(_timed(page, lambda: page.evaluate("url => { location.href = url }", url)))

        chart = page.get_by_role("application").first
        box = chart.bounding_box()
        assert box
        y = box["y"] + box["height"] / 2
        page.mouse.move(box["x"] + box["width"] * 0.4, y)
        page.mouse.down()
        page.mouse.move(box["x"] + box["width"] * 0.5, y)
        page.mouse.move(box["x"] + box["width"] * 0.6, y)
        found["zoom"].append(_timed(page, page.mouse.up))
    return found


def _timed(page: Page, act: Callable[[], object]) -> float:
    """Return a time by the clock of the page, which excludes the delay of the test program."""
    page.evaluate(
        f"""() => {{
          const before = document.querySelector('p[aria-busy]')?.textContent ?? '';
          const since = performance.now();
          window.measured = ({WAIT})(before).then((end) => end - (window.began ?? since));
          window.began = undefined;
          addEventListener('pointerup', () => (window.began = performance.now()), {{ once: true, capture: true }});
        }}"""
    )
    act()
    return float(page.evaluate("() => window.measured"))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=10)
    parser.add_argument("--points", type=int, default=1_000_000)
    parser.add_argument("--repeat", type=int, default=7)
    parser.add_argument("--data", type=Path, default=ROOT / ".bench" / "ui", help="where stores are kept")
    parser.add_argument("--check", action="store_true", help="fail above the bounds")
    return parser.parse_args()


if __name__ == "__main__":
    raise SystemExit(main())
