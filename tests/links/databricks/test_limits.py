"""Values that are too long for a Databricks workspace are skipped and logged once; the rest is sent."""

from urllib.parse import quote

from support.databricks.workspace import TOKEN, Databricks
from support.links import add, log, settle, sync
from support.processes.servers import Server
from support.registry import Registry

LINK = "lakehouse"
LONG = "ü" * 3000  # bytes count there
SHORT = {"key": "short", "value": "v"}
BOTH = [{"key": "long", "value": LONG}, SHORT]


def test_too_long_values_are_skipped_and_the_rest_is_sent(server: Server, databricks: Databricks) -> None:
    here = server.api.new_workspace("north")
    experiment = here.new_experiment("training", tags=BOTH)
    run = here.new_run(experiment, start_time=5)
    here.post("runs/log-batch", run_id=run, tags=BOTH, params=[{"key": "long", "value": LONG + "!"}, SHORT])
    model = here.post("logged-models", experiment_id=experiment, name="m", tags=BOTH)["model"]["info"]["model_id"]
    here.ask("PATCH", f"/api/2.0/mlflow/logged-models/{quote(model)}", {"status": "LOGGED_MODEL_READY"})
    source = f"{here.run(run)['info']['artifact_uri']}/model"
    here.ask("PUT", f"/api/2.0/mlflow-artifacts/artifacts/{source.removeprefix('mlflow-artifacts:/')}/a", b"x")
    registry = Registry(here)
    registry.new_model("iris", tags=BOTH, description="flowers")
    registry.new_version("iris", source=source, run_id=run, tags=BOTH, description="first")
    add(here, LINK, databricks.url, kind="databricks", token=TOKEN, registry=True)
    settle(here, LINK)

    path = "/Shared/trackside/training"
    assert databricks.experiment(path)["tags"] == [SHORT]
    copy = databricks.run_of(run)
    assert (copy["tags"]["short"], "long" in copy["tags"]) == ("v", False)
    assert copy["params"] == {"short": "v"}
    (logged,) = databricks.models.models.values()
    assert (logged["tags"]["short"], "long" in logged["tags"]) == ("v", False)
    assert logged["info"]["status"] == "LOGGED_MODEL_READY"
    for made in (databricks.registry.models["iris"], databricks.registry.versions["iris", "1"]):
        assert (made["tags"]["short"], "long" in made["tags"]) == ("v", False)
    assert databricks.registry.models["iris"]["description"] == "flowers"
    assert databricks.registry.versions["iris", "1"]["description"] == "first"
    said = log(here, LINK)
    assert [entry["kind"] for entry in said] == ["skipped"] * 6
    assert all("does not take the" in entry["message"] and "'long'" in entry["message"] for entry in said)

    sync(here, LINK)
    settle(here, LINK)
    assert log(here, LINK) == said
