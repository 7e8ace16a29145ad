"""Hostile text in each field that a client can set: it is shown as text on every page, and nothing of it runs."""

import json
from urllib.parse import quote

import pytest
from playwright.sync_api import Dialog, Page, expect

from support.client import Api
from support.processes.servers import Server

ATTACK = "<img src=x onerror=alert(1)>\"'`{{7*7}}${7*7}<script>alert(2)</script>\u202e"
LINK = "javascript:alert(3)"
OURS = "/api/trackside/v1"


def fill(api: Api) -> tuple[str, str]:
    """An experiment, a run, a model, a version, a view, tags, a note, a dataset and a source whose texts are attacks."""
    experiment_id = api.new_experiment(f"e {ATTACK}")
    api.post("experiments/set-experiment-tag", experiment_id=experiment_id, key="team", value=ATTACK)
    tags = {
        "mlflow.source.name": LINK, "mlflow.source.git.repoURL": LINK, "mlflow.source.git.commit": ATTACK,
        "mlflow.note.content": f"[x]({LINK}) {ATTACK}", "mlflow.databricks.webappURL": LINK, "mlflow.user": ATTACK,
        "mlflow.databricks.notebookPath": ATTACK, "mlflow.databricks.workspaceURL": LINK, "own": ATTACK,
    }  # fmt: skip
    run_id = api.new_run(
        experiment_id,
        run_name=f"r {ATTACK}",
        user_id=ATTACK,
        start_time=1,
        tags=[{"key": key, "value": value} for key, value in tags.items()],
    )
    # Keys of metrics and params take fewer signs; values take all.
    api.post("runs/log-metric", run_id=run_id, key="m -_./ alert", value=1.5, timestamp=1, step=1)
    api.post("runs/log-parameter", run_id=run_id, key="p -_./ alert", value=ATTACK)
    dataset = {"name": ATTACK, "digest": "d", "source_type": ATTACK, "source": LINK, "schema": ATTACK}
    api.post(
        "runs/log-inputs", run_id=run_id, datasets=[{"dataset": dataset, "tags": [{"key": ATTACK, "value": ATTACK}]}]
    )
    api.post("registered-models/create", name=f"m {ATTACK.replace('/', '')}", description=f"[x]({LINK}) {ATTACK}")
    source = f"{api.run(run_id)['info']['artifact_uri']}/model"
    name = f"m {ATTACK.replace('/', '')}"
    api.post("model-versions/create", name=name, source=source, run_id=run_id, description=f"[x]({LINK}) {ATTACK}")
    api.post("registered-models/set-tag", name=name, key="owner", value=ATTACK)
    return experiment_id, run_id


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_hostile_text_of_clients_is_shown_as_text_on_every_page(server: Server, page: Page, console: list[str]) -> None:
    said: list[str] = []

    def note(dialog: Dialog) -> None:
        said.append(dialog.message)
        dialog.dismiss()

    page.on("dialog", note)
    experiment_id, run_id = fill(server.api)
    model = quote(f"m {ATTACK.replace('/', '')}", safe="")
    run = f"experiments/{experiment_id}/runs/{run_id}"

    for address in (
        "experiments", f"experiments/{experiment_id}", f"experiments/{experiment_id}?show=split",
        f"experiments/{experiment_id}?group=tags.%60own%60", f"experiments/{experiment_id}?q={quote(ATTACK)}",
        f"experiments/{experiment_id}/charts", run, f"{run}/history", f"{run}/links", f"{run}/artifacts/{quote(ATTACK)}",
        f"compare-runs?runs={quote(json.dumps([run_id, run_id[::-1]]))}&experiments=[]", "models", f"models/{model}",
        f"models/{model}/versions/1", f"models/{model}/versions/1/lineage", f"models/{quote(ATTACK, safe='')}",
        f"links/{quote(ATTACK, safe='')}", f"webhooks/{quote(ATTACK, safe='')}", f"no/{quote(ATTACK, safe='')}",
    ):  # fmt: skip
        page.goto(f"{server.url}/#/{address}")
        expect(page.locator("main h1, main h2, main [role=alert]").first).to_be_attached()
        expect(page.get_by_text("Loading", exact=True)).to_have_count(0)
        assert page.locator("main img[src='x'], main script, a[href^='javascript' i]").count() == 0, address
    assert said == []
    console[:] = [told for told in console if "Failed to load resource: the server responded" not in told]
