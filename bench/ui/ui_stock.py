"""Compare the web UI with MLflow's: 100,000 runs in both stores, one browser session, pages in turn.

    python bench/ui/ui_stock.py --stock PYTHON [--runs 100000] [--data FOLDER] [--rounds 5]

PYTHON is the interpreter of an environment with mlflow 3.  Both stores are SQLite and have the same runs, metrics and params;
they are filled once and kept in `--data`.  The script measures the time from the navigation to the first rows of the table, to
the rows in the order of a metric, and to the first chart, in a browser that has loaded both pages before.  It prints medians and
the ratio of MLflow's UI; `inf` is a page that was not shown within a minute.
"""

import argparse
import math
import os
import signal
import sqlite3
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright
from playwright.sync_api import TimeoutError as TookTooLong

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests"))

from support.pages import browser as browsers  # found by the path above
from support.processes.ports import free_port
from support.processes.servers import Server, environment
from support.stores import many_runs

TIMEOUT_MS = 60_000
START_S = 120
AT_ONCE = 5000
# The element that shows that a page is ready, and the address, for Trackside and MLflow.
RUN_LINK = "a:text-matches('^run-[0-9]{6}$')"
THEIR_LINK = "a[href*='/runs/']"
NEWEST = "orderByKey=attributes.start_time&orderByAsc=false"  # otherwise the UI of MLflow keeps the last order
PAGES = {
    "first table": ("#/experiments/1", RUN_LINK, f"#/experiments/1/runs?{NEWEST}", THEIR_LINK),
    "sorted table": (
        "#/experiments/1?order=-metrics.loss",
        "a:text-is('{first}')",
        "#/experiments/1/runs?orderByKey=metrics.%60loss%60&orderByAsc=false",
        THEIR_LINK + ":has-text('{first}')",  # the name is in a separate element within the link
    ),
    "first chart": (
        "#/experiments/1/charts",
        "figure canvas",
        f"#/experiments/1/runs?compareRunsMode=CHART&{NEWEST}",
        ".js-plotly-plot .main-svg",
    ),
}


def fill_stock(python: Path, database: Path, runs: int) -> None:
    """Create the runs of `support.stores.many_runs` in a store of MLflow: the schema by MLflow's command, the rows by SQL."""
    subprocess.run(
        [python, "-m", "mlflow", "db", "upgrade", f"sqlite:///{database}"],
        check=True, capture_output=True, env=environment(),
    )  # fmt: skip
    artifacts = f"{database.parent}/artifacts"
    with sqlite3.connect(database) as db:
        db.execute(
            "INSERT INTO experiments (experiment_id, name, artifact_location, lifecycle_stage, creation_time, last_update_time)"
            " VALUES (1, 'many', ?, 'active', 1, 1)",
            (f"{artifacts}/1",),
        )
        for first in range(0, runs, AT_ONCE):
            _insert(db, range(first, min(first + AT_ONCE, runs)), artifacts)
            print(f"filled {min(first + AT_ONCE, runs):,} of {runs:,} runs of MLflow", flush=True)


def _insert(db: sqlite3.Connection, numbers: range, artifacts: str) -> None:
    logged = [many_runs.logged(f"{number:032x}", number) for number in numbers]
    db.executemany(
        "INSERT INTO runs (run_uuid, name, source_type, source_name, entry_point_name, user_id, status, start_time, end_time,"
        " source_version, lifecycle_stage, artifact_uri, experiment_id)"
        " VALUES (?, ?, 'UNKNOWN', '', '', ?, 'FINISHED', ?, ?, '', 'active', ?, 1)",
        [
            (
                f"{n:032x}",
                f"run-{n:06}",
                f"user-{n % 7}",
                many_runs.STARTED + n * 1000,
                many_runs.end(n),
                f"{artifacts}/{n}",
            )
            for n in numbers
        ],
    )
    db.executemany(
        "INSERT INTO params (key, value, run_uuid) VALUES (?, ?, ?)",
        [(key, value, each.run_id) for each in logged for key, value in each.params],
    )
    db.executemany(
        "INSERT INTO tags (key, value, run_uuid) VALUES ('mlflow.runName', ?, ?)",
        [(f"run-{n:06}", f"{n:032x}") for n in numbers],
    )
    points = [
        (key, value, timestamp, step, each.run_id)
        for each in logged
        for key, own in each.points.items()
        for step, timestamp, value in own
    ]
    for table in ("metrics", "latest_metrics"):
        db.executemany(
            f"INSERT INTO {table} (key, value, timestamp, step, is_nan, run_uuid) VALUES (?, ?, ?, ?, 0, ?)", points
        )


@contextmanager
def stock(python: Path, database: Path) -> Iterator[str]:
    """Yield the address of MLflow's server on the store."""
    port = free_port()
    process = subprocess.Popen(
        [python, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1",
         "--backend-store-uri", f"sqlite:///{database}", "--artifacts-destination", f"{database.parent}/artifacts"],
        env=environment() | {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"},
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    try:
        url = f"http://127.0.0.1:{port}"
        end = time.monotonic() + START_S
        while not _answers(url):
            if time.monotonic() > end or process.poll() is not None:
                raise SystemExit(f"the server of MLflow did not start within {START_S} s")
            time.sleep(0.2)
        yield url
    finally:
        os.killpg(process.pid, signal.SIGKILL)  # otherwise it finishes its searches first
        process.wait()


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/health", timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def measure(
    browser: Browser, ours: str, theirs: str, rounds: int, first: str
) -> dict[str, tuple[list[float], list[float]]]:
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.set_default_timeout(TIMEOUT_MS)
    found: dict[str, tuple[list[float], list[float]]] = {name: ([], []) for name in PAGES}
    for turn in range(rounds + 1):
        for name, (our_hash, our_sign, their_hash, their_sign) in PAGES.items():
            theirs_came = math.inf not in found[name][1]
            mine = _open(page, f"{ours}/{our_hash}", our_sign.replace("{first}", first))
            # A page that timed out once is not measured again.
            other = (
                _open(page, f"{theirs}/{their_hash}", their_sign.replace("{first}", first)) if theirs_came else math.inf
            )
            print(f"{'warm-up' if turn == 0 else f'round {turn}':8} {name:14}{mine:>10.0f}{other:>10.0f}", flush=True)
            if turn or other == math.inf:  # the first round fills the browser's cache and warms up the servers
                found[name][0].append(mine)
                found[name][1].append(other)
    page.close()
    return found


def _open(page: Page, url: str, sign: str) -> float:
    page.goto("about:blank")
    page.goto(url, wait_until="commit")
    try:
        page.locator(sign).first.wait_for()
    except TookTooLong:
        return math.inf  # not within TIMEOUT_MS
    taken: float = page.evaluate("performance.now()")
    return taken


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--stock", type=Path, required=True, help="the interpreter of an environment with mlflow 3")
    parser.add_argument("--runs", type=int, default=100_000)
    parser.add_argument("--data", type=Path, default=ROOT / ".bench" / "ui")
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    data = many_runs.kept(given.data, given.runs, many_runs.tell_of("runs")).parent
    database = given.data / f"mlflow-{given.runs}.db"
    if not database.exists():
        half = database.with_suffix(".part")  # an interrupted fill is discarded
        half.unlink(missing_ok=True)
        fill_stock(given.stock, half, given.runs)
        half.rename(database)
    server = Server(data, ("--durability", "relaxed")).start()
    body = {"experiment_ids": ["1"], "order_by": ["metrics.loss DESC"], "max_results": 1}
    first = str(server.api.post("runs/search", body)["runs"][0]["info"]["run_name"])
    try:
        with stock(given.stock, database) as theirs, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=browsers.chromium(), args=list(browsers.ARGUMENTS))
            found = measure(browser, server.url, theirs, given.rounds, first)
            browser.close()
    finally:
        server.stop()
    print(
        f"{given.runs:,} runs; load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores; medians of {given.rounds}, ms"
    )
    print(f"{'':14}{'Trackside':>12}{'MLflow':>12}{'times':>8}")
    for name, (ours, others) in found.items():
        mine, other = statistics.median(ours), statistics.median(others)
        print(f"{name:14}{mine:>12.0f}{other:>12.0f}{other / mine:>8.1f}")


if __name__ == "__main__":
    main()
