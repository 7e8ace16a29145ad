"""The list of the models that the runs of an experiment logged."""

import json
from typing import Any

import pytest
from playwright.sync_api import Page, ViewportSize, expect

from support.client import Api
from support.pages import axe
from support.processes.servers import Server

pytestmark = pytest.mark.slow

HOSTILE = "<img src=x onerror=alert(1)>"
PHONE: ViewportSize = {"width": 390, "height": 844}


def log_model(api: Api, name: str, run_id: str, params: dict[str, str], metrics: list[dict[str, Any]]) -> str:
    model_id: str = api.post(
        "logged-models",
        experiment_id="0",
        name=name,
        source_run_id=run_id,
        params=[{"key": key, "value": value} for key, value in params.items()],
    )["model"]["info"]["model_id"]
    for each in metrics:
        api.post("runs/log-metric", run_id=run_id, model_id=model_id, timestamp=1, **each)
    return model_id


def test_models_are_listed_with_metrics_by_dataset_found_and_ordered(server: Server, page: Page) -> None:
    api = server.api
    page.goto(f"{server.url}/#/experiments/0")
    page.get_by_role("navigation", name="Layout").get_by_role("link", name="Models").click()
    expect(page.get_by_text("No models logged")).to_be_visible()
    expect(page.get_by_text("mlflow.sklearn.log_model").first).to_be_visible()

    run_id = api.new_run(run_name="swift-fox")
    train = {"dataset_name": "iris", "dataset_digest": "1f"}
    first = log_model(
        api,
        "small",
        run_id,
        {"depth": "2", "seed": "7"},
        [{"key": "acc", "value": 0.5, **train}, {"key": "acc", "value": 0.25}],
    )
    log_model(api, HOSTILE, run_id, {"depth": "9", "seed": "7"}, [{"key": "acc", "value": 0.75, **train}])
    api.post("registered-models/create", name="flowers")
    api.post("model-versions/create", name="flowers", source=f"models:/{first}", model_id=first, run_id=run_id)

    versions = [
        {"name": "flowers", "version": 1},
        {"name": "flowers", "version": "1"},
    ]  # the server's, and the client's
    tags = [{"key": "mlflow.modelVersions", "value": json.dumps(versions)}]
    assert api.ask("PATCH", f"logged-models/{first}/tags", {"tags": tags}).status == 200

    table = page.get_by_role("region", name="Models").get_by_role("row")
    expect(table.first.get_by_role("columnheader")).to_have_text(
        ["Name", "acc", "acc (iris)", "params.depth", "Registered as", "Run", "Created"], timeout=30_000
    )
    page.get_by_role("button", name="acc (iris)").click()
    expect(table.nth(1)).to_contain_text(f"{HOSTILE} –0.75 9")
    page.get_by_role("button", name="acc (iris)").click()
    expect(table.nth(1)).to_contain_text("small 0.250.5 2")
    expect(table.nth(1).get_by_role("link")).to_have_text(["small", "flowers 1", "swift-fox"])

    page.get_by_label("A name, or metrics.acc").or_(page.get_by_role("searchbox")).fill("params.depth = '9'")
    expect(table).to_have_count(2)
    expect(table.nth(1)).to_contain_text(HOSTILE)
    page.get_by_role("searchbox").fill("smal")
    expect(table.nth(1)).to_contain_text("small")
    table.nth(1).get_by_role("link", name="small").click()
    expect(page).to_have_url(f"{server.url}/#/experiments/0/models/{first}")
    expect(page.get_by_role("link", name="flowers 1")).to_have_count(1)
    expect(page.locator("main dl").get_by_role("link", name="swift-fox")).to_be_visible()
    expect(page.get_by_text("mlflow.modelVersions")).to_have_count(0)

    page.get_by_role("button", name="Edit: Note").click()
    page.get_by_label("Note", exact=True).fill("For **small** gardens")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("main strong", has_text="small")).to_be_visible()
    page.get_by_role("button", name="Add tag").click()
    page.get_by_label("Tag", exact=True).fill("owner/team")
    page.get_by_label("Value", exact=True).fill("garden")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("owner/team")).to_be_visible()
    found = api.get(f"logged-models/{first}")["model"]["info"]["tags"]
    assert {"key": "mlflow.note.content", "value": "For **small** gardens"} in found
    page.get_by_role("button", name="Remove tag owner/team").click()
    expect(page.get_by_text("owner/team")).to_have_count(1)  # in the message that offers to undo it
    assert "owner/team" not in str(api.get(f"logged-models/{first}")["model"]["info"]["tags"])
    page.locator("header ol").get_by_role("link", name="Models").click()
    expect(table.nth(1)).to_be_visible()
    expect(page.locator("main img")).to_have_count(0)


@pytest.mark.parametrize(("theme", "language"), [("light", "en"), ("dark", "es")])
def test_the_list_of_models_fits_a_phone_and_axe(server: Server, page: Page, theme: Any, language: str) -> None:
    run_id = server.api.new_run(run_name="r" * 200)
    for number in range(3):
        params = {f"{'p' * 60}_{each}": str(number) for each in range(20)}
        log_model(server.api, "long-" * 30 + str(number), run_id, params, [{"key": "m" * 80, "value": number}])
    page.add_init_script(f"localStorage.setItem('trackside.language', {json.dumps(language)})")
    page.emulate_media(color_scheme=theme)
    page.goto(f"{server.url}/#/experiments/0/models")
    expect(page.locator("main table a").first).to_be_visible()
    assert axe.serious(page) == []
    page.set_viewport_size(PHONE)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
