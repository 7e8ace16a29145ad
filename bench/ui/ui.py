"""Measure the web UI with 100,000 runs, in a real browser.

    .venv/bin/python bench/ui/ui.py [--runs 100000] [--data folder] [--rounds 5]

Fills a store once (kept in `--data`; an interrupted fill is resumed), starts a server on it, and measures in
Chromium: the gzipped JavaScript of a first load, the time from navigation to the first row, a scroll step (from the change of the
scroll position to the next frame, on the clock and in CPU time of the page), the time from a click to the rows of another order
and of another filter, and the requests that an open page sends while nothing happens.

Prints medians, maxima and the project's targets.
"""

import argparse
import os
import statistics
import sys
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, CDPSession, Page, sync_playwright

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests"))

from support.pages import browser as browsers  # found by the path above
from support.processes.servers import Server
from support.stores.many_runs import kept, tell_of

STEPS = 60  # of a scroll
STEP_PX = 640
TIMEOUT_MS = 120_000
IDLE_S = 30

# Resolves one frame after the text of the first row's link has changed.
ROWS_CHANGE = """async (act) => {
    const shown = () => document.querySelector('[role=row] [role=gridcell] a')?.textContent;
    const before = shown();
    const start = performance.now();
    document.querySelector(act).click();
    while (shown() === before) await new Promise(requestAnimationFrame);
    return performance.now() - start;
}"""
SCROLL = """async ([steps, px]) => {
    const box = document.querySelector('.scroll');
    const taken = [];
    for (let step = 0; step < steps; step += 1) {
        const start = performance.now();
        box.scrollTop += px;
        await new Promise(requestAnimationFrame);
        await new Promise((resolve) => setTimeout(resolve));
        taken.push(performance.now() - start);
    }
    return taken;
}"""


def first_load(browser: Browser, url: str) -> tuple[float, int]:
    """Return the milliseconds to the first row, and the bytes of JavaScript, in a browser with an empty cache."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    page.set_default_timeout(TIMEOUT_MS)
    sizes: list[int] = []
    session = context.new_cdp_session(page)
    session.send("Network.enable")
    scripts: set[str] = set()
    session.on("Network.responseReceived", lambda e: scripts.add(e["requestId"]) if e["type"] == "Script" else None)
    session.on(
        "Network.loadingFinished", lambda e: sizes.append(e["encodedDataLength"]) if e["requestId"] in scripts else None
    )
    page.goto(url)
    page.locator("[role=row] [role=gridcell] a").first.wait_for()
    shown: float = page.evaluate("performance.now()")
    context.close()
    return shown, sum(sizes)


def measure(browser: Browser, url: str, rounds: int) -> dict[str, list[float]]:
    results: dict[str, list[float]] = {
        name: [] for name in ("first row", "scroll step", "scroll, CPU", "sort", "filter")
    }
    results["script bytes"] = []
    first_load(browser, url)  # the entries of the server first
    for number in range(rounds):
        print(f"first loads, {number + 1} of {rounds}", flush=True)
        shown, size = first_load(browser, url)
        results["first row"].append(shown)
        results["script bytes"].append(size)
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.set_default_timeout(TIMEOUT_MS)
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})
    for number in range(rounds):
        print(f"scrolls, sorts and filters, {number + 1} of {rounds}", flush=True)
        page.goto("about:blank")
        page.goto(url)
        page.get_by_role("columnheader", name="loss").wait_for()
        before = busy_ms(session)
        results["scroll step"] += page.evaluate(SCROLL, [STEPS, STEP_PX])
        results["scroll, CPU"].append((busy_ms(session) - before) / STEPS)
        page.evaluate("document.querySelector('.scroll').scrollTop = 0")
        page.wait_for_timeout(500)
        results["sort"].append(page.evaluate(ROWS_CHANGE, "[title='metrics.loss'] button.name"))
        results["filter"].append(_filter(page))
    results["idle, req/s"] = [_idle(page, url)]
    return results


def busy_ms(session: CDPSession) -> float:
    """Return the CPU time of the page's main thread: on a busy machine the wall time depends on other processes."""
    metrics = {each["name"]: each["value"] for each in session.send("Performance.getMetrics")["metrics"]}
    return float(metrics["TaskDuration"]) * 1000


def _idle(page: Page, url: str) -> float:
    """Return the requests per second of an open page, from five seconds after its first rows on."""
    page.goto("about:blank")
    page.goto(url)
    page.get_by_role("columnheader", name="loss").wait_for()
    page.wait_for_timeout(5000)
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url))
    page.wait_for_timeout(IDLE_S * 1000)
    return len(sent) / IDLE_S


def _filter(page: Page) -> float:
    page.get_by_role("combobox", name="Filter").fill("metrics.loss < 0.5")
    page.wait_for_timeout(500)
    taken: float = page.evaluate(ROWS_CHANGE, "button.apply")
    return taken


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--runs", type=int, default=100_000)
    parser.add_argument("--data", type=Path, default=ROOT / ".bench" / "ui")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    data = kept(options.data, options.runs, tell_of("runs")).parent
    server = Server(data, ("--durability", "relaxed")).start()
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=browsers.chromium(), args=list(browsers.ARGUMENTS))
            results = measure(browser, f"{server.url}/#/experiments/1", options.rounds)
            browser.close()
    finally:
        server.stop()
    report(results)


def report(results: dict[str, list[float]]) -> None:
    bounds: dict[str, Any] = {
        "first row": 1000,
        "scroll step": 32,
        "scroll, CPU": 32,
        "sort": 300,
        "filter": 300,
        "script bytes": 120_000,
        "idle, req/s": 1,
    }
    print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    print(f"{'':14}{'median':>10}{'greatest':>10}{'bound':>10}")
    for name, values in results.items():
        digits = 0 if bounds[name] > 1 else 2
        print(f"{name:14}{statistics.median(values):>10.{digits}f}{max(values):>10.{digits}f}{bounds[name]:>10}")


if __name__ == "__main__":
    main()
