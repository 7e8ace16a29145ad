"""Retention rules with their dry run, orphans and their quarantine, and the deletion of a workspace, in the web UI."""

import os
import re

import pytest
from playwright.sync_api import Page, expect

from slices.cleanup.test_jobs import stage
from support.links import until
from support.pages import axe
from support.processes.servers import Server
from ui.admin.test_deletion import OURS, filled_run

pytestmark = pytest.mark.slow

GONE = "0" * 31 + "1"


def test_a_rule_is_previewed_saved_changed_applied_and_deleted(server: Server, page: Page) -> None:
    api = server.api
    runs = [filled_run(api, f"run-{number}") for number in range(3)]

    page.goto(f"{server.url}/#/trash")
    page.get_by_role("link", name="Retention rules").click()
    expect(page.get_by_text("No retention rules")).to_be_visible()
    page.get_by_role("button", name="New rule").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name", exact=True).fill("tidy")
    expect(dialog.get_by_text("Set at least one condition")).to_be_visible()
    dialog.get_by_label("The last").check()
    dialog.get_by_label("Number in each experiment").fill("1")
    dialog.get_by_role("button", name="Dry run").click()
    expect(dialog.get_by_text("Matches 2 runs of 3")).to_be_visible()
    expect(dialog.get_by_text("the rule would delete nothing")).to_be_visible()
    assert axe.serious(page) == []
    dialog.get_by_label("Delete nothing if it matches").fill("100")
    dialog.get_by_role("button", name="Save rule").click()
    row = page.get_by_role("row", name=re.compile("tidy"))
    expect(row).to_contain_text("Moves runs to the trash")
    row.get_by_role("button", name="Change tidy").click()
    expect(dialog.get_by_label("Delete nothing if it matches")).to_have_value("100")
    dialog.get_by_role("button", name="Save rule").click()
    row.get_by_role("button", name="Run tidy now").click()
    until(
        lambda: sorted(stage(api, each) for each in runs) == ["active", "deleted", "deleted"], "the rule to be applied"
    )

    page.goto(f"{server.url}/#/retention")
    row.get_by_role("button", name="Delete tidy").click()
    expect(dialog).to_contain_text("the jobs that it started stay")
    dialog.get_by_role("button", name="Delete permanently").click()
    expect(page.get_by_text("No retention rules")).to_be_visible()


def test_orphans_are_found_moved_restored_and_purged(server: Server, page: Page) -> None:
    store = server.data / "artifacts"
    path = store / "0" / GONE / "artifacts" / "weights.bin"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"x" * 2048)
    os.utime(path, (1_000_000_000, 1_000_000_000))

    page.goto(f"{server.url}/#/storage")
    page.get_by_role("link", name="Orphans").click()
    page.get_by_role("button", name="Search").click()
    row = page.get_by_role("row", name=re.compile(GONE))
    expect(row).to_contain_text("2.00 KiB")
    assert axe.serious(page) == []
    row.get_by_role("button").click()
    page.get_by_role("dialog").get_by_role("button", name="Move").click()
    expect(page.get_by_text("No files without a row")).to_be_visible()
    page.get_by_role("link", name="Quarantine").click()
    row.get_by_role("button", name=re.compile("Move .* back")).click()
    expect(page.get_by_text("The quarantine is empty")).to_be_visible()
    assert path.read_bytes() == b"x" * 2048
    assert server.api.get(f"{OURS}/orphans/quarantine").get("entries", []) == []


def test_a_workspace_is_deleted_after_its_preview(server: Server, page: Page) -> None:
    team = server.api.new_workspace("team")
    team.new_run()

    page.goto(f"{server.url}/#/workspaces")
    page.get_by_role("button", name="Delete team", exact=True).click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("1 run", exact=False)).to_be_visible()
    button = dialog.get_by_role("button", name="Delete the workspace")
    expect(button).to_be_disabled()
    dialog.get_by_role("textbox").fill("team")
    button.click()

    expect(page.get_by_role("row", name=re.compile("team"))).to_have_count(0)
    assert server.api.ask("GET", f"{OURS}/workspaces/team").status == 404
