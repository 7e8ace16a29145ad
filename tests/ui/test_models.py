"""The pages of registered models: list, model, version, comparison, snippets, stages with approval."""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Dialog, Page, expect

from support.client import Api
from support.pages import axe
from support.processes.servers import Server, environment

OURS = "/api/trackside/v1"
MODEL = """
flavors:
  python_function: {loader_module: x, python_version: 3.11.2}
mlflow_version: 3.17.2
signature:
  inputs: '[{"name": "age", "type": "double", "required": true}]'
"""


def register(api: Api, name: str = "churn", versions: int = 1, **about: str) -> str:
    """A model with versions of one run, with a metric and a file `MLmodel`: the id of the run."""
    run_id = api.new_run(run_name="swift-fox")
    api.post("runs/log-metric", run_id=run_id, key="auc", value=0.75, timestamp=1, step=1)
    uri = api.run(run_id)["info"]["artifact_uri"]
    path = uri.removeprefix("mlflow-artifacts:/")
    api.ask("PUT", f"/api/2.0/mlflow-artifacts/artifacts/{path}/model/MLmodel", MODEL.encode())
    api.post("registered-models/create", name=name, **about)
    for _ in range(versions):
        api.post("model-versions/create", name=name, source=f"{uri}/model", run_id=run_id)
    return run_id


def logged_model(api: Api, body: dict[str, Any]) -> str:
    """The id of a logged model with a file `MLmodel`."""
    info = api.ask("POST", "logged-models", body).json["model"]["info"]
    path = info["artifact_uri"].removeprefix("mlflow-artifacts:/")
    api.ask("PUT", f"/api/2.0/mlflow-artifacts/artifacts/{path}/MLmodel", MODEL.encode())
    return str(info["model_id"])


def the_version(api: Api, name: str) -> dict[str, str]:
    """Version 1 of a model."""
    reply = api.ask("GET", "model-versions/get", arguments={"name": name, "version": "1"})
    version: dict[str, str] = reply.json["model_version"]
    return version


def current_stage(api: Api) -> str:
    return the_version(api, "churn")["current_stage"]


@pytest.mark.slow
def test_models_are_found_by_a_part_of_their_name_and_the_search_is_in_the_address(server: Server, page: Page) -> None:
    for name in ("churn", "iris", "it's odd"):
        server.api.post("registered-models/create", name=name)

    page.goto(f"{server.url}/#/models")
    page.get_by_role("searchbox").fill("t's")
    expect(page.get_by_role("row")).to_have_count(2)
    expect(page.get_by_role("link", name="it's odd")).to_be_visible()

    page.reload()
    expect(page.get_by_role("row")).to_have_count(2)
    page.get_by_role("link", name="it's odd").click()
    expect(page.get_by_text("No versions yet")).to_be_visible()


@pytest.mark.slow
def test_a_long_description_does_not_truncate_names_of_models(server: Server, page: Page) -> None:
    name = "recommender-two-towers-production"
    server.api.post("registered-models/create", name=name, description="Ranks items. " * 30)
    server.api.post("registered-models/create", name="churn")

    page.goto(f"{server.url}/#/models")

    for each in (name, "churn"):
        expect(page.get_by_role("link", name=each).locator("bdi")).to_have_text(each)


@pytest.mark.slow
def test_models_are_found_by_what_is_typed_and_sorted_by_their_headers(server: Server, page: Page) -> None:
    for name in ("b_1", "b-1", "c"):
        server.api.post("registered-models/create", name=name)
    links = page.get_by_role("row").get_by_role("link")

    page.goto(f"{server.url}/#/models")
    expect(links).to_have_text(["b-1", "b_1", "c"])
    page.get_by_role("button", name="Name").click()
    expect(links).to_have_text(["c", "b_1", "b-1"])
    page.get_by_role("button", name="Changed").click()
    expect(page.get_by_role("columnheader", name="Changed")).to_have_attribute("aria-sort", "descending")
    page.get_by_role("searchbox").fill("_")

    expect(links).to_have_text(["b_1"])


@pytest.mark.slow
def test_a_search_without_results_offers_to_clear_it(server: Server, page: Page) -> None:
    server.api.post("registered-models/create", name="churn")

    page.goto(f"{server.url}/#/models?q=zebra")
    page.get_by_role("button", name="Show all models").click()

    expect(page.get_by_role("link", name="churn")).to_be_visible()


def test_a_version_shows_its_signature_metrics_run_and_lineage(server: Server, page: Page) -> None:
    register(server.api)

    page.goto(f"{server.url}/#/models/churn/versions/1")

    expect(page.get_by_role("region", name="Inputs").get_by_role("cell", name="age")).to_be_visible()
    expect(page.get_by_role("region", name="Metrics").get_by_role("cell", name="0.75")).to_be_visible()
    page.get_by_role("link", name="Lineage").click()
    page.get_by_role("link", name="swift-fox").click()
    expect(page).to_have_url(re.compile(r"#/experiments/0/runs/\w+$"))
    expect(page.get_by_role("heading", level=1)).to_have_text("swift-fox")


@pytest.mark.slow
def test_an_alias_is_added_and_the_change_undone(server: Server, page: Page) -> None:
    register(server.api)

    page.goto(f"{server.url}/#/models/churn/versions/1")
    page.get_by_role("button", name="Add alias").click()
    page.get_by_role("textbox", name="Alias").fill("champion")
    page.keyboard.press("Enter")
    expect(page.get_by_text("@champion", exact=True)).to_be_visible()
    assert server.api.get("registered-models/alias", name="churn", alias="champion")["model_version"]["version"] == "1"

    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("No alias")).to_be_visible()
    assert server.api.fault("registered-models/alias", method="GET", name="churn", alias="champion")[0] == 400


@pytest.mark.slow
def test_the_version_that_loses_an_alias_is_named_before_and_after(server: Server, page: Page) -> None:
    register(server.api, versions=2)
    server.api.post("registered-models/alias", {"name": "churn", "alias": "champion", "version": "1"})
    page.goto(f"{server.url}/#/models/churn/versions/2")
    page.get_by_role("button", name="Add alias").click()

    page.get_by_role("textbox", name="Alias").fill("@champion")
    expect(page.get_by_text("@champion names version 1 now and moves to this one")).to_be_visible()
    page.keyboard.press("Enter")

    expect(page.get_by_text("@champion moved from version 1 to 2")).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("No alias")).to_be_visible()
    assert server.api.get("registered-models/alias", name="churn", alias="champion")["model_version"]["version"] == "1"


@pytest.mark.slow
def test_an_invalid_alias_is_reported_at_its_field_and_kept(server: Server, page: Page, console: list[str]) -> None:
    register(server.api)

    page.goto(f"{server.url}/#/models/churn/versions/1")
    page.get_by_role("button", name="Add alias").click()
    page.get_by_role("textbox", name="Alias").fill("v1")
    page.keyboard.press("Enter")

    expect(page.get_by_role("alert")).to_contain_text("reserved")
    expect(page.get_by_role("textbox", name="Alias")).to_have_value("v1")
    forget_answers(console)


@pytest.mark.slow
def test_a_stage_with_approval_is_requested_and_approved_by_another_user(server: Server, page: Page) -> None:
    register(server.api)
    stages = [
        {"name": "None"}, {"name": "Staging"}, {"name": "Production", "needs_approval": True}, {"name": "Archived"}
    ]  # fmt: skip
    assert server.api.ask("PUT", f"{OURS}/registry/stages", {"stages": stages}).status == 200

    page.goto(f"{server.url}/#/models/churn/versions/1")
    page.get_by_role("button", name="Change stage").click()
    page.get_by_label("Stage", exact=True).select_option("Production")
    page.get_by_label("Comment").fill("It beats version 0.")
    page.get_by_role("button", name="Request approval").click()
    page.get_by_role("link", name=re.compile("Requests")).click()
    expect(page.get_by_text("It beats version 0.")).to_be_visible()
    page.get_by_role("button", name="Approve").click()

    expect(page.get_by_text("Approved", exact=True)).to_be_visible()
    expect(page.locator("header").get_by_text("Production")).to_be_visible()
    page.get_by_role("link", name="History").click()
    expect(page.get_by_role("cell", name="Moved version 1 from None to Production")).to_be_visible()


@pytest.mark.slow
def test_a_change_of_stage_can_be_undone(server: Server, page: Page) -> None:
    register(server.api)

    page.goto(f"{server.url}/#/models/churn/versions/1")
    page.get_by_role("button", name="Change stage").click()
    page.get_by_label("Stage", exact=True).select_option("Staging")
    page.get_by_role("dialog").get_by_role("button", name="Change the stage").click()
    expect(page.get_by_text("Moved version 1 to Staging")).to_be_visible()
    page.get_by_role("button", name="Undo").click()

    expect(page.locator("main").get_by_text("Staging", exact=True)).to_have_count(0)
    assert current_stage(server.api) == "None"


@pytest.mark.slow
def test_two_versions_are_compared(server: Server, page: Page) -> None:
    register(server.api, versions=2)
    server.api.post("model-versions/set-tag", {"name": "churn", "version": "2", "key": "data", "value": "2026"})

    page.goto(f"{server.url}/#/models/churn")
    for version in ("1", "2"):
        page.get_by_label(f"Choose version {version} for a comparison").check()
    page.get_by_role("button", name="Compare versions").click()

    row = page.get_by_role("region", name="Tags").get_by_role("row").nth(1)
    expect(row.get_by_role("cell")).to_have_text(["data", "\u2013", "2026"])
    expect(page.get_by_role("region", name="Metrics")).to_have_count(0)
    page.get_by_label("Differences only").uncheck()
    expect(page.get_by_role("region", name="Metrics").get_by_role("cell", name="auc")).to_be_visible()


@pytest.mark.slow
def test_a_model_is_deleted_by_typing_its_name(server: Server, page: Page) -> None:
    register(server.api)

    page.goto(f"{server.url}/#/models/churn")
    page.get_by_role("button", name="More actions").click()
    page.get_by_role("menuitem", name="Delete permanently").click()
    button = page.get_by_role("dialog").get_by_role("button", name="Delete permanently")
    expect(button).to_be_disabled()
    page.get_by_label("Type churn to delete it").fill("churn")
    button.click()

    expect(page.get_by_text("No registered models yet")).to_be_visible()
    assert server.api.fault("registered-models/get", method="GET", name="churn")[0] == 404


@pytest.mark.slow
def test_a_missing_model_and_a_missing_version_are_reported(server: Server, page: Page, console: list[str]) -> None:
    register(server.api)

    page.goto(f"{server.url}/#/models/zebra")
    expect(page.get_by_text("There is no model zebra")).to_be_visible()
    page.goto(f"{server.url}/#/models/churn/versions/99")
    expect(page.get_by_text("There is no version 99 of churn")).to_be_visible()
    page.get_by_role("link", name="To churn").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("churn")
    forget_answers(console)


@pytest.mark.slow
def test_names_and_texts_of_clients_are_never_executed(server: Server, page: Page) -> None:
    attack = "<img src=x onerror=alert(1)>"
    name = f"{attack} \u202e'\""
    register(server.api, name, description=f"{attack} [x](javascript:alert(1)) <b onclick=alert(1)>b</b>")
    server.api.post("registered-models/set-tag", name=name, key="t", value=attack)
    dialogs: list[str] = []

    def note(dialog: Dialog) -> None:
        dialogs.append(dialog.message)
        dialog.dismiss()

    page.on("dialog", note)

    page.goto(f"{server.url}/#/models")
    page.get_by_role("link", name=attack).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(attack)
    expect(page.locator("main img")).to_have_count(0)
    expect(page.locator("main a[href^='javascript']")).to_have_count(0)
    page.get_by_role("link", name="1", exact=True).click()
    expect(page.get_by_role("button", name="Change stage")).to_be_visible()
    assert not dialogs


def forget_answers(console: list[str]) -> None:
    """Chromium writes each answer with a status of 400 or more to the console."""
    console[:] = [said for said in console if "Failed to load resource: the server responded" not in said]


@pytest.mark.slow
def test_the_snippets_of_an_empty_page_and_of_a_version_work_when_pasted(
    start: Callable[..., Server], page: Page, tmp_path: Path
) -> None:
    server = start("--model-python", sys.executable)
    page.goto(f"{server.url}/#/models")
    run_code(page.locator("pre").inner_text(), tmp_path)
    expect(page.get_by_role("link", name="my-first-model")).to_be_visible()

    page.goto(f"{server.url}/#/models/my-first-model/versions/1")
    expect(page.get_by_role("region", name="Load")).to_be_visible()
    for name in ("Load", "Score"):
        run_code(page.get_by_role("region", name=name, exact=True).inner_text(), tmp_path)

    deploy = page.get_by_role("region", name="Deploy", exact=True).inner_text()
    run(["bash", "-c", deploy], tmp_path)
    (endpoint,) = server.api.ask("GET", f"{OURS}/endpoints").json["endpoints"]
    assert (endpoint["name"], endpoint["state"]) == ("my-first-model", "Healthy")


def run_code(text: str, folder: Path) -> None:
    run([sys.executable, "-W", "ignore", "-c", text], folder)


def run(words: list[str], folder: Path) -> None:
    done = subprocess.run(
        words,
        cwd=folder,
        env=environment(PATH=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]


@pytest.mark.slow
def test_the_files_of_a_version_are_browsed_on_its_page(server: Server, page: Page) -> None:
    register(server.api)

    page.goto(f"{server.url}/#/models/churn/versions/1/artifacts/MLmodel")

    expect(page.get_by_text("loader_module")).to_be_visible()
    expect(page.get_by_role("link", name="Download", exact=True)).to_have_attribute(
        "href", re.compile("model%2FMLmodel")
    )


@pytest.mark.slow
def test_a_logged_model_has_the_page_that_mlflow_links_to(server: Server, page: Page) -> None:
    body = {"experiment_id": "0", "name": "boosted", "params": [{"key": "depth", "value": "3"}]}
    model_id = logged_model(server.api, body)

    page.goto(f"{server.url}/#/experiments/0/models/{model_id}")
    expect(page.get_by_role("heading", level=1)).to_have_text("boosted")
    expect(page.get_by_role("row", name="depth 3")).to_be_visible()
    page.get_by_role("link", name="Artifacts").click()
    page.get_by_role("link", name="MLmodel").first.click()
    expect(page.get_by_text("loader_module")).to_be_visible()


@pytest.mark.slow
def test_the_folder_of_a_model_is_registered_under_a_new_name_and_then_again(server: Server, page: Page) -> None:
    run_id = register(server.api, "churn", versions=0)
    folder = f"{server.url}/#/experiments/0/runs/{run_id}/artifacts/model"

    page.goto(folder)
    page.get_by_role("button", name="Register model").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Model", exact=True).fill("fraud")
    expect(dialog.get_by_text("A new model")).to_be_visible()
    dialog.get_by_role("button", name="Register").last.click()
    expect(page).to_have_url(re.compile(r"#/models/fraud/versions/1$"))

    page.goto(folder)
    page.get_by_role("button", name="Register model").click()
    dialog.get_by_label("Model", exact=True).fill("churn")
    expect(dialog.get_by_text("A new version of churn")).to_be_visible()
    dialog.get_by_role("button", name="Register").last.click()
    expect(page).to_have_url(re.compile(r"#/models/churn/versions/1$"))

    found = the_version(server.api, "fraud")
    assert (found["run_id"], found["source"].endswith(f"/{run_id}/artifacts/model")) == (run_id, True)


@pytest.mark.slow
def test_a_logged_model_is_registered_on_its_page(server: Server, page: Page) -> None:
    model_id = logged_model(server.api, {"experiment_id": "0", "name": "boosted"})

    page.goto(f"{server.url}/#/experiments/0/models/{model_id}")
    page.get_by_role("button", name="Register model").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Register").last.click()  # under the name that it has
    expect(page).to_have_url(re.compile(r"#/models/boosted/versions/1$"))
    page.goto(f"{server.url}/#/experiments/0/models/{model_id}")

    expect(page.get_by_role("link", name="boosted 1")).to_be_visible()
    assert the_version(server.api, "boosted")["source"] == f"models:/{model_id}"


@pytest.mark.slow
def test_a_model_is_registered_on_the_page_of_models_and_gets_further_versions(server: Server, page: Page) -> None:
    run_id = register(server.api, versions=0)
    model_id = logged_model(server.api, {"experiment_id": "0", "name": "boosted"})
    dialog = page.get_by_role("dialog")

    page.goto(f"{server.url}/#/models")
    page.get_by_role("button", name="Register model").click()
    expect(dialog.get_by_label("Model", exact=True)).to_have_value("boosted")
    dialog.get_by_role("button", name="Register").click()
    expect(page).to_have_url(re.compile(r"#/models/boosted/versions/1$"))
    page.goto(f"{server.url}/#/models/boosted")
    page.get_by_role("button", name="New version").click()
    dialog.get_by_label("Version from").select_option("A URI")
    dialog.get_by_label("URI", exact=True).fill(f"runs:/{run_id}/model")
    dialog.get_by_role("button", name="Register").click()
    expect(page).to_have_url(re.compile(r"#/models/boosted/versions/2$"))
    page.goto(f"{server.url}/#/models")
    page.get_by_role("button", name="Register model").click()
    dialog.get_by_label("Version from").select_option("No version yet")
    dialog.get_by_label("Model", exact=True).fill("boosted")
    expect(dialog.get_by_text("exists already")).to_be_visible()
    dialog.get_by_label("Model", exact=True).fill("later")
    dialog.get_by_role("button", name="Register").click()

    expect(page).to_have_url(re.compile(r"#/models/later$"))
    expect(page.get_by_text("No versions yet")).to_be_visible()
    assert the_version(server.api, "boosted")["source"] == f"models:/{model_id}"


@pytest.mark.slow
def test_the_models_of_a_run_are_registered_on_its_page(server: Server, page: Page) -> None:
    run_id = register(server.api, versions=0)
    history = '[{"artifact_path": "model"}, {"artifact_path": "model/second"}]'
    server.api.post("runs/set-tag", run_id=run_id, key="mlflow.log-model.history", value=history)

    page.goto(f"{server.url}/#/experiments/0/runs/{run_id}")
    page.get_by_role("button", name="Register model").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_label("Version from")).to_have_value("0")
    dialog.get_by_label("Version from").select_option("model")
    dialog.get_by_label("Model", exact=True).fill("fraud")
    dialog.get_by_role("button", name="Register").click()

    expect(page).to_have_url(re.compile(r"#/models/fraud/versions/1$"))
    assert the_version(server.api, "fraud")["source"].endswith(f"/{run_id}/artifacts/model")


def register_prompt(api: Api, *texts: str, kind: str = "text") -> None:
    """The prompt `summarise` with a version for each text, as MLflow's clients make it."""
    mark = {"key": "mlflow.prompt.is_prompt", "value": "true"}
    api.post("registered-models/create", name="summarise", tags=[mark])
    for text in texts:
        tags = [mark, {"key": "mlflow.prompt.text", "value": text}, {"key": "_mlflow_prompt_type", "value": kind}]
        api.post("model-versions/create", name="summarise", source="dummy-source", tags=tags)


@pytest.mark.slow
def test_prompts_have_a_list_and_show_their_text(server: Server, page: Page) -> None:
    server.api.post("registered-models/create", name="churn")
    text = '[{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Sum {{ text }} up."}]'
    register_prompt(server.api, text, kind="chat")

    page.goto(f"{server.url}/#/models")
    expect(page.get_by_role("link", name="churn")).to_be_visible()
    expect(page.get_by_role("link", name="summarise")).to_have_count(0)
    page.get_by_role("link", name="Prompts").click()
    page.get_by_role("link", name="summarise").click()
    page.get_by_role("link", name="1", exact=True).click()

    expect(page.get_by_text("Sum {{ text }} up.", exact=True)).to_be_visible()
    expect(page.get_by_text('mlflow.genai.load_prompt("prompts:/summarise/1")')).to_be_visible()
    expect(page.get_by_role("button", name="Deploy")).to_have_count(0)
    expect(page.locator("mark")).to_have_text(["{{ text }}"])
    expect(page.get_by_role("button", name="Copy text of the prompt")).to_be_visible()


@pytest.mark.slow
def test_two_versions_of_a_prompt_are_compared_as_text(server: Server, page: Page) -> None:
    attack = "<img src=x onerror=alert(1)> stays.\n"
    first, second = "Sum {{ text }} up in {{ n }} lines.", "Sum {{ text }} up in {{ n }} short lines."
    register_prompt(server.api, f"{attack}{first}", f"{attack}{second}", f"{attack}{second}")

    page.goto(f"{server.url}/#/models/summarise")
    for version in ("1", "2"):
        page.get_by_label(f"Choose version {version} for a comparison").check()
    page.get_by_role("button", name="Compare versions").click()
    lines = page.get_by_role("region", name="Text differences").locator("p")
    expect(lines).to_contain_text([attack.strip(), f"removed {first}", f"added {second}"])
    expect(lines.locator("mark")).to_have_text([" short"])
    expect(page.locator("main img")).to_have_count(0)
    assert axe.serious(page) == []

    page.get_by_label("Version on the left").select_option("3")
    expect(page).to_have_url(re.compile("#/models/summarise/compare/3/2$"))
    expect(page.get_by_text("The texts are the same")).to_be_visible()
    page.get_by_role("link", name="Open version 3").click()
    page.get_by_role("button", name="Compare with the previous version").click()
    expect(page).to_have_url(re.compile("#/models/summarise/compare/2/3$"))
