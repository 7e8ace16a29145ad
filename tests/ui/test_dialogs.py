"""Behaviour of all dialogs of the web UI, on a large screen and on a phone."""

import pytest
from playwright.sync_api import Locator, Page, ViewportSize, expect

from support.client import Api
from support.processes.servers import Server
from ui.test_models import register

PHONE: ViewportSize = {"width": 390, "height": 844}
LONG = "system/utilization_of_all_processors_percentage"


def run_with_a_long_name(api: Api) -> str:
    run_id = api.new_run(run_name="swift-fox")
    api.post("runs/log-metric", run_id=run_id, key=LONG, value=1.0, timestamp=1, step=1)
    return run_id


def cut_off(dialog: Locator) -> list[str]:
    """Return the buttons that the dialog does not show as a whole from left to right."""
    box = dialog.bounding_box()
    assert box is not None
    found = []
    for button in dialog.get_by_role("button").all():
        place = button.bounding_box()
        if place and (place["x"] < box["x"] or place["x"] + place["width"] > box["x"] + box["width"]):
            found.append(button.get_attribute("aria-label") or button.inner_text())
    return found


@pytest.mark.slow
def test_a_dialog_shows_its_buttons_on_a_phone(server: Server, page: Page) -> None:
    run_id = run_with_a_long_name(server.api)
    page.set_viewport_size(PHONE)
    dialog = page.get_by_role("dialog")

    page.goto(f"{server.url}/#/experiments/0/runs/{run_id}")
    page.get_by_role("button", name=f"Delete the metric {LONG}").click()
    expect(dialog.get_by_role("button", name="Cancel")).to_be_visible()
    of_a_long_name = cut_off(dialog)
    page.goto(f"{server.url}/#/experiments/0")
    page.get_by_role("button", name="Columns").click()
    expect(dialog.get_by_role("button", name="Only columns that vary")).to_be_visible()
    of_columns = cut_off(dialog)

    assert (of_a_long_name, of_columns) == ([], [])


@pytest.mark.slow
def test_a_dialog_names_the_fields_that_must_be_filled_in(server: Server, page: Page) -> None:
    page.set_viewport_size(PHONE)
    dialog = page.get_by_role("dialog")

    for path, opener, main, label, others in (
        ("webhooks", "New webhook", "Create", "Name", "Address"),
        ("alerts", "New rule", "Save", "Name", ""),
        ("drift", "New monitor", "Create", "Monitor", "Endpoint, Parquet or CSV file"),
        ("imports", "Start an import", "Start", "Address of the MLflow server", ""),
        ("workspaces", "New workspace", "Create", "Name", ""),
    ):
        page.goto(f"{server.url}/#/{path}")
        page.get_by_role("button", name=opener).first.click()
        button = dialog.get_by_role("button", name=main, exact=True).last
        expect(button).to_have_accessible_description(f"Fill in: {', '.join(filter(None, [label, others]))}")
        expect(button).to_be_disabled()
        assert cut_off(dialog) == [], path
        dialog.get_by_label(label, exact=True).fill("a")
        expect(button).to_have_accessible_description(f"Fill in: {others}" if others else "")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("path", "opener", "main", "missing", "given"),
    [
        ("models/churn/versions/1", "Deploy", "Deploy", "Endpoint, Deployment", {}),
        ("experiments/0/traces?show=issues", "New issue", "Create", "Name, Description", {"Name": "wrong unit"}),
        ("experiments/0/traces?show=reviews", "New question", "Create", "Name", {"Name": "correct"}),
        ("access/roles/new", "", "Create the role", "Name", {}),
        ("access/assignments", "Add an assignment", "Assign the role", "Principal", {}),
    ],
)
def test_a_form_names_what_is_missing(
    server: Server, page: Page, path: str, opener: str, main: str, missing: str, given: dict[str, str]
) -> None:
    register(server.api, versions=1)
    page.set_viewport_size(PHONE)
    page.goto(f"{server.url}/#/{path}")
    if opener:
        page.get_by_role("button", name=opener).first.click()
    form = page.get_by_role("dialog") if page.get_by_role("dialog").count() else page.locator("main")
    button = form.get_by_role("button", name=main, exact=True).last

    if main == "Deploy":
        form.get_by_label("Endpoint").fill("")
        form.get_by_label("Deployment").fill(" ")

    expect(button).to_have_accessible_description(f"Fill in: {missing}")
    expect(button).to_be_disabled()
    for label, value in given.items():
        form.get_by_label(label, exact=True).fill(value)
    rest = [each for each in missing.split(", ") if each not in given]
    if given:
        expect(button).to_have_accessible_description(f"Fill in: {', '.join(rest)}" if rest else "")


@pytest.mark.slow
def test_a_password_has_room_for_its_characters_on_a_phone(server: Server, page: Page) -> None:
    page.set_viewport_size(PHONE)
    page.goto(f"{server.url}/#/access/users")
    page.get_by_role("button", name="New user").click()
    page.get_by_role("button", name="Generate a password").click()

    field = page.get_by_role("dialog").get_by_label("Password", exact=True)

    assert field.evaluate("(each) => each.scrollWidth <= each.clientWidth")


@pytest.mark.slow
def test_a_dialog_is_closed_from_outside_but_not_by_a_selection_that_ends_there(server: Server, page: Page) -> None:
    page.goto(f"{server.url}/#/experiments")
    page.get_by_role("button", name="New experiment").click()
    dialog = page.get_by_role("dialog")
    field = dialog.get_by_label("Name of the experiment")
    field.fill("trees")
    box = field.bounding_box()
    assert box is not None

    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(10, 10)
    page.mouse.up()
    expect(field).to_have_value("trees")
    page.mouse.click(10, 10)

    expect(dialog).to_have_count(0)
