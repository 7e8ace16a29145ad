"""Permanent deletion with its preview on the pages of objects, and the trash."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from support.client import Api
from support.pages import axe
from support.processes.servers import Server
from trackside.endpoints.request_log import files
from ui.test_models import forget_answers, register

OURS = "/api/trackside/v1"
DAY_MS = 86_400_000


def filled_run(api: Api, name: str = "swift-fox") -> str:
    """A run with 100 points of `loss`, a param and two files of 1000 bytes."""
    run_id = api.new_run(run_name=name)
    points = [{"key": "loss", "value": 1 / (step + 1), "timestamp": step, "step": step} for step in range(100)]
    api.post("runs/log-batch", run_id=run_id, metrics=points, params=[{"key": "lr", "value": "0.1"}])
    path = api.run(run_id)["info"]["artifact_uri"].removeprefix("mlflow-artifacts:/")
    for file in ("model/weights.bin", "note.txt"):
        api.ask("PUT", f"/api/2.0/mlflow-artifacts/artifacts/{path}/{file}", b"x" * 1000)
    return run_id


def steps(api: Api, run_id: str) -> list[int]:
    found: Any = api.get("metrics/get-history", run_id=run_id, metric_key="loss").get("metrics", [])
    return [int(each["step"]) for each in found]


def menu(page: Page, item: str) -> None:
    page.get_by_role("button", name="More actions").click()
    page.get_by_role("menuitem", name=item).click()


def delete(page: Page) -> None:
    page.get_by_role("dialog").get_by_role("button", name=re.compile("^Delete permanently")).click()


def test_a_run_is_deleted_after_a_preview_with_counts_and_bytes(server: Server, page: Page) -> None:
    run_id = filled_run(server.api)

    page.goto(f"{server.url}/#/experiments/0/runs/{run_id}")
    menu(page, "Delete permanently")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("100 points of metrics")
    expect(dialog).to_contain_text("2 files")
    expect(dialog).to_contain_text("1.95 KiB of files")
    assert axe.serious(page) == []
    delete(page)

    expect(page.get_by_text("Deleted the run swift-fox: freed")).to_be_visible()
    assert server.api.ask("GET", f"runs/get?run_id={run_id}").status == 404


@pytest.mark.slow
def test_steps_of_a_metric_and_a_param_and_a_folder_are_deleted(server: Server, page: Page) -> None:
    run_id = filled_run(server.api)

    page.goto(f"{server.url}/#/experiments/0/runs/{run_id}")
    page.get_by_role("button", name="Delete the metric loss").click()
    page.get_by_label("Some steps").check()
    page.get_by_label("From step").fill("20")
    page.get_by_label("To step").fill("10")
    expect(page.get_by_role("alert")).to_contain_text("the first must not exceed the second")
    page.get_by_label("To step").fill("79")
    expect(page.get_by_role("dialog")).to_contain_text("60 points of metrics")
    delete(page)
    expect(page.get_by_text("Deleted the metric loss: freed")).to_be_visible()
    assert steps(server.api, run_id) == [*range(20), *range(80, 100)]

    page.get_by_role("button", name="Delete the param lr").click()
    delete(page)
    expect(page.get_by_text("No params logged")).to_be_visible()

    page.goto(f"{server.url}/#/experiments/0/runs/{run_id}/artifacts/model")
    page.get_by_role("button", name="Delete…").click()
    expect(page.get_by_role("dialog")).to_contain_text("1 file")
    delete(page)
    expect(page.get_by_role("navigation", name="Files").get_by_role("link", name="note.txt")).to_be_visible()
    expect(page.get_by_role("link", name="model", exact=True)).to_have_count(0)


@pytest.mark.slow
def test_obstacles_are_shown_and_the_deletion_is_disabled(server: Server, page: Page) -> None:
    run_id = register(server.api)
    server.api.post("registered-models/alias", {"name": "churn", "alias": "best", "version": "1"})
    server.api.post("runs/set-tag", run_id=run_id, key="trackside.protected", value="paper of May")

    page.goto(f"{server.url}/#/experiments/0/runs/{run_id}")
    menu(page, "Delete permanently")
    expect(page.get_by_role("alert")).to_contain_text("trackside.protected")
    expect(page.get_by_role("alert")).to_contain_text("churn")
    assert axe.serious(page) == []
    expect(page.get_by_role("dialog").get_by_role("button", name=re.compile("^Delete permanently"))).to_have_count(0)

    page.goto(f"{server.url}/#/models/churn/versions/1")
    menu(page, "Delete permanently")
    expect(page.get_by_role("alert")).to_contain_text("@best")


@pytest.mark.slow
def test_an_outdated_preview_is_refused_and_read_again(server: Server, page: Page, console: list[str]) -> None:
    run_id = filled_run(server.api)
    page.goto(f"{server.url}/#/experiments/0/runs/{run_id}")
    menu(page, "Delete permanently")
    expect(page.get_by_role("dialog")).to_contain_text("100 points")
    server.api.post("runs/log-metric", run_id=run_id, key="loss", value=1, timestamp=1000, step=100)

    delete(page)
    expect(page.get_by_role("dialog")).to_contain_text("Something changed")
    expect(page.get_by_role("dialog")).to_contain_text("101 points")
    delete(page)

    expect(page.get_by_text("Deleted the run swift-fox")).to_be_visible()
    forget_answers(console)


@pytest.mark.slow
def test_the_trash_restores_and_deletes_for_good(server: Server, page: Page) -> None:
    kept, gone = filled_run(server.api, "kept"), filled_run(server.api, "gone")
    experiment_id = server.api.new_experiment("old")
    for run_id in (kept, gone):
        server.api.post("runs/delete", run_id=run_id)
    server.api.post("experiments/delete", experiment_id=experiment_id)

    page.goto(server.url)
    page.get_by_role("link", name="Trash").click()
    expect(page.get_by_role("row")).to_have_count(4)
    assert axe.serious(page) == []
    page.get_by_label("Select kept").check()
    page.get_by_role("button", name="Restore").click()
    expect(page.get_by_role("row")).to_have_count(3)
    assert server.api.run(kept)["info"]["lifecycle_stage"] == "active"

    page.get_by_role("link", name="Runs", exact=True).click()
    expect(page.get_by_role("row")).to_have_count(2)
    page.get_by_role("link", name="All", exact=True).click()
    menu(page, "Empty the trash")
    expect(page.get_by_role("dialog")).to_contain_text("1 run")
    page.get_by_label("Type delete to delete it").fill("delete")
    delete(page)

    expect(page.get_by_text("The trash is empty")).to_be_visible()
    assert server.api.ask("GET", f"runs/get?run_id={gone}").status == 404
    assert server.api.ask("GET", f"experiments/get?experiment_id={experiment_id}").status == 404


@pytest.mark.slow
def test_deleting_an_experiment_needs_its_name_to_be_typed(server: Server, page: Page) -> None:
    experiment_id = server.api.new_experiment("churn")
    server.api.new_run(experiment_id)

    page.goto(server.url)
    page.get_by_role("button", name="Actions of churn").click()
    page.get_by_role("menuitem", name="Delete permanently").click()
    button = page.get_by_role("dialog").get_by_role("button", name=re.compile("^Delete permanently"))
    expect(button).to_be_disabled()
    page.get_by_label("Type churn to delete it").fill("churn")
    button.click()

    expect(page.get_by_role("link", name="churn")).to_have_count(0)
    assert server.api.ask("GET", f"experiments/get?experiment_id={experiment_id}").status == 404


@pytest.mark.slow
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_no_serious_problem_in_a_dialog(server: Server, page: Page, theme: str) -> None:
    run_id = filled_run(server.api)
    page.emulate_media(color_scheme="dark" if theme == "dark" else "light")

    page.goto(f"{server.url}/#/experiments/0/runs/{run_id}")
    menu(page, "Delete permanently")

    expect(page.get_by_role("dialog")).to_contain_text("100 points")
    assert axe.serious(page) == []


@pytest.mark.slow
def test_requests_of_a_day_and_a_monitor_are_deleted_after_previews(server: Server, page: Page) -> None:
    api = server.api
    register(api)
    api.post(f"{OURS}/endpoints", name="adder", auth_mode="none", model_uri="models:/churn/1")
    place = files.place(server.data / "endpoints" / "requests", 1)
    for day in range(9):
        path = place.parquet(day * DAY_MS, "w-1-1")
        path.parent.mkdir(parents=True)
        path.write_bytes(b"x" * 2048)
    body = {"name": "watch", "target": {"endpoint": "adder"}, "baseline": {"past_windows": 7}, "window": "day"}
    api.ask("POST", f"{OURS}/drift-monitors", body)

    page.goto(f"{server.url}/#/endpoints/adder")
    days = page.get_by_role("region", name="Requests by day")
    expect(days.get_by_role("row")).to_have_count(8)
    page.get_by_role("button", name="Show all 9 days").click()
    days.get_by_role("button", name="Delete the requests of 1970-01-02").click()
    expect(page.get_by_role("dialog")).to_contain_text("2.00 KiB of files")
    assert axe.serious(page) == []
    delete(page)
    expect(page.get_by_text("Deleted the requests of 1970-01-02 to adder: freed 2.00 KiB")).to_be_visible()
    expect(days.get_by_role("row")).to_have_count(9)
    assert [each.day for each in place.all()] == ["1970-01-01", *(f"1970-01-0{day}" for day in range(3, 10))]

    page.goto(f"{server.url}/#/drift/watch")
    menu(page, "Delete permanently")
    page.get_by_label("Type watch to delete it").fill("watch")
    delete(page)
    expect(page.get_by_text("No monitors yet")).to_be_visible()


@pytest.mark.slow
def test_the_log_of_a_link_is_deleted_after_its_preview(start: Callable[..., Server], page: Page) -> None:
    here = start()
    there = {"name": "twin", "to": "http://127.0.0.1:9", "kind": "mlflow", "mode": "push"}
    here.api.post(f"{OURS}/links", **there)
    here.api.new_run()

    page.goto(f"{here.url}/#/links/twin")
    page.get_by_role("button", name="Delete the log…").click(timeout=60_000)
    here.api.post(f"{OURS}/links/twin/pause")
    expect(page.get_by_role("dialog")).to_contain_text("the link stays")
    assert axe.serious(page) == []
    delete(page)

    expect(page.get_by_text("Deleted the log of twin")).to_be_visible()
    expect(page.get_by_text("No conflicts, refusals or errors")).to_be_visible()


@pytest.mark.slow
def test_a_webhook_an_alert_rule_and_a_dataset_input_are_deleted_after_their_previews(
    server: Server, page: Page, console: list[str]
) -> None:
    api = server.api
    hook = {"name": "chat", "url": "https://example.com/x", "events": ["registered_model.created"]}
    webhook_id = api.post(f"{OURS}/webhooks", hook)["webhook"]["webhook_id"]
    rule = {"measure": "events", "target": "run.failed", "above": 0, "window_s": 600}
    api.ask("PUT", f"{OURS}/alert-rules/failures", rule)
    run_id = api.new_run("0")
    dataset = {"name": "iris", "digest": "a1", "source_type": "http", "source": "{}"}
    api.post("runs/log-inputs", run_id=run_id, datasets=[{"dataset": dataset}])
    dialog = page.get_by_role("dialog")

    page.goto(f"{server.url}/#/webhooks/{webhook_id}")
    menu(page, "Delete permanently")
    expect(dialog).to_contain_text("what was sent stays with the receiver")
    delete(page)
    expect(page.get_by_text("Deleted the webhook chat")).to_be_visible()

    page.goto(f"{server.url}/#/alerts")
    page.get_by_role("button", name="Delete failures").click()
    expect(dialog).to_contain_text("1 alert rule")
    expect(dialog).not_to_contain_text("cannot be undone")
    delete(page)
    expect(page.get_by_role("row", name=re.compile("failures"))).to_have_count(0)
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("row", name=re.compile("failures"))).to_have_count(1)

    page.goto(f"{server.url}/#/experiments/0/runs/{run_id}")
    page.get_by_role("button", name="Delete the dataset input iris").click()
    expect(dialog).to_contain_text("the data of the dataset stays where it is")
    assert axe.serious(page) == []
    delete(page)
    expect(page.get_by_text("No datasets", exact=False)).to_be_visible()
    assert api.run(run_id).get("inputs", {}).get("dataset_inputs", []) == []
    forget_answers(console)
