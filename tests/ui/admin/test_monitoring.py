"""Pages of the overview, of alerts with their channels, and of the activity."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from support.pages import axe
from support.processes.servers import Server

pytestmark = pytest.mark.slow

OURS = "/api/trackside/v1"


def test_a_quota_is_set_shown_as_used_up_and_removed(server: Server, page: Page) -> None:
    server.api.new_run()
    page.goto(f"{server.url}/#/overview")
    expect(page.get_by_text("No quotas")).to_be_visible()

    page.get_by_role("button", name="Set a quota").click()
    page.get_by_label("Limit", exact=True).fill("1")
    page.get_by_role("button", name="Set", exact=True).last.click()

    row = page.get_by_role("row").filter(has_text="workspace")
    expect(row).to_contain_text("1 of 1")
    expect(row).to_contain_text("used up")
    assert server.api.ask("POST", "runs/create", {"experiment_id": "0"}).status == 403
    row.get_by_role("button", name="Remove").click()
    expect(page.get_by_text("No quotas")).to_be_visible()
    server.api.new_run()


def test_a_rule_fires_and_its_channel_is_notified(server: Server, page: Page) -> None:
    server.api.post("runs/update", run_id=server.api.new_run(), status="FAILED")
    page.goto(f"{server.url}/#/alerts")
    page.get_by_role("button", name="New rule").click()
    page.get_by_label("Name").fill("failed runs")
    page.get_by_label("Severity").select_option("critical")
    page.get_by_role("button", name="Save").last.click()

    row = page.get_by_role("row").filter(has_text="failed runs")
    expect(row).to_contain_text("Firing", timeout=60_000)
    expect(row).to_contain_text("Events of a type: run.failed")
    page.goto(f"{server.url}/#/overview")
    expect(page.get_by_role("row", name="critical failed runs")).to_be_visible()


def test_a_phone_shows_the_buttons_of_a_rule_beside_its_name(server: Server, page: Page) -> None:
    rule = {"measure": "events", "target": "run.failed", "above": 0, "window_s": 300, "for_s": 0, "severity": "warning"}
    server.api.ask("PUT", f"{OURS}/alert-rules/failed-runs", {**rule, "is_enabled": True})
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{server.url}/#/alerts")
    row = page.get_by_role("row").filter(has_text="failed-runs")

    for name in ("Change failed-runs", "Delete failed-runs"):
        expect(row.get_by_role("button", name=name)).to_be_in_viewport(ratio=1)
    expect(row.get_by_role("cell", name="failed-runs", exact=True)).to_be_in_viewport(ratio=1)


def test_a_rule_about_drift_is_added_changed_and_leads_to_the_monitors(server: Server, page: Page) -> None:
    page.goto(f"{server.url}/#/alerts")
    page.get_by_role("button", name="New rule").click()
    page.get_by_label("Name").fill("drift")
    page.get_by_label("Event").select_option("drift.detected")
    page.get_by_role("button", name="Save").last.click()
    row = page.get_by_role("row").filter(has_text="Events of a type: drift.detected")

    row.get_by_role("button", name="Change drift").click()
    expect(page.get_by_label("Name")).to_be_disabled()
    expect(page.get_by_label("Event")).to_have_value("drift.detected")
    page.get_by_label("Fires above").fill("3")
    page.get_by_role("button", name="Save").last.click()

    expect(row.get_by_role("cell", name="3", exact=True)).to_be_visible()
    row.get_by_role("link").click()
    expect(page).to_have_url(f"{server.url}/#/drift")


def test_a_new_channel_has_the_events_of_alerts_and_can_be_muted(
    start: Callable[..., Server], page: Page, console: list[str]
) -> None:
    server = start("--allow-private-webhooks", "--webhook-schemes", "http")
    page.goto(f"{server.url}/#/alerts")
    page.get_by_role("button", name="New channel").click()
    dialog = page.get_by_role("dialog", name="New channel")
    dialog.get_by_label("Name", exact=True).fill("on-call")
    dialog.get_by_label("Address").fill("http://127.0.0.1:9/")
    dialog.get_by_role("button", name="Create").last.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("on-call")
    (made,) = server.api.get(f"{OURS}/webhooks")["webhooks"]
    assert (made["format"], made["events"]) == ("slack", ["alert.fired", "alert.resolved"])
    webhook = made["webhook_id"]
    page.get_by_role("button", name="More actions").click()
    page.get_by_role("menuitem", name="Muted times").click()
    dialog = page.get_by_role("dialog")
    for day in ("Tue", "Wed", "Thu", "Fri"):
        dialog.get_by_label(day).uncheck()
    dialog.get_by_role("button", name="Add a time").click()
    dialog.get_by_role("button", name="Remove time 2").click()
    dialog.get_by_label("Time zone").fill("Mars")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog.get_by_role("alert")).to_contain_text("timezone is 'Mars'")
    console.clear()  # of the answer 400
    dialog.get_by_label("Time zone").fill("Europe/Berlin")
    dialog.get_by_role("button", name="Save").click()

    expect(page.get_by_text("Mon 22:00–07:00")).to_be_visible()
    mute = server.api.get(f"{OURS}/webhooks/{webhook}")["webhook"]["mute"]
    assert mute["windows"] == [{"days": ["mon"], "start": "22:00", "end": "07:00"}]
    assert mute["timezone"] == "Europe/Berlin"


def test_the_overview_names_a_run_and_links_to_it(server: Server, page: Page) -> None:
    server.api.new_run(run_name="swift-fox")

    page.goto(f"{server.url}/#/overview")
    page.get_by_role("link", name="swift-fox").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("swift-fox")


def test_the_activity_is_filtered_by_the_address_and_leads_to_objects(server: Server, page: Page) -> None:
    server.api.post("registered-models/create", name="iris")
    server.api.new_run()
    page.goto(f"{server.url}/#/activity")
    expect(page.get_by_role("row")).to_have_count(3)

    page.get_by_label("Kind").select_option("registered_model")

    expect(page.get_by_role("row")).to_have_count(2)
    assert "entity=registered_model" in page.url
    page.get_by_role("link", name="iris").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("iris")


@pytest.mark.slow
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_no_serious_problem(server: Server, page: Page, theme: str) -> None:
    server.api.new_run()
    quota = {"scope": "workspace", "measure": "runs", "limit": 1}
    assert server.api.ask("PUT", f"{OURS}/quotas", quota).status == 200
    assert server.api.ask("PUT", f"{OURS}/alert-rules/jobs", {"measure": "failed_jobs"}).status == 200
    page.emulate_media(color_scheme="dark" if theme == "dark" else "light")

    found: list[str] = []
    for address in ("#/overview", "#/overview/server", "#/alerts", "#/activity"):
        page.goto(f"{server.url}/{address}")
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        expect(page.get_by_role("table").first).to_be_visible()
        found += [f"{address}: {each}" for each in axe.serious(page)]

    assert found == []
