"""The runs of an experiment as a table, as charts, and as both: the same runs and colours in each."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from support.processes.servers import Server
from ui.runs.test_runs import log, names, three_runs

pytestmark = pytest.mark.slow


def eye(page: Page, name: str) -> Locator:
    return page.get_by_role("switch", name=f"Draw {name}", exact=True)


def colour(place: Locator) -> str:
    line = place.locator("line").first
    line.wait_for(state="attached")  # a level line has no height
    return str(line.evaluate("(each) => each.style.stroke"))


def test_a_run_has_one_colour_in_the_table_beside_it_and_on_the_page_of_charts(page: Page, server: Server) -> None:
    page.goto(three_runs(server))
    expect(names(page)).to_have_count(3)
    before = {name: colour(eye(page, name)) for name in "abc"}
    assert len(set(before.values())) == 3

    eye(page, "c").click()  # the others keep their colours
    expect(eye(page, "c")).to_have_attribute("aria-checked", "false")
    page.get_by_role("link", name="Split").click()
    expect(page.get_by_role("application", name=re.compile("loss"))).to_be_visible()
    expect(page.get_by_role("columnheader").nth(4)).to_contain_text("loss")  # before the times: there is room for few
    expect(page.get_by_text("4 points, exact")).to_be_visible()
    assert colour(eye(page, "a")) == before["a"]

    page.get_by_role("link", name="Charts").click()
    listed = page.get_by_role("region", name="Runs").get_by_role("listitem")
    expect(listed).to_have_count(3)
    assert colour(listed.filter(has=page.get_by_role("link", name="a", exact=True))) == before["a"]
    assert colour(listed.filter(has=page.get_by_role("link", name="b", exact=True))) == before["b"]
    expect(listed.filter(has=page.get_by_role("link", name="c", exact=True)).locator("line")).to_have_count(0)


def test_the_split_view_follows_its_runs_and_a_key_draws_another(page: Page, server: Server) -> None:
    address = three_runs(server)
    page.goto(f"{address}?show=split&cols=metrics.loss!c&order=run_name")
    expect(page.get_by_text("6 points, exact")).to_be_visible()
    row = page.get_by_role("row", name=re.compile("^Select a "))
    expect(row.locator("path[d^=M]").last).to_be_attached()  # the curve beside the value

    run_id = server.api.post("runs/search", experiment_ids=["1"], filter="run_name = 'a'")["runs"][0]["info"]["run_id"]
    server.api.post("runs/log-metric", run_id=run_id, key="loss", value=0.0625, timestamp=9, step=9)
    expect(row).to_contain_text("0.0625")
    expect(page.get_by_text("7 points, exact")).to_be_visible()

    page.get_by_role("link", name="a", exact=True).focus()
    page.keyboard.press("e")
    expect(page.get_by_text("4 points, exact")).to_be_visible()


def test_a_run_outside_of_the_loaded_windows_is_drawn(page: Page, server: Server) -> None:
    address = three_runs(server)
    other = log(server.api, server.api.new_experiment("other"), "z", 0.5)
    page.goto(f'{address}?show=split&runs=["{other}"]')

    expect(page.get_by_text("2 points, exact")).to_be_visible()


def test_a_phone_shows_the_column_that_orders_the_runs_beside_their_names(page: Page, server: Server) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{three_runs(server)}?order=-metrics.loss")
    header = page.get_by_role("columnheader").nth(3)

    expect(header).to_contain_text("loss")

    box = header.bounding_box()
    assert box is not None
    assert box["x"] + box["width"] <= 390
