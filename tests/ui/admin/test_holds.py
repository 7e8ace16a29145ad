"""Legal holds on the pages of their objects."""

import pytest
from playwright.sync_api import Page, expect

from support.pages import axe
from support.processes.servers import Server
from ui.admin.test_deletion import filled_run, menu


@pytest.mark.slow
def test_a_hold_is_placed_and_removed_on_the_page_of_a_run_and_a_badge_says_why(server: Server, page: Page) -> None:
    run_id = filled_run(server.api)

    page.goto(f"{server.url}/#/experiments/0/runs/{run_id}")
    menu(page, "Legal hold")
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Reason").fill("case 12/26")
    assert axe.serious(page) == []
    dialog.get_by_role("button", name="Place the hold").click()
    badge = page.get_by_role("button", name="Legal hold", exact=True)
    expect(badge).to_be_visible()
    refused = server.api.ask("POST", "runs/delete", {"run_id": run_id})
    badge.click()
    expect(page.get_by_role("dialog")).to_contain_text("case 12/26")
    page.get_by_role("dialog").get_by_role("button", name="Remove").click()

    expect(badge).not_to_be_visible()
    assert refused.status == 400
    assert server.api.ask("POST", "runs/delete", {"run_id": run_id}).status == 200
