"""The filter above the table of runs: completion, mistakes, examples."""

import re
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, expect

from support.pages import axe
from support.processes.servers import Server
from ui.runs.test_runs import log, names, three_runs

EXAMPLES = Path(__file__).parents[3] / "web" / "src" / "pages" / "runs" / "help" / "examples.ts"


@pytest.mark.slow
def test_the_filter_box_completes_and_marks_errors(page: Page, server: Server) -> None:
    page.goto(three_runs(server))
    expect(names(page)).to_have_count(3)
    box = page.get_by_role("combobox", name="Filter")

    box.click()
    box.press_sequentially("params.o")
    page.get_by_role("option", name="opt").click()
    expect(box).to_have_value(re.compile(r"^params\.opt "))
    box.fill("params.opt = 'adam' AND metrics.loss >")
    box.press_sequentially(" oops")
    expect(box).to_have_attribute("aria-invalid", "true")
    expect(page.locator("mark")).to_contain_text("oops")

    box.fill("params.opt = 'adam'")
    box.press("Enter")
    expect(names(page)).to_have_text(["c", "a"])


@pytest.mark.slow
def test_a_name_in_the_filter_finds_runs_and_shows_the_filter_syntax(page: Page, server: Server) -> None:
    for name in ("resnet_18", "resnet-50", "vit", "it's (2)"):
        server.api.new_run(run_name=name)

    page.goto(f"{server.url}/#/experiments/0")
    box = page.get_by_role("combobox", name="Filter")
    box.fill("NET_")
    expect(page.get_by_role("button", name="Find in names")).to_be_visible()
    expect(box).to_have_attribute("aria-invalid", "false")
    box.press("Enter")

    expect(names(page)).to_have_text(["resnet_18"])
    expect(box).to_have_value("run_name CONTAINS 'NET_'")
    box.fill("it's (")
    box.press("Enter")
    expect(names(page)).to_have_text(["it's (2)"])
    expect(box).to_have_value(r"run_name CONTAINS ('it\'s (')")
    expect(box).to_have_attribute("aria-invalid", "false")


@pytest.mark.slow
def test_an_invalid_filter_is_reported_once(page: Page, server: Server, console: list[str]) -> None:
    page.goto(f"{three_runs(server)}?q={quote('metrics.loss << 1')}")

    expect(page.get_by_role("heading", name="The filter cannot be read")).to_be_visible()
    expect(page.get_by_text("Invalid comparator '<<'")).to_have_count(1)
    page.get_by_role("main").get_by_role("button", name="Clear the filter").last.click()
    expect(names(page)).to_have_count(3)
    console.clear()  # of the answers 400


@pytest.mark.slow
def test_an_example_of_the_filter_syntax_goes_into_the_box(server: Server, page: Page) -> None:
    for name in ("resnet18", "vit"):
        server.api.new_run(run_name=name)

    page.goto(f"{server.url}/#/experiments/0")
    page.get_by_role("button", name="Filter syntax").click()
    assert axe.serious(page) == []
    page.get_by_role("button", name="run_name ILIKE '%resnet%'").click()
    expect(page.get_by_role("combobox", name="Filter")).to_be_focused()
    page.keyboard.press("Enter")

    expect(page.get_by_text("1 of 2 runs")).to_be_visible()


def test_each_example_of_the_filter_syntax_is_a_filter(server: Server) -> None:
    texts = re.findall(r'"([^"]*)"', EXAMPLES.read_text())
    examples = [text for text in texts if " " in text]  # the others are names of groups

    checked = {
        each: server.api.post("/api/trackside/v1/filters/check", filter=each, of="runs", experiment_ids=["0"])["ok"]
        for each in examples
    }

    assert len(examples) > 10
    assert checked == dict.fromkeys(examples, True)


@pytest.mark.slow
def test_the_best_of_nested_runs_is_found_by_an_order_or_a_filter(page: Page, server: Server) -> None:
    experiment_id = server.api.new_experiment("sweep")
    parent = server.api.new_run(experiment_id, run_name="study", start_time=9)
    same = {f"constant_{number}": "1" for number in range(6)}
    for number in range(5):
        run_id = log(server.api, experiment_id, f"trial-{number}", number / 8, lr=str(number), **same)
        server.api.post("runs/set-tag", run_id=run_id, key="mlflow.parentRunId", value=parent)
    page.goto(f"{server.url}/#/experiments/{experiment_id}")
    expect(names(page)).to_have_text(["study"])

    expect(
        page.get_by_role("columnheader", name="lr More actions: lr")
    ).to_be_attached()  # before what is the same in all
    page.get_by_role("columnheader", name="loss").click()
    expect(names(page)).to_have_text(["trial-4", "trial-3", "trial-2", "trial-1", "trial-0", "study"])
    expect(page.locator("[title='Parent run: study']")).to_have_text(["study"] * 5)
    page.get_by_role("gridcell").filter(has=page.get_by_text("trial-3")).focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("study")
    page.goto(f"{server.url}/#/experiments/{experiment_id}?q=metrics.loss+%3C+0.2")
    expect(names(page)).to_have_text(["trial-0", "trial-1"])
    page.goto(f"{server.url}/#/experiments/{experiment_id}?show=split")
    expect(page.get_by_text("10 points, exact")).to_be_visible()

    page.get_by_role("button", name="View").click()
    page.get_by_role("menuitem", name="Children below their parents").click()
    expect(names(page)).to_have_text(["study"])
