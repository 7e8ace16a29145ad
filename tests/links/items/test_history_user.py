"""Changes by a link have its name in the history of every kind of item."""

from support import evaluation_datasets as datasets
from support.client import Api
from support.links import add, settle, until, url_of
from support.processes.servers import Server

KINDS = ("experiment", "run", "logged_model", "registered_model", "model_version", "evaluation_dataset")


def test_changes_that_a_link_makes_carry_its_name(server: Server, here: Api, there: Api) -> None:
    experiment = there.new_experiment("e", tags=[{"key": "team", "value": "blue"}])
    run = there.new_run(experiment, tags=[{"key": "color", "value": "red"}])
    there.post("runs/log-batch", run_id=run, params=[{"key": "p", "value": "1"}])
    there.post("runs/update", run_id=run, status="FINISHED", end_time=5)
    there.post("logged-models", experiment_id=experiment, name="m", source_run_id=run)
    there.post("registered-models/create", name="iris")
    there.post("model-versions/create", name="iris", source="s3://bucket/model")
    datasets.new(there, "cases", experiment_ids=[experiment])

    add(here, "l", url_of(server, "south"), mode="pull", registry=True)
    until(lambda: set(KINDS) <= users(here).keys(), "all kinds to arrive", said=lambda: users(here))
    settle(here, "l")

    assert {kind: users(here)[kind] for kind in KINDS} == {kind: {"link l"} for kind in KINDS}


def users(api: Api) -> dict[str, set[str]]:
    """By kind, in whose name its changes were made; points are announced without a name."""
    found: dict[str, set[str]] = {}
    for each in api.get("/api/trackside/v1/changes", limit=1000).get("changes", []):
        if each["action"] != "log":
            found.setdefault(each["entity"], set()).add(each.get("user", ""))
    return found
