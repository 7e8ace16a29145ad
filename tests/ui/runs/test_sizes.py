"""Many runs, many points and large files in a real browser: no row is blank, no request is repeated, zoom asks for true
points, and a preview reads only what it shows."""

import os
import re
import shutil
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import pytest
from playwright.sync_api import Page, Request, expect

from support.processes.servers import Server
from support.stores.many_runs import kept, kept_points
from ui.runs.test_charts import card, drag, plot
from ui.runs.test_run import log as log_run
from ui.runs.test_run import put, run_of

KEPT = Path(__file__).parents[3] / ".bench" / "ui"  # the store of bench/ui/ui.py
RUNS = 100_000
POINTS = 1_000_000
FILE_BYTES = 5 * 1024**3
MOST_READ_BYTES = 64 * 1024**2

# Whether a frame had a row without text while `j` is held, and how many rows went by.
HOLD = """async (presses) => {
    const target = document.activeElement;
    const blank = [];
    for (let press = 0; press < presses; press += 1) {
        document.activeElement.dispatchEvent(new KeyboardEvent('keydown', { key: 'j', bubbles: true }));
        await new Promise(requestAnimationFrame);
        const box = document.querySelector('.scroll').getBoundingClientRect();
        for (const row of document.querySelectorAll('.scroll .body [role=row]')) {
            const place = row.getBoundingClientRect();
            const isSeen = place.bottom > box.top + 36 && place.top < box.bottom;
            if (isSeen && !row.querySelector('a')) blank.push(press);
        }
    }
    return blank.length;
}"""


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_a_hundred_thousand_runs_scroll_without_a_blank_row_and_sort(
    start: Callable[..., Server], page: Page, tmp_path: Path
) -> None:
    (tmp_path / "data").mkdir()
    shutil.copy(kept(KEPT, RUNS), tmp_path / "data" / "trackside.db")
    server = start(data=tmp_path / "data")
    page.set_default_timeout(120_000)

    page.goto(f"{server.url}/#/experiments/1")
    page.get_by_role("link", name="run-099999").wait_for()
    expect(page.get_by_text("100,000 runs")).to_be_visible()
    page.keyboard.press("/")
    page.keyboard.press("Escape")
    assert page.evaluate(HOLD, 60) == 0

    page.get_by_role("button", name="loss", exact=True).click()
    best = server.api.post("runs/search", experiment_ids=["1"], order_by=["metrics.loss DESC"], max_results=1)
    expect(page.get_by_role("row").nth(1)).to_contain_text(best["runs"][0]["info"]["run_name"], timeout=120_000)
    page.keyboard.press("Control+End")
    page.locator(".scroll").evaluate("(box) => { box.scrollTop = box.scrollHeight; }")
    expect(page.get_by_role("row", name=re.compile("run-")).last).to_be_visible()


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_a_hundred_thousand_runs_are_saved_as_parquet(start: Callable[..., Server], page: Page, tmp_path: Path) -> None:
    parquet = import_module("pyarrow.parquet")  # it has no types
    (tmp_path / "data").mkdir()
    shutil.copy(kept(KEPT, RUNS), tmp_path / "data" / "trackside.db")
    server = start(data=tmp_path / "data")
    page.set_default_timeout(300_000)
    page.goto(f"{server.url}/#/experiments/1?cols=metrics.loss,params.param_0")
    page.get_by_role("link", name="run-099999").wait_for()
    page.get_by_role("button", name="View").click()
    with page.expect_download() as started:
        page.get_by_role("menuitem", name="Export Parquet").click()
        expect(page.get_by_text("of 100,000 runs read")).to_be_visible(timeout=120_000)
    file = tmp_path / "runs.parquet"
    started.value.save_as(file)

    table = parquet.read_table(file)
    assert table.num_rows == RUNS
    assert len(set(table.column("run_id").to_pylist())) == RUNS
    asked = server.api.post("runs/search", experiment_ids=["1"], order_by=["metrics.loss DESC"], max_results=1)["runs"][
        0
    ]
    best = max(table.select(["run_name", "metrics.loss"]).to_pylist(), key=lambda row: row["metrics.loss"] or 0)
    assert best["run_name"] == asked["info"]["run_name"]
    expect(page.get_by_text("of 100,000 runs read")).to_have_count(0)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_ten_runs_of_a_million_points_are_drawn_honestly_and_again_on_zoom(
    start: Callable[..., Server], page: Page, tmp_path: Path
) -> None:
    (tmp_path / "data").mkdir()
    shutil.copy(kept_points(KEPT, 10, POINTS), tmp_path / "data" / "trackside.db")
    server = start(data=tmp_path / "data")
    page.set_default_timeout(120_000)
    series: list[Request] = []
    page.on("request", lambda request: series.append(request) if request.url.endswith("/metrics/series") else None)

    page.goto(f"{server.url}/#/experiments/1/charts")
    expect(page.get_by_text(re.compile(r"of 10,000,000 points, min–max kept"))).to_be_visible(timeout=120_000)
    drag(page, plot(page, "loss"), 0.4, 0.5)

    expect(page.get_by_text(re.compile(r"of (9|1,0)\d\d,\d{3} points|of 1,\d{3},\d{3} points"))).to_be_visible(
        timeout=120_000
    )
    assert "chart-zoom=" in page.url
    assert len(series) == 2


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_ten_million_points_are_drawn_zoomed_and_refused_in_exact_mode(
    start: Callable[..., Server], page: Page, tmp_path: Path
) -> None:
    (tmp_path / "data").mkdir()
    shutil.copy(kept_points(KEPT, 1, 10 * POINTS), tmp_path / "data" / "trackside.db")
    server = start(data=tmp_path / "data")
    page.set_default_timeout(120_000)
    run_id = server.api.post("runs/search", experiment_ids=["1"])["runs"][0]["info"]["run_id"]

    page.goto(f"{server.url}/#/experiments/1/runs/{run_id}")
    expect(card(page, "loss")).to_contain_text("of 10,000,000 points, min–max kept", timeout=120_000)
    page.get_by_role("link", name="Charts").click()
    expect(card(page, "loss")).to_contain_text("of 10,000,000 points, min–max kept", timeout=120_000)
    page.get_by_role("button", name="Options").click()
    page.get_by_role("checkbox", name="Exact points").check()
    expect(card(page, "loss")).to_contain_text(
        re.compile(r"The first [\d,]+ of 10,000,000 points: zoom in for the others"), timeout=120_000
    )
    page.get_by_role("checkbox", name="Exact points").uncheck()
    page.keyboard.press("Escape")
    drag(page, plot(page, "loss"), 0.4, 0.5)

    expect(card(page, "loss")).to_contain_text(re.compile(r"of (9\d\d,\d{3}|1,\d{3},\d{3}) points"), timeout=120_000)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_files_of_five_gigabytes_are_previewed_by_their_head_or_refused_with_their_size(
    server: Server, page: Page
) -> None:
    address = log_run(server.api)
    names = ("table.csv", "notes.txt", "data.json", "picture.png", "book.ipynb", "film.mp4", "weights.pt", "odd")
    put(server.api, run_of(address), dict.fromkeys(names, b"name,score\n" + b"ada,1\n" * 20_000))
    for name in names:
        (file,) = (server.data / "artifacts").rglob(name)
        os.truncate(file, FILE_BYTES)  # without blocks on the disk
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    read: list[int] = []
    session.on("Network.dataReceived", lambda event: read.append(event["dataLength"]))

    page.goto(f"{server.url}{address}/artifacts/table.csv")
    expect(page.get_by_role("cell", name="ada").first).to_be_visible()
    for name, told in (
        ("notes.txt", "The first 64.0 KiB of 5.00 GiB"),
        ("data.json", "The first 64.0 KiB of 5.00 GiB"),
        ("picture.png", "The file has 5.00 GiB. Files of this kind are shown up to 32.0 MiB."),
        ("book.ipynb", "The file has 5.00 GiB. Files of this kind are shown up to 8.00 MiB."),
        ("weights.pt", "No preview for this kind of file"),
    ):
        page.get_by_role("link", name=name, exact=True).click()
        expect(page.get_by_text(told)).to_be_visible()
    for name in ("film.mp4", "odd"):
        page.get_by_role("link", name=name, exact=True).click()
        expect(page.get_by_role("link", name="Download", exact=True)).to_be_visible()

    assert sum(read) < MOST_READ_BYTES
