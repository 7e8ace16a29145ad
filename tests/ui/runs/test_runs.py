"""The table of runs: order, columns, groups, tree, selection, keys, live changes."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from support.client import Api
from support.processes.servers import Server
from support.stores import many_runs


def log(api: Api, experiment_id: str, name: str, loss: float, **params: str) -> str:
    """Runs are newer the later their name comes in the alphabet."""
    run_id = api.new_run(experiment_id, run_name=name, start_time=ord(name[0]))
    metrics = [{"key": "loss", "value": loss, "timestamp": 1, "step": step} for step in range(2)]
    body = {"run_id": run_id, "metrics": metrics, "params": [{"key": k, "value": v} for k, v in params.items()]}
    api.post("runs/log-batch", body)
    return run_id


def three_runs(server: Server) -> str:
    """An experiment with runs a, b and c, and its page's address."""
    experiment_id = server.api.new_experiment("churn")
    log(server.api, experiment_id, "a", 0.1, opt="adam")
    log(server.api, experiment_id, "b", 0.3, opt="sgd")
    log(server.api, experiment_id, "c", 0.2, opt="adam")
    return f"{server.url}/#/experiments/{experiment_id}"


def use_dataset(api: Api, run_id: str, name: str, context: str) -> None:
    dataset = {"name": name, "digest": "1f2e", "source_type": "local", "source": "s"}
    tags = [{"key": "mlflow.data.context", "value": context}]
    api.post("runs/log-inputs", run_id=run_id, datasets=[{"dataset": dataset, "tags": tags}])


def names(page: Page) -> Locator:
    """Those of the rows, without those of their parents beside them."""
    return page.get_by_role("row").get_by_role("link").and_(page.locator(":not([title^='Parent run'])"))


@pytest.mark.slow
def test_a_click_on_a_header_orders_and_shift_adds_an_order(page: Page, server: Server) -> None:
    page.goto(three_runs(server))

    page.get_by_role("button", name="loss", exact=True).click()
    expect(names(page)).to_have_text(["b", "c", "a"])
    page.get_by_role("button", name="opt", exact=True).click()
    page.get_by_role("button", name="loss", exact=True).click(modifiers=["Shift"])
    expect(names(page)).to_have_text(["b", "c", "a"])
    expect(page.get_by_role("columnheader", name="loss")).to_have_attribute("aria-sort", "descending")

    page.reload()  # the order stands in the address
    expect(names(page)).to_have_text(["b", "c", "a"])


@pytest.mark.slow
def test_another_order_or_filter_is_shown_from_its_top_with_the_focus_on_the_first_row(
    page: Page, server: Server
) -> None:
    experiment_id = server.api.new_experiment("churn")
    for number in range(110):  # more than a block of rows
        server.api.new_run(experiment_id, run_name=f"run-{number:03}", start_time=number)
    page.goto(f"{server.url}/#/experiments/{experiment_id}")
    name = page.get_by_role("link", name="run-109")
    name.wait_for()
    page.keyboard.press("/")
    page.keyboard.press("Escape")
    page.keyboard.press("Control+End")
    expect(page.get_by_role("link", name="run-000")).to_be_visible()

    page.evaluate("location.hash += '?order=run_name'")
    expect(page.get_by_role("row").nth(1)).to_contain_text("run-000")
    assert page.locator(".scroll").evaluate("(box) => box.scrollTop") == 0
    expect(page.locator("[data-cell^='0:']:focus")).to_be_visible()

    page.keyboard.press("Control+End")
    expect(page.get_by_role("link", name="run-109")).to_be_visible()
    page.keyboard.press("/")
    page.keyboard.type("run_name != 'run-000'")
    page.keyboard.press("Enter")
    expect(page.get_by_role("row").nth(1)).to_contain_text("run-001")
    assert page.locator(".scroll").evaluate("(box) => box.scrollTop") == 0


@pytest.mark.slow
def test_pinned_columns_stay_while_the_others_scroll_sideways(page: Page, server: Server) -> None:
    address = three_runs(server)
    page.set_viewport_size({"width": 640, "height": 600})
    page.goto(f"{address}?cols=status,start_time,duration,params.lr,metrics.loss")
    expect(names(page)).to_have_count(3)
    first, loss = names(page).first, page.get_by_role("columnheader", name="loss")
    before, moving = first.bounding_box(), loss.bounding_box()

    page.locator(".scroll").evaluate("(box) => { box.scrollLeft = 120; }")

    expect(page.locator(".grid.shifted")).to_be_attached()
    after, moved = first.bounding_box(), loss.bounding_box()
    assert before is not None
    assert after is not None
    assert moving is not None
    assert moved is not None
    assert (after["x"], after["y"]) == (before["x"], before["y"])
    assert moved["x"] == moving["x"] - 120


def test_a_filter_selects_runs_and_back_restores_the_list(page: Page, server: Server) -> None:
    page.goto(three_runs(server))
    expect(names(page)).to_have_count(3)

    page.keyboard.press("/")
    page.keyboard.type("params.opt = 'adam' AND metrics.loss > 0.15")
    page.keyboard.press("Enter")
    expect(names(page)).to_have_text(["c"])
    expect(page.get_by_text("1 of 3 runs")).to_be_visible()

    page.go_back()
    expect(names(page)).to_have_count(3)


@pytest.mark.slow
def test_runs_are_grouped_with_their_means_and_opened(page: Page, server: Server) -> None:
    page.goto(f"{three_runs(server)}?group=params.opt")

    adam = page.get_by_role("row", name=re.compile("opt = adam"))
    expect(adam).to_contain_text("0.15")
    expect(adam).to_contain_text("2 runs")
    adam.get_by_role("button").click()
    expect(names(page)).to_have_text(["c", "a"])


@pytest.mark.slow
def test_children_are_below_their_parent(page: Page, server: Server) -> None:
    address = three_runs(server)
    experiment_id = address.rpartition("/")[2]
    parent = log(server.api, experiment_id, "sweep", 0.5)
    for name in ("first", "second"):
        tags = [{"key": "mlflow.parentRunId", "value": parent}]
        server.api.new_run(experiment_id, run_name=name, start_time=1, tags=tags)

    page.goto(address)
    expect(names(page)).to_have_count(4)
    page.get_by_role("row", name=re.compile("sweep")).get_by_role("button").click()
    expect(names(page)).to_have_count(6)
    expect(page.get_by_role("row", name=re.compile("first"))).to_have_attribute("aria-level", "2")

    # A parent and its children are one row at the top, and three runs that are changed together.
    page.get_by_role("checkbox", name="Select a").check()
    page.get_by_role("button", name="Select all 6 that match").click()
    page.get_by_role("button", name="Delete", exact=True).click()
    expect(page.get_by_text("Deleted 6 runs")).to_be_visible()


@pytest.mark.slow
def test_keys_move_select_and_open_rows(page: Page, server: Server) -> None:
    page.goto(f"{three_runs(server)}?order=run_name")
    expect(names(page)).to_have_text(["a", "b", "c"])
    page.keyboard.press("/")
    page.keyboard.press("Escape")

    page.keyboard.press("j")
    page.keyboard.press("x")
    page.keyboard.press("Shift+ArrowDown")
    selected = page.locator("[role=row][aria-selected=true]")
    expect(selected).to_have_count(2)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("c")


@pytest.mark.slow
def test_logged_data_appears_without_a_reload(page: Page, server: Server) -> None:
    address = three_runs(server)
    experiment_id = address.rpartition("/")[2]
    page.goto(address)
    expect(names(page)).to_have_count(3)

    run_id = log(server.api, experiment_id, "d", 0.7, opt="adam")
    page.get_by_role("button", name="1 new run").click()
    expect(names(page)).to_have_text(["d", "c", "b", "a"])

    server.api.post("runs/log-metric", run_id=run_id, key="loss", value=0.0625, timestamp=9, step=9)
    expect(page.get_by_role("row", name=re.compile("^Select d "))).to_contain_text("0.0625")


@pytest.mark.slow
def test_new_runs_do_not_shift_rows_that_are_not_loaded(
    start: Callable[..., Server], page: Page, tmp_path: Path
) -> None:
    (tmp_path / "data").mkdir()
    many_runs.fill(tmp_path / "data", "many", 150)
    server = start(data=tmp_path / "data")
    with page.expect_response(lambda answer: '"offset":100' in (answer.request.post_data or "")):
        page.goto(f"{server.url}/#/experiments/1")
    server.api.new_run("1", run_name="newest", start_time=many_runs.STARTED + 10**9)
    expect(page.get_by_role("button", name="1 new run")).to_be_visible()

    page.locator(".scroll").evaluate("(box) => { box.scrollTop = 95 * 32; }")

    row = page.get_by_role("row", name=re.compile("Select run-000049 "))
    expect(row).to_have_attribute("aria-rowindex", "102")


@pytest.mark.slow
def test_an_empty_experiment_shows_code_and_then_its_first_run(page: Page, server: Server) -> None:
    experiment_id = server.api.new_experiment("new")
    page.goto(f"{server.url}/#/experiments/{experiment_id}")
    expect(page.get_by_text(f'mlflow.set_tracking_uri("{server.url}")')).to_be_visible()

    server.api.new_run(experiment_id, run_name="first", start_time=1)
    expect(names(page)).to_have_text(["first"])


@pytest.mark.slow
def test_a_run_is_pinned_above_the_others_and_keeps_its_colour_when_the_page_is_opened_again(
    page: Page, server: Server
) -> None:
    page.goto(three_runs(server))
    page.locator("[data-cell='2:2']").focus()
    page.keyboard.press("p")
    expect(names(page)).to_have_text(["a", "c", "b", "a"])
    expect(page.locator("[data-cell='3:2']")).to_be_focused()  # the same run as before

    page.keyboard.press("o")
    page.get_by_role("button", name="Olive").click()
    expect(page.locator("[data-cell='3:2']")).to_be_focused()
    page.keyboard.press("/")
    page.keyboard.type("metrics.loss > 0.15")
    page.keyboard.press("Enter")
    expect(names(page)).to_have_text(["a", "c", "b"])  # a filter hides no pinned run

    page.reload()
    expect(names(page)).to_have_text(["a", "c", "b"])
    colour = page.locator(".frozen line").evaluate("(line) => line.style.stroke")
    assert colour == page.evaluate(
        """() => { const probe = document.body.appendChild(document.createElement("i"));
                   probe.style.stroke = getComputedStyle(probe).getPropertyValue("--run-9"); return probe.style.stroke; }"""
    )

    page.get_by_role("link", name="Experiments").first.click()
    page.get_by_role("link", name="churn", exact=True).click()
    expect(names(page)).to_have_text(["a", "c", "b", "a"])  # the filter is of the address alone
    assert page.locator(".frozen line").evaluate("(line) => line.style.stroke") == colour
    page.get_by_role("checkbox", name="Select a", exact=True).first.check()
    page.get_by_role("button", name="Unpin", exact=True).click()
    page.get_by_role("link", name="Experiments").first.click()
    page.get_by_role("link", name="churn", exact=True).click()
    expect(names(page)).to_have_text(["c", "b", "a"])


@pytest.mark.slow
def test_selected_runs_are_tagged_deleted_and_restored(page: Page, server: Server) -> None:
    page.goto(three_runs(server))
    page.get_by_role("checkbox", name="Select a").check()
    page.get_by_role("checkbox", name="Select c").check()

    page.get_by_role("button", name="Tag", exact=True).click()
    page.get_by_label("Tag", exact=True).fill("team")
    page.get_by_label("Value").fill("blue")
    page.get_by_role("button", name="Set the tag").click()
    expect(page.get_by_text("Tagged 2 runs")).to_be_visible()

    page.get_by_role("button", name="Delete", exact=True).click()
    expect(names(page)).to_have_text(["b"])
    page.get_by_text("Deleted 2 runs").locator("..").get_by_role("button", name="Undo").click()
    expect(names(page)).to_have_count(3)
    found = server.api.post("runs/search", experiment_ids=["1"], filter="tags.team = 'blue'")["runs"]
    assert len(found) == 2

    server.api.new_run("1", run_name="d")
    expect(page.get_by_role("button", name="1 new run – show")).to_be_visible()  # the restored ones are not new


@pytest.mark.slow
def test_columns_are_chosen_and_kept_in_a_view_that_is_shared(page: Page, server: Server) -> None:
    address = three_runs(server)
    page.goto(address)
    page.get_by_role("button", name="Columns").click()
    page.get_by_role("button", name="Hide: opt").click()
    page.get_by_role("button", name="Close", exact=True).click()
    expect(page.get_by_role("columnheader", name="opt")).to_have_count(0)

    page.get_by_role("button", name="View").click()
    page.get_by_role("menuitem", name="Save as a new view").click()
    page.get_by_label("Name of the view").fill("Mine")
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_role("button", name="Mine").click()
    page.get_by_role("menuitem", name="Make it the default view").click()
    expect(page.get_by_text("Mine is now the default view")).to_be_visible()

    page.goto("about:blank")
    page.goto(address)  # the default view
    expect(page.get_by_role("button", name="Mine")).to_be_visible()
    expect(page.get_by_role("columnheader", name="loss")).to_be_visible()
    expect(page.get_by_role("columnheader", name="opt")).to_have_count(0)


@pytest.mark.slow
def test_the_column_that_orders_the_runs_is_shown_until_it_is_hidden(page: Page, server: Server) -> None:
    page.goto(f"{three_runs(server)}?cols=status,params.opt&order=-metrics.loss")
    header = page.get_by_role("columnheader", name="loss")
    expect(names(page)).to_have_text(["b", "c", "a"])
    expect(header).to_have_attribute("aria-sort", "descending")
    expect(page.get_by_role("row").nth(1)).to_contain_text("0.3")

    page.get_by_role("button", name="Columns").click()
    page.get_by_role("button", name="Hide: loss").click()

    page.get_by_role("button", name="Close", exact=True).click()
    expect(header).to_have_count(0)
    expect(names(page)).to_have_text(["c", "b", "a"])


@pytest.mark.slow
def test_the_table_is_saved_as_csv_with_the_columns_of_the_view(page: Page, server: Server) -> None:
    page.goto(f"{three_runs(server)}?order=-metrics.loss&cols=params.opt,metrics.loss")
    expect(names(page)).to_have_text(["b", "c", "a"])

    page.get_by_role("button", name="View").click()
    with page.expect_download() as started:
        page.get_by_role("menuitem", name="Export CSV").click()
    lines = started.value.path().read_text().splitlines()

    assert started.value.suggested_filename == "churn.csv"
    assert lines[0].endswith("params.opt,metrics.loss")
    assert [line.rsplit(",", 2)[1:] for line in lines[1:]] == [["sgd", "0.3"], ["adam", "0.2"], ["adam", "0.1"]]


@pytest.mark.slow
def test_a_value_that_its_cell_cuts_off_is_read_in_full_under_the_pointer(page: Page, server: Server) -> None:
    experiment_id = server.api.new_experiment("churn")
    log(server.api, experiment_id, "a", 0.1, opt="adam " * 30, lr="0.1")

    page.goto(f"{server.url}/#/experiments/{experiment_id}?cols=params.opt,params.lr")
    cut, whole = page.get_by_role("gridcell").nth(3), page.get_by_role("gridcell").nth(4)
    cut.hover()
    expect(cut).to_have_attribute("title", ("adam " * 30).strip())
    whole.hover()

    expect(whole).to_have_attribute("title", "")


@pytest.mark.slow
def test_selected_runs_are_saved_from_the_bar_above_the_table(page: Page, server: Server) -> None:
    page.goto(f"{three_runs(server)}?cols=metrics.loss")
    page.get_by_role("checkbox", name="Select b").check()
    page.get_by_role("toolbar", name="1 run selected").get_by_role("button", name="Export").click()

    with page.expect_download() as started:
        page.get_by_role("menuitem", name="Export CSV").click()

    text = started.value.path().read_text()
    assert text.splitlines()[0].endswith("metrics.loss")
    assert [line.rpartition(",")[2] for line in text.splitlines()[1:]] == ["0.3"]


@pytest.mark.slow
def test_the_link_to_the_charts_leads_to_those_of_the_same_runs(page: Page, server: Server) -> None:
    page.goto(f"{three_runs(server)}?q=params.opt+%3D+%27adam%27")
    expect(names(page)).to_have_text(["c", "a"])

    page.get_by_role("link", name="Charts").click()

    charted = page.get_by_role("region", name="Runs").get_by_role("link")
    expect(charted).to_have_text(["c", "a"])


@pytest.mark.slow
def test_the_charts_of_deleted_runs_are_those_of_the_table_of_deleted_runs(page: Page, server: Server) -> None:
    address = three_runs(server)
    server.api.post("runs/delete", run_id=log(server.api, address.rpartition("/")[2], "d", 0.5))
    page.goto(f"{address}?life=deleted")
    expect(names(page)).to_have_text(["d"])

    page.get_by_role("link", name="Charts").click()

    expect(page.get_by_role("region", name="Runs").get_by_role("link")).to_have_text(["d"])
    expect(page.get_by_role("application").first).to_be_visible()


@pytest.mark.slow
def test_a_run_with_an_invisible_name_is_found_by_its_id(page: Page, server: Server) -> None:
    experiment = server.api.new_experiment("names")
    names = ("\u200b\u200d", "   ", "\u202e\u202e", "\u202eabc", "Z\u0338\u0322\u0330" * 20, "👩\u200d👩\u200d👧")
    ids = [server.api.new_run(experiment, run_name=name) for name in names]

    page.goto(f"{server.url}/#/experiments/{experiment}")

    for run_id in ids[:3]:
        expect(page.get_by_title(run_id, exact=True)).to_be_visible()
    page.get_by_title(ids[0], exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(ids[0])


@pytest.mark.slow
def test_the_column_of_datasets_leads_to_the_runs_that_use_one(server: Server, page: Page) -> None:
    api, attack = server.api, "<img src=x onerror=alert(1)>'s"
    experiment_id = api.new_experiment("churn")
    runs = [log(api, experiment_id, name, 0.1) for name in "abc"]
    for run_id, dataset in zip(runs, ("iris", "iris", attack), strict=True):
        use_dataset(api, run_id, dataset, "train")

    page.goto(f"{server.url}/#/experiments/{experiment_id}")
    page.get_by_role("button", name="Columns").click()
    page.get_by_role("dialog").get_by_role("button", name="Datasets").click()
    page.keyboard.press("Escape")
    chip = page.locator("a[title*='1f2e']")
    chips = page.get_by_role("gridcell").locator(chip)
    expect(chips).to_have_text([f"{attack} train", "iris train", "iris train"])

    chips.first.click()
    expect(names(page)).to_have_text(["c", f"{attack} train"])
    page.go_back()
    expect(chips).to_have_count(3)
    page.get_by_role("gridcell").filter(has=chip).last.focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Filter", exact=True)).to_have_value("dataset.name = 'iris'")
    expect(chips).to_have_text(["iris train", "iris train"])
    expect(page.locator("main img")).to_have_count(0)
