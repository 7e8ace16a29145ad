"""Pages of drift monitors."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from drift.monitors.conftest import DAY, MONDAY, MONITORS, back_fill, create, rows, write
from support.pages import axe
from support.processes.servers import Server

PHONE = {"width": 390, "height": 844}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "tables"
    made.mkdir()
    return made


@pytest.fixture
def watching(start: Callable[..., Server], folder: Path) -> Server:
    return start("--job-folders", str(folder))


def test_a_monitor_of_a_table_is_created_in_the_dialog(
    watching: Server, folder: Path, page: Page, console: list[str]
) -> None:
    table = write(rows(2), folder / "target.parquet")
    page.goto(f"{watching.url}/#/drift")
    expect(page.get_by_text("No monitors yet")).to_be_visible()

    page.get_by_role("button", name="New monitor").click()
    page.get_by_label("Monitor", exact=True).fill("churn")
    page.get_by_label("Target", exact=True).select_option("table")
    page.get_by_label("Table", exact=True).fill("/etc/passwd")
    page.get_by_label("Column with the time of a row").fill("time")
    page.get_by_label("Baseline", exact=True).select_option("past")
    page.get_by_label("Number of windows").fill("7")
    page.get_by_text("More options").click()
    page.get_by_label("Compare rows separately by").fill("plan, calm")
    page.get_by_role("button", name="Create", exact=True).last.click()
    expect(page.get_by_role("alert")).to_contain_text("below none of the server's --job-folders")
    console.clear()  # of the answer 403
    page.get_by_label("Table", exact=True).fill(table)
    page.get_by_role("button", name="Create", exact=True).last.click()

    expect(page.get_by_role("heading", level=1)).to_have_text("churn")
    expect(page.get_by_text("the 7 windows before")).to_be_visible()
    expect(page.get_by_text("No windows yet")).to_be_visible()
    monitor = watching.api.get(f"{MONITORS}/churn")["monitor"]
    assert (monitor["target"], monitor["slices"]) == ({"table": table, "timestamp": "time"}, ["plan", "calm"])


@pytest.mark.slow
def test_a_monitor_shows_which_column_drifted_when_and_how(watching: Server, folder: Path, page: Page) -> None:
    api = watching.api
    create(api, folder, slices=["plan"])
    back_fill(api)
    page.goto(f"{watching.url}/#/drift")
    expect(page.get_by_role("row").filter(has_text="watch")).to_contain_text("open")

    page.get_by_role("link", name="watch", exact=True).click()

    checks = page.get_by_role("region", name="Columns")
    first = checks.get_by_role("row").nth(1)
    expect(first).to_contain_text("age")
    expect(first).to_contain_text("drifted")
    expect(page.get_by_role("img", name="Timeline").locator(".over")).to_have_count(2)
    expect(page.get_by_role("img", name="Distribution of age")).to_be_visible()
    expect(page.get_by_role("row", name="ks two samples")).to_be_visible()
    incidents = page.get_by_role("region", name="Incidents").get_by_role("row").filter(has_text="All rows")
    expect(incidents).to_have_count(1)
    expect(incidents).to_contain_text("age")

    checks.get_by_role("button", name="plan", exact=True).click()
    expect(page.get_by_role("list", name="Distribution of plan").get_by_role("listitem")).to_have_count(3)
    page.get_by_label("Window", exact=True).select_option(str(MONDAY))
    expect(checks).not_to_contain_text("drifted")
    assert f"window={MONDAY}" in page.url
    page.get_by_role("button", name="Next window").click()
    assert f"window={MONDAY + DAY}" in page.url
    page.get_by_label("Rows", exact=True).select_option("plan=free")
    expect(page.get_by_text("rows, against")).to_be_visible()
    page.reload()
    expect(page.get_by_label("Rows", exact=True)).to_have_value("plan=free")
    expect(page.get_by_label("Window", exact=True)).to_have_value(str(MONDAY + DAY))


@pytest.mark.slow
def test_a_failed_run_of_a_monitor_shows_its_error(watching: Server, folder: Path, page: Page) -> None:
    create(watching.api, folder)
    (folder / "watch-baseline.parquet").unlink()
    page.goto(f"{watching.url}/#/drift/watch")

    page.get_by_role("button", name="Run now").click()

    expect(page.get_by_role("status").filter(has_text="The last run failed")).to_contain_text(
        "watch-baseline.parquet", timeout=60_000
    )


@pytest.mark.slow
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_pages_fit_a_phone_and_have_nothing_serious_for_axe(
    watching: Server, folder: Path, page: Page, theme: str
) -> None:
    create(watching.api, folder)
    back_fill(watching.api)
    page.emulate_media(color_scheme="dark" if theme == "dark" else "light")

    found: list[str] = []
    for size in ({"width": 1280, "height": 800}, PHONE):
        page.set_viewport_size(size)  # type: ignore[arg-type]  # Playwright's type of a size
        for address in ("#/drift", "#/drift/watch"):
            page.goto(f"{watching.url}/{address}")
            expect(page.get_by_role("region").first).to_be_visible()
            if address.endswith("watch"):
                expect(page.get_by_role("img", name="Distribution of age")).to_be_visible()
            assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
            found += [f"{address}: {each}" for each in axe.serious(page)]

    assert found == []
