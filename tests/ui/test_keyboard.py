"""The web UI by keyboard alone: palette, list of keys, focus in dialogs, and a whole flow from filter to undo."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from support.people import ADMIN, PASSWORD, People
from support.processes.servers import Server
from ui.runs.test_runs import names, three_runs

pytestmark = pytest.mark.slow

# The element with the focus has an outline, or stands in a frame that has one.
FOCUS_SHOWS = """() => {
    const at = document.activeElement;
    if (!at || at === document.body) return 'nothing has the focus';
    for (let each = at, up = 0; each && up < 4; each = each.parentElement, up += 1) {
        const style = getComputedStyle(each);
        if (style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 1) return '';
    }
    return at.outerHTML.slice(0, 200);
}"""


def open_palette(page: Page) -> Locator:
    page.keyboard.press("Control+k")
    palette = page.get_by_role("dialog", name="Go to a page or run an action")
    expect(palette.get_by_role("combobox")).to_be_focused()
    return palette


def test_the_palette_finds_pages_runs_and_the_actions_of_the_page(page: Page, server: Server) -> None:
    server.api.post("registered-models/create", name="churn-model")
    page.goto(three_runs(server))
    expect(names(page)).to_have_count(3)

    open_palette(page)
    page.keyboard.type("export csv")
    with page.expect_download() as started:
        page.keyboard.press("Enter")
    assert started.value.suggested_filename == "churn.csv"

    open_palette(page)
    page.keyboard.type("churn-m")
    expect(page.get_by_role("option", name="churn-model")).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("churn-model")
    open_palette(page)
    page.keyboard.type(">rename")
    expect(page.get_by_role("option", name="Rename")).to_be_visible()  # as soon as the rights are known
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog").get_by_role("textbox")).to_be_focused()
    page.keyboard.press("Escape")

    palette = open_palette(page)  # what was visited stands there without a search
    expect(palette.get_by_role("option", name="churn-model")).to_be_visible()
    page.keyboard.press("Escape")
    expect(palette).to_be_hidden()


def test_the_palette_opens_a_run_by_its_name_and_by_its_id(page: Page, server: Server) -> None:
    page.goto(three_runs(server))
    run_id = server.api.new_run("0", run_name="calm-elk")

    open_palette(page)
    page.keyboard.type(run_id)
    expect(page.get_by_role("option", name="calm-elk")).to_be_visible()
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", level=1)).to_have_text("calm-elk")


def test_the_list_of_keys_is_opened_and_letters_are_turned_off(page: Page, server: Server) -> None:
    page.goto(three_runs(server))
    expect(names(page)).to_have_count(3)

    page.keyboard.press("?")
    keys = page.get_by_role("dialog", name="Keyboard")
    expect(keys.get_by_role("row", name=re.compile("Filter"))).to_be_visible()
    expect(keys.get_by_role("checkbox")).to_be_focused()
    page.keyboard.press("Space")
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    expect(page.get_by_role("combobox", name="Filter")).not_to_be_focused()

    open_palette(page)
    page.keyboard.type("keyboard")
    page.keyboard.press("Enter")
    keys.get_by_role("checkbox").check()
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    expect(page.get_by_role("combobox", name="Filter")).to_be_focused()


def test_a_dialog_begins_at_its_first_field_and_gives_the_focus_back(page: Page, server: Server) -> None:
    page.goto(f"{server.url}/#/links?new=1")
    expect(page.get_by_label("Address of the other workspace")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_role("heading", level=1)).to_be_focused()  # no button has opened it
    button = page.get_by_role("button", name="Link a workspace")
    expect(button).to_be_visible()  # else Tab would leave it out
    page.keyboard.press("Tab")
    expect(button).to_be_focused()

    page.goto(f"{server.url}/#/experiments")
    page.get_by_role("button", name="New experiment").click()
    expect(page.get_by_role("dialog").get_by_role("textbox").first).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="New experiment")).to_be_focused()


def test_a_whole_flow_needs_no_mouse_and_the_focus_shows_at_each_step(
    page: Page, start: Callable[..., Server], console: list[str]
) -> None:
    server = start()
    address = three_runs(server)
    People(server.api).begin()
    page.goto(f"{address}?order=run_name")

    def press(*keys: str) -> None:
        for key in keys:
            page.keyboard.press(key)
        assert page.evaluate(FOCUS_SHOWS) == ""

    dialog = page.get_by_role("dialog", name="Sign in")
    expect(dialog.get_by_label("User name")).to_be_focused()
    page.keyboard.type(ADMIN)
    press("Tab")
    expect(dialog.get_by_label("Password", exact=True)).to_be_focused()
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(names(page)).to_have_text(["a", "b", "c"])

    press("/")
    page.keyboard.type("params.opt = 'adam'")
    page.keyboard.press("Enter")
    expect(names(page)).to_have_text(["a", "c"])
    page.keyboard.press("Escape")
    press("j", "x", "k", "x")
    expect(page.locator("[role=row][aria-selected=true]")).to_have_count(2)
    page.keyboard.press("c")
    expect(page.get_by_role("heading", level=1)).to_have_text("Compare 2 runs")

    page.go_back()
    expect(names(page)).to_have_text(["a", "c"])
    press("/", "Escape", "x")
    open_palette(page)
    page.keyboard.type(">delete")
    page.keyboard.press("Enter")
    expect(names(page)).to_have_text(["c"])
    page.keyboard.press("Control+z")
    expect(names(page)).to_have_text(["a", "c"])
    console[:] = [said for said in console if "Failed to load resource: the server responded" not in said]


def test_another_workspace_is_chosen_by_typing_its_name_and_shows_the_same_list(page: Page, server: Server) -> None:
    for name in ("north", "team-1", "team-20", "team-21"):
        server.api.new_workspace(name)
    server.api.new_workspace("team-2").post("registered-models/create", name="churn")

    page.goto(f"{server.url}/#/models")
    switch = page.get_by_role("button", name="default")
    switch.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("menuitem", name="team-21")).to_be_visible()
    page.keyboard.type("team-2")
    expect(page.get_by_role("menuitem", name="team-2", exact=True)).to_be_focused()
    page.keyboard.type("1")
    expect(page.get_by_role("menuitem", name="team-21")).to_be_focused()
    page.get_by_role("menuitem", name="team-2", exact=True).press("Enter")

    expect(page).to_have_url(f"{server.url}/ws/team-2/#/models")
    expect(page.get_by_role("link", name="churn")).to_be_visible()
    page.go_back()
    open_palette(page)
    page.keyboard.type("ORTH")
    page.get_by_role("option", name="north").click()
    expect(page).to_have_url(f"{server.url}/ws/north/")
