"""Pages offer only allowed actions: for a reader, and for a caller with rights at one object."""

import re

import pytest
from playwright.sync_api import Page, expect

from support.pages.sign_in import fill
from support.people import OURS, People
from support.processes.servers import Server

pytestmark = pytest.mark.slow

WRITING = (
    *("Edit", "Rename", "Delete", "Add tag", "Remove", "Add alias", "Change stage", "Deploy", "Score a table"),
    *("Approve", "Reject", "New experiment", "New webhook", "Send a test", "Disable", "Link a workspace"),
    *("Start an import", "Pause the queue"),
)
WITHOUT_MENU = ("experiments", "links", "webhooks", "imports")


def offered(page: Page) -> set[str]:
    """The names of all buttons and menu items."""
    names = page.evaluate(
        "[...document.querySelectorAll('button, [role=menuitem]')].map(e => e.getAttribute('aria-label') || e.innerText)"
    )
    return {name.strip() for name in names}


def menus(page: Page) -> None:
    """Open the menu of the page, if it has one."""
    more = page.get_by_role("button", name="More actions")
    if more.count():
        more.click()
        page.get_by_role("menuitem", name=re.compile(r"\w")).first.wait_for()


def begin(people: People) -> dict[str, str]:
    """An experiment with a run, a model with a version and a request, a webhook.

    Return the addresses of their pages, each with a text that comes with what its menu is about."""
    admin = people.admin
    experiment = admin.new_experiment("churn")
    run = admin.new_run(experiment_id=experiment)
    admin.post("runs/set-tag", run_id=run, key="team", value="blue")
    tags = [{"key": "team", "value": "blue"}]
    admin.post("registered-models/create", name="churn", description="who leaves", tags=tags)
    source = admin.run(run)["info"]["artifact_uri"]
    admin.post("model-versions/create", name="churn", source=f"{source}/model", run_id=run)
    admin.post("/api/2.0/mlflow/registered-models/alias", {"name": "churn", "alias": "champion", "version": "1"})
    stages = admin.get(f"{OURS}/registry/stages")["stages"]
    for stage in stages:
        stage["needs_approval"] = stage["name"] == "Production"
    admin.ask("PUT", f"{OURS}/registry/stages", {"stages": stages})
    admin.post(f"{OURS}/model-versions/churn/1/stage-requests", stage="Production")
    url = "https://hooks.example/churn"
    hook = admin.post(f"{OURS}/webhooks", name="churn", url=url, events=["registered_model.created"])["webhook"]
    return {
        "experiments": "churn",
        f"experiments/{experiment}/runs/{run}": "team",
        "models/churn": "who leaves",
        "models/churn/versions/1": "champion",
        "models/churn/versions/1/requests": "Production",
        "links": "Links",
        "webhooks": "Webhooks",
        f"webhooks/{hook['webhook_id']}": url,
        "imports": "Imports",
        "jobs": "0 waiting",
    }


def test_a_reader_is_offered_no_action_that_writes(server: Server, people: People, page: Page) -> None:
    pages = begin(people)
    people.add("bo", "Reader")
    page.goto(server.url)
    fill(page, "bo")
    page.get_by_role("link", name="churn").wait_for()

    for address, shown in pages.items():
        page.goto(f"{server.url}/#/{address}")
        page.get_by_role("main").get_by_text(shown).first.wait_for()
        menus(page)
        names = offered(page)
        assert not [name for name in names if name.startswith(WRITING)], (address, names)
        page.keyboard.press("Escape")


@pytest.mark.slow
def test_an_administrator_is_offered_the_actions_that_write(server: Server, people: People, page: Page) -> None:
    """This shows that the labels that the reader must not see exist on these pages."""
    pages = begin(people)
    page.goto(server.url)
    fill(page)
    page.get_by_role("link", name="churn").wait_for()

    seen: set[str] = set()
    for address, shown in pages.items():
        page.goto(f"{server.url}/#/{address}")
        page.get_by_role("main").get_by_text(shown).first.wait_for()
        if address not in WITHOUT_MENU:
            page.get_by_role("button", name="More actions").wait_for()  # it comes with the rights of the caller
        menus(page)
        seen |= offered(page)
        page.keyboard.press("Escape")

    assert [word for word in WRITING if not any(name.startswith(word) for name in seen)] == []


@pytest.mark.slow
def test_a_right_at_one_experiment_shows_its_buttons_there_and_nowhere_else(
    server: Server, people: People, page: Page
) -> None:
    ours, theirs = people.admin.new_experiment("ours"), people.admin.new_experiment("theirs")
    mine, other = people.admin.new_run(experiment_id=ours), people.admin.new_run(experiment_id=theirs)
    people.add("bo", "Reader")
    people.grant("bo", "MLflow EDIT", f"/ws/default/experiments/{ours}")
    page.goto(f"{server.url}/#/experiments/{ours}/runs/{mine}")
    fill(page, "bo")

    add = page.get_by_role("button", name="Add tag")
    expect(add).to_be_visible()
    page.goto(f"{server.url}/#/experiments/{theirs}/runs/{other}")
    expect(page.get_by_role("heading", level=1)).not_to_have_text(str(people.admin.run(mine)["info"]["run_name"]))
    expect(page.get_by_text("No note yet.")).to_be_visible()
    expect(add).to_have_count(0)
