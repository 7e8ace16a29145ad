"""The storage page: a count, the tree map with its table, and a deletion from there."""

import re

from playwright.sync_api import Page, expect

from support.pages import axe
from support.processes.servers import Server
from ui.admin.test_deletion import delete, filled_run


def test_used_storage_is_counted_explored_and_deleted(server: Server, page: Page) -> None:
    run_id = filled_run(server.api)

    page.goto(f"{server.url}/#/storage")
    expect(page.get_by_text("No count yet")).to_be_visible()
    page.get_by_role("button", name="Count again").click()
    page.get_by_role("group", name="Tree map").get_by_role("link", name=re.compile("Default")).click()
    row = page.get_by_role("row", name=re.compile("swift-fox"))
    expect(row).to_contain_text("100.0 %")
    assert axe.serious(page) == []
    row.get_by_role("button", name="Delete swift-fox").click()
    expect(page.get_by_role("dialog")).to_contain_text("1.95 KiB of files")
    delete(page)

    expect(page.get_by_text("No data")).to_be_visible()
    assert server.api.ask("GET", f"runs/get?run_id={run_id}").status == 404
