"""Charts in a real browser: many runs on a card, honest samples, zoom, search, live points, export, keyboard."""

import json
import math
import re
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, Locator, Page, Request, expect

from support.client import Api
from support.pages import axe, curves
from support.processes.servers import Server

HOSTILE = "<img src=x onerror=\"document.title='owned'\">\u202e"


def new_runs(api: Api, names: list[str], points: int, key: str = "train/loss") -> tuple[str, list[str]]:
    """An experiment with a run of each name, the last one newest, and a falling curve in each."""
    experiment_id = api.new_experiment("curves")
    runs = []
    for number, name in enumerate(names):
        run_id = api.new_run(experiment_id, run_name=name, start_time=1_700_000_000_000 + number)
        curves.log(api, run_id, ((key, math.exp(-step / points) + number, step) for step in range(points)))
        runs.append(run_id)
    return experiment_id, runs


def open_charts(page: Page, server: Server, experiment_id: str, query: str = "") -> None:
    page.goto(f"{server.url}/#/experiments/{experiment_id}/charts{query}")
    expect(page.get_by_role("application").first).to_be_visible()


def card(page: Page, metric: str) -> Locator:
    return page.locator("figure", has=page.get_by_role("heading", name=metric, exact=True))


def plot(page: Page, metric: str) -> Locator:
    return card(page, metric).get_by_role("application")


def drag(page: Page, over: Locator, start: float, end: float) -> None:
    """From one share of the width to another."""
    box = over.bounding_box()
    assert box
    y = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] * start, y)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * (start + end) / 2, y)
    page.mouse.move(box["x"] + box["width"] * end, y)
    page.mouse.up()


def choose(page: Page, metric: str, action: str) -> None:
    card(page, metric).get_by_role("button", name=f"Actions of {metric}").click()
    page.get_by_role("menuitem", name=action).click()


@pytest.mark.slow
def test_runs_share_a_card_and_a_hostile_name_stays_text(server: Server, page: Page) -> None:
    experiment_id, _ = new_runs(server.api, ["calm-elk", HOSTILE], 50)

    open_charts(page, server, experiment_id)
    chart = plot(page, "train/loss")
    chart.hover()

    expect(card(page, "train/loss").get_by_text("100 points, exact")).to_be_visible()
    expect(chart).to_have_attribute("aria-label", f"train/loss: 2 lines. {HOSTILE}: last 1.375, min 1.375, max 2. "
                                    "calm-elk: last 0.3753, min 0.3753, max 1.")  # fmt: skip
    expect(chart.locator("[popover] li")).to_have_count(2)
    expect(chart.locator("[popover]")).to_contain_text("calm-elk")
    expect(page).not_to_have_title("owned")


@pytest.mark.slow
def test_runs_and_metrics_with_a_common_prefix_are_distinguishable(server: Server, page: Page) -> None:
    long = "transformer-base-with-rotary-embeddings-and-warm-up-"
    metric = "validation/accuracy_of_the_second_head_on_the_long_documents_of_the_test_set_"
    experiment_id, runs = new_runs(server.api, [f"{long}a", f"{long}b"], 20, f"{metric}es")
    curves.log(server.api, runs[0], ((f"{metric}en", 1.0, step) for step in range(20)))

    def expect_ends(names: Locator, *ends: str) -> None:
        expect(names).to_have_text([re.compile(f"….*{end}$") for end in ends])
        assert all(name.evaluate("(each) => each.scrollWidth <= each.clientWidth") for name in names.all())

    open_charts(page, server, experiment_id)
    expect_ends(page.get_by_role("region", name="Runs").get_by_role("listitem").locator("a bdi"), "b", "a")
    expect_ends(page.locator("figure h3 bdi"), "en", "es")
    plot(page, f"{metric}es").hover()
    for end in "ab":
        expect(page.locator("[popover] li bdi").get_by_text(re.compile(f"….*{end}$"))).to_have_count(1)


@pytest.mark.slow
def test_a_metric_that_runs_logged_once_is_drawn_as_bars_until_there_is_more(server: Server, page: Page) -> None:
    experiment_id = server.api.new_experiment("once")
    for name, value in (("low", 0.25), ("high", 0.75), ("middle", 0.5)):
        run_id = server.api.new_run(experiment_id, run_name=name)
        curves.log(server.api, run_id, [("auc", value, 0)])
    page.goto(f"{server.url}/#/experiments/{experiment_id}/charts")
    card = page.locator("figure", has_text="auc")

    expect(card.get_by_role("listitem")).to_have_text(
        [re.compile("high.*0.75"), re.compile("middle"), re.compile("low")]
    )
    expect(card).to_contain_text("3 points, exact")
    assert axe.serious(page) == []

    curves.log(server.api, run_id, [("auc", 0.6, 1)])
    expect(card.get_by_role("application")).to_be_visible()


def test_many_points_are_sampled_by_bucket_and_a_zoom_reads_more(server: Server, page: Page) -> None:
    experiment_id, _ = new_runs(server.api, ["long"], 5000)
    asked: list[dict[str, object]] = []

    def listen(request: Request) -> None:
        if request.url.endswith("/metrics/series"):
            asked.append(json.loads(request.post_data or "{}"))

    page.on("request", listen)
    open_charts(page, server, experiment_id)
    expect(card(page, "train/loss")).to_contain_text("of 5,000 points, min–max kept")

    drag(page, plot(page, "train/loss"), 0.5, 0.52)

    expect(card(page, "train/loss")).to_contain_text("points, exact")
    assert "start" not in asked[0]
    assert 2000 < float(str(asked[-1]["start"])) < float(str(asked[-1]["end"])) < 3000
    zoomed = page.url
    assert "chart-zoom=" in zoomed

    page.reload()
    expect(card(page, "train/loss")).to_contain_text("points, exact")
    assert page.url == zoomed

    plot(page, "train/loss").dblclick()
    expect(card(page, "train/loss")).to_contain_text("of 5,000 points, min–max kept")


@pytest.mark.slow
def test_the_exact_mode_draws_every_point(server: Server, page: Page) -> None:
    experiment_id, _ = new_runs(server.api, ["long"], 5000)

    open_charts(page, server, experiment_id)
    page.get_by_role("button", name="Options").click()
    page.get_by_role("checkbox", name="Exact points").check()

    expect(card(page, "train/loss")).to_contain_text("5,000 points, exact")


@pytest.mark.slow
def test_five_thousand_metrics_keep_few_canvases_and_are_found_by_a_regular_expression(
    server: Server, page: Page
) -> None:
    experiment_id = server.api.new_experiment("wide")
    run_id = server.api.new_run(experiment_id, run_name="wide")
    keys = [f"layer{number % 50}/weight{number}" for number in range(5000)]
    curves.log(server.api, run_id, ((key, 1.0, step) for key in keys for step in range(2)))

    open_charts(page, server, experiment_id)
    expect(page.get_by_text("5,000 metrics")).to_be_visible()
    for _ in range(12):
        page.mouse.wheel(0, 3000)
        page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
        assert page.locator("canvas").count() <= 12

    find = page.get_by_role("searchbox", name="Find metrics")
    find.fill("weight(1|2)$")
    expect(page.get_by_text("2 metrics")).to_be_visible()
    expect(card(page, "layer1/weight1")).to_be_visible()

    find.fill("weight(")
    expect(page.get_by_role("alert")).to_contain_text("This is not a regular expression")
    find.fill("^(([a-z0-9/])+)+!$")
    expect(page.get_by_role("alert")).to_contain_text("it takes too long")
    find.fill("layer7/")
    expect(page.get_by_text("100 metrics")).to_be_visible()


@pytest.mark.slow
def test_new_points_move_no_axis_without_a_request(server: Server, page: Page) -> None:
    experiment_id, (run_id,) = new_runs(server.api, ["live"], 20)
    open_charts(page, server, experiment_id)
    expect(card(page, "train/loss")).to_contain_text("20 points, exact")

    curves.log(server.api, run_id, (("train/loss", 0.1, step) for step in range(20, 60)))

    expect(card(page, "train/loss")).to_contain_text("60 points, exact")
    expect(card(page, "train/loss")).to_contain_text("New points beyond the right edge")
    card(page, "train/loss").get_by_role("button", name="Show").click()
    expect(card(page, "train/loss")).not_to_contain_text("New points beyond")


@pytest.mark.slow
def test_values_that_a_line_cannot_show_are_listed(server: Server, page: Page) -> None:
    experiment_id = server.api.new_experiment("odd")
    run_id = server.api.new_run(experiment_id, run_name="odd")
    values: list[float | str] = [1.0, "NaN", -2.0, 3.0]
    curves.log(server.api, run_id, (("loss", value, step) for step, value in enumerate(values)))

    open_charts(page, server, experiment_id)
    expect(card(page, "loss")).to_contain_text("1 NaN or infinite")
    page.get_by_label("y axis").select_option(label="Log")
    expect(card(page, "loss")).to_contain_text("1 values ≤ 0 cannot be shown on a log axis")
    card(page, "loss").get_by_role("button", name="Show them").click()
    expect(card(page, "loss")).not_to_contain_text("have no place")
    expect(page.get_by_label("y axis")).to_have_value("asinh")


@pytest.mark.slow
def test_runs_are_grouped_by_a_param_into_means_with_a_band(server: Server, page: Page) -> None:
    experiment_id, runs = new_runs(server.api, ["a", "b", "c", "d"], 30)
    for number, run_id in enumerate(runs):
        server.api.post("runs/log-parameter", run_id=run_id, key="opt", value="adam" if number < 3 else "sgd")

    open_charts(page, server, experiment_id)
    page.get_by_label("Group by").select_option("params.opt")
    page.get_by_label("Band").select_option(label="95 % CI of the mean")
    chart = plot(page, "train/loss")
    chart.hover()

    expect(chart.locator("[popover] li")).to_have_count(2)
    expect(chart.locator("[popover]")).to_contain_text("adam (3)")
    assert "chart-group=params.opt" in page.url


@pytest.mark.slow
def test_a_chart_is_read_by_keyboard(server: Server, page: Page) -> None:
    experiment_id, _ = new_runs(server.api, ["calm-elk", "swift-fox"], 5)
    open_charts(page, server, experiment_id)
    spoken = card(page, "train/loss").locator("[aria-live]")

    plot(page, "train/loss").focus()
    page.keyboard.press("End")
    expect(spoken).to_have_text("swift-fox, 4: 1.449")
    page.keyboard.press("ArrowLeft")
    expect(spoken).to_have_text("swift-fox, 3: 1.549")
    page.keyboard.press("ArrowDown")
    expect(spoken).to_have_text("calm-elk, 3: 0.5488")
    page.keyboard.press("+")
    expect(page.get_by_role("button", name="Reset zoom")).to_be_visible()
    page.keyboard.press("z")
    expect(page.get_by_role("button", name="Reset zoom")).to_be_hidden()


@pytest.mark.slow
def test_a_chart_is_saved_as_png_svg_and_csv_and_read_as_a_table(server: Server, page: Page, tmp_path: Path) -> None:
    experiment_id, runs = new_runs(server.api, [HOSTILE], 5)
    open_charts(page, server, experiment_id)
    expect(card(page, "train/loss")).to_contain_text("5 points, exact")

    files = {}
    for action in ("Save as PNG", "Save as SVG", "Save shown data as CSV"):
        with page.expect_download() as download:
            choose(page, "train/loss", action)
        path = tmp_path / download.value.suggested_filename
        download.value.save_as(path)
        files[path.name] = path.read_bytes()

    assert files["train_loss.png"].startswith(b"\x89PNG")
    svg = files["train_loss.svg"].decode()
    assert "<img" not in svg
    for wanted in ("&lt;img", runs[0], "/charts"):
        assert wanted in svg
    assert len(files["train_loss.csv"].decode().splitlines()) == 6

    choose(page, "train/loss", "Show as table")
    expect(page.get_by_role("dialog").get_by_role("row")).to_have_count(2 + 6)


@pytest.mark.slow
def test_time_or_another_metric_is_the_x_axis(server: Server, page: Page) -> None:
    experiment_id, (run_id,) = new_runs(server.api, ["both"], 10)
    curves.log(server.api, run_id, (("epoch", step / 2, step) for step in range(10)))

    open_charts(page, server, experiment_id, "?chart-x=relative")
    plot(page, "train/loss").hover()
    expect(plot(page, "train/loss").locator("[popover]")).to_contain_text("s")

    page.get_by_role("combobox", name=re.compile("^x axis")).select_option(label="A metric")
    page.get_by_label("Metric of the x axis").select_option("epoch")
    expect(card(page, "train/loss")).to_contain_text("10 points, exact")
    assert f"chart-x={quote('metric:epoch', safe='')}" in page.url


@pytest.mark.slow
def test_system_metrics_have_a_separate_page(server: Server, page: Page) -> None:
    experiment_id, (run_id,) = new_runs(server.api, ["both"], 3)
    curves.log(server.api, run_id, (("system/cpu_utilization_percentage", 50.0, step) for step in range(3)))

    open_charts(page, server, experiment_id)
    expect(page.get_by_text("1 metric", exact=True)).to_be_visible()
    page.get_by_role("link", name="System metrics").click()

    expect(card(page, "system/cpu_utilization_percentage")).to_be_visible()
    expect(card(page, "train/loss")).to_be_hidden()


@pytest.mark.parametrize(("theme", "language"), [pytest.param("light", "en", marks=pytest.mark.slow), ("dark", "es")])
@pytest.mark.slow
def test_axe_finds_no_serious_problem(server: Server, page: Page, theme: str, language: str) -> None:
    experiment_id, runs = new_runs(server.api, ["calm-elk", "swift-fox"], 20)
    page.add_init_script(
        f"localStorage.setItem('trackside.theme', '{theme}'); localStorage.setItem('trackside.language', '{language}')"
    )

    open_charts(page, server, experiment_id, "?chart-smooth=0.6")
    expect(page.locator("canvas").first).to_be_visible()
    assert axe.serious(page) == []

    for view in ("", "&view=parallel", "&view=scatter"):
        page.goto(f"{server.url}/#/compare-runs?runs={quote(json.dumps(runs))}{view}")
        page.get_by_role("heading", level=1, name="2 ").wait_for()
        assert axe.serious(page) == []


@pytest.mark.slow
def test_a_tap_shows_the_values_at_its_position(server: Server, browser: Browser) -> None:
    experiment_id, _ = new_runs(server.api, ["calm-elk"], 20)
    phone = browser.new_context(viewport={"width": 375, "height": 800}, has_touch=True, locale="en-GB")
    page = phone.new_page()

    open_charts(page, server, experiment_id)
    expect(card(page, "train/loss")).to_contain_text("20 points, exact")
    plot(page, "train/loss").tap()

    expect(plot(page, "train/loss").locator("[popover]")).to_contain_text("calm-elk")
    assert page.evaluate("document.documentElement.scrollWidth") <= 375
    phone.close()
