"""The comparison of runs in a real browser: MLflow's own address, differences, plots, hostile values."""

import json
import re
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, expect

from support.client import Api
from support.links import until
from support.pages import curves
from support.processes.servers import Server

pytestmark = pytest.mark.slow

HOSTILE = "<script>document.title='owned'</script>"


def new_runs(api: Api, count: int = 4) -> tuple[str, list[str]]:
    experiment_id = api.new_experiment("compared")
    runs = []
    for number in range(count):
        run_id = api.new_run(experiment_id, run_name=f"{HOSTILE} {number}", start_time=1)
        for key, value in (("lr", str(0.1 * (number + 1))), ("batch", str(2**number)), ("seed", "7")):
            api.post("runs/log-parameter", run_id=run_id, key=key, value=value)
        api.post("runs/set-tag", run_id=run_id, key="team", value=HOSTILE * number)
        curves.log(api, run_id, [("loss", 1.0 - number / 10, 0), ("acc", number / 10, 0)])
        runs.append(run_id)
    return experiment_id, runs


def address(server: Server, experiment_id: str, runs: list[str], query: str = "") -> str:
    """As stock MLflow writes it."""
    return f"{server.url}/#/compare-runs?runs={quote(json.dumps(runs))}&experiments={quote(json.dumps([experiment_id]))}{query}"


def test_the_address_of_mlflow_opens_a_table_of_differences(server: Server, page: Page) -> None:
    experiment_id, runs = new_runs(server.api, 2)

    page.goto(address(server, experiment_id, runs))

    expect(page.get_by_role("heading", level=1)).to_have_text("Compare 2 runs")
    expect(page.get_by_role("columnheader")).to_have_count(3)
    expect(page.get_by_role("rowheader", name="lr")).to_be_visible()
    expect(page.get_by_role("rowheader", name="seed")).to_be_hidden()
    expect(page.get_by_role("row", name="lr")).to_contain_text("×2")
    expect(page.get_by_role("row", name="loss")).to_contain_text("−0.1")
    expect(page).not_to_have_title("owned")

    page.get_by_role("checkbox", name="Differences only").uncheck()
    expect(page.get_by_role("rowheader", name="seed")).to_be_visible()
    page.reload()
    expect(page.get_by_role("rowheader", name="seed")).to_be_visible()


def test_long_texts_are_compared_line_by_line(server: Server, page: Page) -> None:
    experiment_id, runs = new_runs(server.api, 2)
    for number, run_id in enumerate(runs):
        server.api.post("runs/set-tag", run_id=run_id, key="config", value=f"a: 1\nb: {number}\nc: 3")

    page.goto(address(server, experiment_id, runs))
    page.get_by_role("button", name="Compare the texts of config").click()

    dialog = page.get_by_role("dialog")
    expect(dialog.locator(".removed")).to_have_text("− removed b: 0")
    expect(dialog.locator(".added")).to_have_text("+ added b: 1")


def test_a_missing_run_is_named_and_the_others_are_shown(server: Server, page: Page) -> None:
    experiment_id, runs = new_runs(server.api, 2)

    page.goto(address(server, experiment_id, [*runs, "0" * 32]))

    expect(page.get_by_role("alert")).to_contain_text("0" * 32)
    expect(page.get_by_role("columnheader")).to_have_count(3)
    page.goto(f"{server.url}/#/compare-runs?runs=nonsense")
    expect(page.get_by_role("heading", name="No run selected")).to_be_visible()


def test_an_address_without_existing_runs_shows_a_message(server: Server, page: Page) -> None:
    page.goto(address(server, "0", ["gone"]))

    expect(page.get_by_role("alert")).to_contain_text("gone")
    expect(page.get_by_text("There is nothing to compare")).to_be_visible()
    expect(page.get_by_role("table")).to_have_count(0)


def test_the_table_shows_states_as_words_and_durations_of_runs(server: Server, page: Page) -> None:
    experiment_id, runs = new_runs(server.api, 2)
    server.api.post("runs/update", run_id=runs[0], status="FAILED", end_time=60_001)

    page.goto(address(server, experiment_id, runs))

    cells = page.get_by_role("row", name="Status").get_by_role("cell")
    expect(cells).to_have_text(["Failed", "Running"])
    expect(page.get_by_role("row", name="Duration").get_by_role("cell")).to_have_text(
        ["1 min 00 s", re.compile(r"\d h")]
    )


def test_names_that_differ_in_the_middle_are_distinguishable(server: Server, page: Page) -> None:
    experiment_id, runs = new_runs(server.api, 2)
    prefix = "validation/mean_average_precision_at_iou_"
    for run_id in runs:
        curves.log(server.api, run_id, [(f"{prefix}0.50", float(int(run_id[-1], 16)), 0), (f"{prefix}0.95", 1.0, 0)])
    page.set_viewport_size({"width": 390, "height": 844})

    page.goto(address(server, experiment_id, runs, "&all=1"))
    named = page.get_by_role("rowheader", name=f"{prefix}0.95", exact=True)
    expect(named).to_have_text(f"{prefix}0.95")
    assert named.evaluate("(each) => each.scrollWidth <= each.clientWidth && each.scrollHeight <= each.clientHeight")
    page.set_viewport_size({"width": 1280, "height": 800})
    page.goto(f"{server.url}/#/experiments/{experiment_id}")

    shown = page.get_by_role("columnheader").get_by_role("button", name=f"{prefix}0.50", exact=True)
    expect(shown.locator("[aria-hidden]").first).to_have_text(re.compile(r"^valid.*….*0\.50$"))


def test_a_plot_is_redrawn_after_a_change_of_its_settings(server: Server, page: Page) -> None:
    experiment_id, runs = new_runs(server.api, 4)
    page.goto(address(server, experiment_id, runs, "&view=scatter"))
    canvas = page.get_by_role("img", name="batch, acc of 4 runs").locator("canvas")
    canvas.wait_for()
    seen: list[str] = []

    def drawn() -> bool:
        picture = str(page.locator("[role=img] canvas").evaluate("(canvas) => canvas.toDataURL()"))
        if picture in seen:
            return False
        seen.append(picture)
        return True

    until(drawn, "the first picture")
    page.get_by_role("combobox").nth(1).select_option("metrics.loss")
    until(drawn, "another axis")
    page.get_by_role("link", name="Contour").click()
    until(drawn, "the surface")
    page.emulate_media(color_scheme="dark")
    until(drawn, "the colours of the dark theme")


def test_the_back_link_opens_the_experiment_of_the_runs(server: Server, page: Page) -> None:
    experiment_id, runs = new_runs(server.api, 2)
    page.goto(address(server, experiment_id, runs))

    page.locator("header ol").get_by_role("link", name="compared").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("compared")


def test_plots_are_drawn_and_a_range_on_an_axis_keeps_runs(server: Server, page: Page) -> None:
    experiment_id, runs = new_runs(server.api, 4)
    page.goto(address(server, experiment_id, runs, "&view=parallel"))
    picture = page.get_by_role("img", name="batch, lr, loss, acc of 4 runs")
    expect(picture).to_be_visible()

    box = picture.bounding_box()
    assert box
    x = box["x"] + 71  # on the first axis
    page.mouse.move(x, box["y"] + 40)
    page.mouse.down()
    page.mouse.move(x, box["y"] + 100)
    page.mouse.move(x, box["y"] + 140)
    page.mouse.up()
    expect(page.get_by_text("1 of 4 runs in the marked ranges")).to_be_visible()

    page.get_by_role("link", name="Scatter").click()
    expect(page.get_by_role("img", name="batch, acc of 4 runs")).to_be_visible()
    page.get_by_role("link", name="Contour").click()
    expect(page.get_by_role("img", name="batch, lr, acc of 4 runs")).to_be_visible()
    page.get_by_label("Height").select_option("metrics.loss")
    page.go_back()
    expect(page.get_by_role("img", name="batch, lr, acc of 4 runs")).to_be_visible()


def test_the_range_of_an_axis_is_set_and_cleared_by_keyboard(server: Server, page: Page) -> None:
    experiment_id, runs = new_runs(server.api)
    page.goto(address(server, experiment_id, runs, '&view=parallel&axes=["params.batch","metrics.loss"]'))
    low = page.get_by_role("slider", name="Lowest value of batch")
    low.focus()

    for _ in range(4):  # of 0 to 100 %, ten percent each
        page.keyboard.press("PageUp")

    expect(page.get_by_text("2 of 4 runs in the marked ranges")).to_be_visible()
    expect(low).to_have_attribute("aria-valuetext", "3.8")
    page.keyboard.press("Tab")
    expect(page.get_by_role("slider", name="Highest value of batch")).to_be_focused()
    page.keyboard.press("PageDown")
    expect(page.get_by_text("1 of 4 runs in the marked ranges")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_text("Drag along an axis")).to_be_visible()


def test_all_matching_runs_are_compared_by_what_their_table_is_ordered_by(server: Server, page: Page) -> None:
    experiment_id, _ = new_runs(server.api, 22)
    page.goto(f"{server.url}/#/experiments/{experiment_id}?q=metrics.acc >= 0.1&order=-metrics.loss")
    page.get_by_role("checkbox", name="Select the loaded runs").check()

    page.get_by_role("button", name="Compare").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Compare 21 runs")
    page.get_by_role("link", name="Parallel coordinates").click()
    expect(page.get_by_role("img", name="batch, lr, acc, loss of 21 runs")).to_be_visible()
    expect(page.get_by_text("Colour: loss")).to_be_visible()
    page.get_by_role("link", name="Scatter").click()
    page.get_by_label("Colour").select_option("params.lr")
    expect(page.get_by_role("img", name="batch, loss, lr of 21 runs")).to_be_visible()


def test_the_charts_of_compared_runs_hide_and_show_a_run(server: Server, page: Page) -> None:
    experiment_id, runs = new_runs(server.api, 2)

    page.goto(address(server, experiment_id, runs, "&view=charts"))
    expect(page.locator("figure", has_text="acc")).to_contain_text("2 points, exact")
    page.get_by_role("button", name=f"Hide {HOSTILE} 1").click()
    expect(page.locator("figure", has_text="acc")).to_contain_text("1 point, exact")


def test_a_file_of_two_runs_is_shown_side_by_side_and_as_a_text_difference(server: Server, page: Page) -> None:
    experiment_id, runs = new_runs(server.api, 2)
    for number, run_id in enumerate(runs):
        path = f"/api/2.0/mlflow-artifacts/artifacts/{experiment_id}/{run_id}/artifacts/config.yaml"
        assert server.api.ask("PUT", path, f"name: {HOSTILE}\nlr: {number}\n".encode()).status == 200

    page.goto(address(server, experiment_id, runs, "&view=artifacts"))
    expect(page.get_by_text("2 of 2")).to_be_visible()
    page.get_by_role("link", name="config.yaml").click()
    expect(page.get_by_text("lr: 0")).to_be_visible()
    expect(page.get_by_text("lr: 1")).to_be_visible()

    page.get_by_role("checkbox", name="Text differences").check()
    expect(page.locator(".removed")).to_have_text("− removed lr: 0")
    expect(page).not_to_have_title("owned")
