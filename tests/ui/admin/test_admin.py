"""Pages of links, workspaces, webhooks and imports."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from support.client import Api
from support.faults.answering import Answered, Asked, answering
from support.pages import axe
from support.processes.servers import Server
from trackside.webhooks.model import EVENTS, MLFLOWS
from ui.test_models import run

pytestmark = pytest.mark.slow

OURS = "/api/trackside/v1"


def forget_answers(console: list[str]) -> None:
    """Chromium writes each answer with a status of 400 or more to the console."""
    console[:] = [said for said in console if "Failed to load resource: the server responded" not in said]


def names(api: Api) -> list[str]:
    return [each["name"] for each in api.get(f"{OURS}/workspaces")["workspaces"]]


def test_a_workspace_is_linked_compared_paused_and_unlinked(start: Callable[..., Server], page: Page) -> None:
    here, there = start(), start()
    run_id = here.api.new_run(run_name="swift-fox")

    page.goto(f"{here.url}/#/links")
    page.get_by_role("button", name="Link a workspace").click()
    page.get_by_label("Address of the other workspace").fill(there.url)
    page.get_by_label("Name of the link").fill("twin")
    for _ in range(3):
        page.get_by_role("button", name="Next").last.click()
    page.get_by_role("button", name="Start the link").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("twin")
    expect(page.get_by_text("nothing", exact=True)).to_be_visible(timeout=60_000)
    expect(page.get_by_text("1 experiment, 1 run", exact=True)).to_be_visible()
    assert there.api.run(run_id)["info"]["run_name"] == "swift-fox"
    page.get_by_role("button", name="Compare now").click()
    expect(page.get_by_text("both sides are equal")).to_be_visible(timeout=60_000)
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_role("button", name="Resume")).to_be_visible()
    page.get_by_role("button", name="Unlink").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("linked objects stay on both sides")
    dialog.get_by_label("Remove the copies").check()
    expect(dialog).to_contain_text("on the remote")
    dialog.get_by_label("Keep the copies").check()
    expect(dialog).to_contain_text("linked objects stay on both sides")
    assert axe.serious(page) == []
    page.get_by_label("Type twin to delete it").fill("twin")
    dialog.get_by_role("button", name="Delete permanently").click()
    expect(page.get_by_text("This workspace is not linked")).to_be_visible()
    assert there.api.run(run_id)["info"]["run_name"] == "swift-fox"


def test_the_command_of_a_page_without_links_works_when_pasted(
    start: Callable[..., Server], page: Page, tmp_path: Path
) -> None:
    here, there = start(), start()
    team = here.api.new_workspace("team")

    page.goto(f"{here.url}/ws/team/#/links")
    command = page.locator("pre").inner_text().replace("http://HOST:5000/ws/team-a", there.url)
    run(["bash", "-c", command], tmp_path)

    assert [link["name"] for link in team.get(f"{OURS}/links")["links"]] == ["twin"]
    expect(page.get_by_role("link", name="twin")).to_be_visible()


def test_an_invalid_address_of_a_link_is_refused_in_the_wizard(server: Server, page: Page, console: list[str]) -> None:
    page.goto(f"{server.url}/#/links?new=1")
    following = page.get_by_role("button", name="Next").last
    expect(following).to_have_accessible_description("Fill in: Address of the other workspace, Name of the link")
    expect(following).to_be_disabled()
    page.get_by_label("Address of the other workspace").fill("ftp://host")
    page.get_by_label("Name of the link").fill("twin")
    following.click()
    page.get_by_label("With a token").check()
    expect(following).to_have_accessible_description("Fill in: Token")
    page.get_by_label("Without credentials").check()
    for _ in range(2):
        following.click()
    page.get_by_role("button", name="Start the link").click()

    expect(page.get_by_role("alert")).to_contain_text("ftp://host")
    forget_answers(console)


def test_a_workspace_is_created_opened_and_deleted_by_typing_its_name(server: Server, page: Page) -> None:
    page.goto(f"{server.url}/#/workspaces")
    page.get_by_role("button", name="New workspace").click()
    page.get_by_label("Name", exact=True).fill("team-a")
    page.get_by_label("Resource group").fill("vision")
    page.get_by_role("button", name="Create").last.click()
    row = page.get_by_role("row").filter(has_text="team-a")
    expect(row).to_contain_text("vision")
    expect(row).to_contain_text(f"{server.url}/ws/team-a")
    assert "team-a" in names(server.api)

    page.get_by_role("button", name="Delete team-a").click()
    page.get_by_label("Type team-a to delete it").fill("team-a")
    page.get_by_role("button", name="Delete the workspace").click()

    expect(row).to_have_count(0)
    assert "team-a" not in names(server.api)


def test_an_invalid_workspace_name_is_reported_at_its_field(server: Server, page: Page, console: list[str]) -> None:
    page.goto(f"{server.url}/#/workspaces")
    page.get_by_role("button", name="New workspace").click()
    page.get_by_label("Name", exact=True).fill("<b>")
    page.get_by_role("button", name="Create").last.click()

    expect(page.get_by_role("alert")).to_contain_text("Workspace name '<b>' is not valid")
    expect(page.get_by_label("Name", exact=True)).to_have_value("<b>")
    forget_answers(console)


@pytest.fixture
def receiver() -> Iterator[str]:
    def answer(_: Asked) -> Answered:
        return Answered(200, b"thanks")

    with answering(answer) as url:
        yield url


def test_a_webhook_is_created_and_tested_and_its_deliveries_are_shown(
    start: Callable[..., Server], receiver: str, page: Page
) -> None:
    server = start("--webhook-schemes", "http", "--allow-private-webhooks")

    page.goto(f"{server.url}/#/webhooks")
    page.get_by_role("button", name="New webhook").click()
    page.get_by_label("Name", exact=True).fill("hook")
    page.get_by_label("Address").fill(receiver)
    page.get_by_label("run.created").check()
    page.get_by_role("button", name="Create").last.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("hook")
    page.get_by_role("button", name="Send a test").click()
    expect(page.get_by_text("The receiver answered 200 thanks")).to_be_visible()
    server.api.new_run()

    row = page.get_by_role("row").filter(has_text="run.created")
    expect(row).to_contain_text("Delivered", timeout=30_000)


def test_every_event_of_the_server_can_be_chosen(server: Server, page: Page) -> None:
    page.goto(f"{server.url}/#/webhooks")
    page.get_by_role("button", name="New webhook").click()
    boxes = page.get_by_role("group", name="Events").get_by_role("checkbox")
    expect(boxes.first).to_be_visible()

    offered = {box.get_attribute("aria-label") for box in boxes.all()}

    # Nothing here exceeds a budget of MLflow's gateway.
    assert offered == EVENTS - {f"budget_policy.{action}" for action in MLFLOWS["budget_policy"]}


def test_an_import_is_started_and_watched_to_its_end(start: Callable[..., Server], page: Page) -> None:
    here, source = start(), start()
    run_id = source.api.new_run(run_name="swift-fox")
    source.api.post("runs/update", run_id=run_id, status="FINISHED")

    page.goto(f"{here.url}/#/imports")
    page.get_by_role("button", name="Start an import").click()
    page.get_by_label("Address of the MLflow server").fill(source.url)
    page.get_by_role("button", name="Start", exact=True).last.click()

    expect(page.get_by_text("Done", exact=True)).to_be_visible(timeout=60_000)
    row = page.get_by_role("row").filter(has_text="Runs")
    expect(row.get_by_role("cell")).to_have_text(["Runs", "1", "0", "0", "0"])
    assert here.api.run(run_id)["info"]["run_name"] == "swift-fox"


def test_an_import_from_a_folder_is_refused_with_instructions(server: Server, page: Page, console: list[str]) -> None:
    page.goto(f"{server.url}/#/imports")
    page.get_by_role("button", name="Start an import").click()
    page.get_by_label("Address of the MLflow server").fill("/srv/mlruns")
    page.get_by_role("button", name="Start", exact=True).last.click()

    expect(page.get_by_role("alert")).to_contain_text("trackside import SOURCE")
    forget_answers(console)
