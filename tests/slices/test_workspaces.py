"""Workspaces: creation, addressing and deletion; on both databases."""

import json
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from msgspec import structs

from support.client import Api, Inside
from support.registry import Registry
from trackside import app
from trackside.core.errors import Invalid
from trackside.core.settings import Settings
from trackside.opening import open_database
from trackside.registry import uses
from trackside.workspaces import model, store
from trackside.workspaces.service import Directory

OURS = "/api/trackside/v1/workspaces"
OURS_BASE = "/api/trackside/v1"
STAGES = [{"name": name, "needs_approval": False} for name in ("None", "Staging", "QA", "Production", "Archived")]
DATASETS = (
    *("evaluation_datasets", "evaluation_dataset_tags", "evaluation_dataset_experiments"),
    "evaluation_dataset_records",
)
NIL = "00000000-0000-0000-0000-000000000000"


def names(api: Api) -> list[str]:
    return [each["name"] for each in api.get("workspaces", version="3.0")["workspaces"]]


def delete(api: Api, name: str, mode: str | None = None) -> tuple[int, bytes]:
    reply = api.ask("DELETE", f"workspaces/{name}", {} if mode is None else {"mode": mode}, version="3.0")
    return reply.status, reply.body


def experiment_names(api: Api) -> set[str]:
    found = api.post("experiments/search", max_results=100, view_type="ALL").get("experiments", [])
    return {each["name"] for each in found}


def test_a_new_store_has_the_default_workspace(api: Api) -> None:
    assert names(api) == ["default"]
    (ours,) = api.get(OURS)["workspaces"]
    assert ours["id"] == (
        f"/subscriptions/{NIL}/resourceGroups/default/providers/Microsoft.MachineLearningServices/workspaces/default"
    )


def test_a_workspace_begins_with_a_default_experiment(api: Api) -> None:
    north = api.new_workspace("north")

    experiment = north.get("experiments/get", experiment_id="0")["experiment"]

    assert (experiment["name"], experiment["workspace"]) == ("Default", "north")
    assert experiment["artifact_location"] == "mlflow-artifacts:/workspaces/north/0"
    assert north.run(north.new_run())["info"]["experiment_id"] == "0"


def test_workspaces_may_use_the_same_names_and_share_nothing(api: Api) -> None:
    north, south = api.new_workspace("north"), api.new_workspace("south")
    made = {each.new_experiment("iris") for each in (api, north, south)}

    assert len(made) == 3  # ids are unique in the store, so that a folder named after one is too
    for each in (api, north, south):
        assert experiment_names(each) == {"Default", "iris"}
    run_id = north.new_run()
    assert south.fault("runs/get", method="GET", run_id=run_id)[0] == 404
    assert api.fault("runs/get", method="GET", run_id=run_id)[0] == 404


@pytest.fixture
def api_with_roots(chosen: Settings) -> Iterator[Api]:
    application = app.build(structs.replace(chosen, allowed_artifact_roots=("s3://bucket",)))
    inside = Inside(application.asgi)
    yield Api(inside)
    inside.close()
    application.close()


@pytest.mark.both
def test_a_workspace_has_its_own_artifact_root_if_the_operator_allows_it(api_with_roots: Api) -> None:
    north = api_with_roots.new_workspace("north", default_artifact_root="s3://bucket/north/")

    made = north.new_experiment("e")

    location = north.get("experiments/get", experiment_id=made)["experiment"]["artifact_location"]
    assert location == f"s3://bucket/north/{made}"
    for root in ("s3://bucket/north", "s3://bucket/north/0", "s3://bucket", "S3://bucket/north", "s3://others/north"):
        assert api_with_roots.fault("workspaces", name="south", default_artifact_root=root, version="3.0")[0] == 400
    assert north.ask("DELETE", "/api/3.0/mlflow/workspaces/north?mode=CASCADE").status == 204
    assert (
        api_with_roots.fault("workspaces", name="south", default_artifact_root="s3://bucket/north", version="3.0")[0]
        == 400
    )


def test_a_name_is_one_segment_of_a_path(api: Api, subtests: pytest.Subtests) -> None:
    refused = ["", "a", "x" * 64, "-ab", "a b", "a/b", "ä-b", "api", "workspaces", "default", "Default", "a\0b"]

    for name in refused:
        with subtests.test(name=name):
            assert api.fault("workspaces", name=name, version="3.0")[:2] == (400, "INVALID_PARAMETER_VALUE")
            assert names(api) == ["default"]


@pytest.mark.both
def test_a_name_is_taken_once(api: Api) -> None:
    api.new_workspace("north")

    assert api.fault("workspaces", name="north", version="3.0")[:2] == (400, "RESOURCE_ALREADY_EXISTS")


def test_an_invalid_artifact_root_is_refused(sqlite_api: Api, subtests: pytest.Subtests) -> None:
    roots = [
        "folder",
        "./folder",
        "/a/../b",
        "s3://bucket/a/../b",
        "file://host/x",
        "s3://bucket/x?y=1",
        "runs:/1",
        "a\0b",
    ]

    api = sqlite_api
    api.new_workspace("south")

    for root in roots:
        with subtests.test(root=root):
            status, code, _ = api.fault("workspaces", name="north", default_artifact_root=root, version="3.0")
            assert (status, code) == (400, "INVALID_PARAMETER_VALUE")
            assert api.fault("workspaces/south", method="PATCH", version="3.0", default_artifact_root=root)[0] == 400
            assert names(api) == ["default", "south"]
            assert api.get("workspaces/south", version="3.0")["workspace"] == {"name": "south"}


@pytest.mark.both
def test_a_changed_workspace_is_never_served_from_the_cache(db: Any) -> None:
    directory = Directory(db)
    with db.write(store.DEFAULT_WORKSPACE_ID) as tx:
        store.update(tx, "default", {"description": "new"})
        directory.forget()
        assert directory.resolve(None).description is None  # somebody asks before the commit

    assert directory.resolve(None).description == "new"


def test_every_way_to_address_a_workspace_reaches_the_same_one(api: Api) -> None:
    body = {"name": "north", "subscription_id": "sub-1", "resource_group": "group-1"}
    made = api.post(OURS, body)["workspace"]
    run_id = api.within("north").new_run()
    azure = f"/mlflow/v2.0{made['id']}/api/2.0/mlflow/runs/get"

    for path in (
        "/ws/north/api/2.0/mlflow/runs/get",
        "/ws/north/ajax-api/2.0/mlflow/runs/get",
        azure,
        azure.replace("v2.0", "v1.0").replace("resourceGroups", "resourcegroups"),
    ):
        assert api.get(path, run_id=run_id)["run"]["info"]["run_id"] == run_id, path
    for path in (azure.replace("sub-1", "sub-2"), azure.replace("group-1", "group-2"), azure.replace("north", "south")):
        assert api.fault(path, method="GET", run_id=run_id)[:2] == (404, "RESOURCE_DOES_NOT_EXIST"), path
    assert api.ask("GET", "/api/2.0/mlflow/runs/get", arguments={"run_id": run_id}).status == 404


def test_a_list_by_subscription_and_group_ignores_case(api: Api) -> None:
    body = {"name": "north", "subscription_id": "Sub-1", "resource_group": "Group-1"}
    api.post(OURS, body)
    api.post(OURS, body | {"name": "south", "resource_group": "group-2"})

    def listed(**wanted: str) -> list[str]:
        return [each["name"] for each in api.get(OURS, **wanted).get("workspaces", [])]

    assert listed(subscription_id="sUB-1") == ["north", "south"]
    assert listed(subscription_id="SUB-1", resource_group="GROUP-2") == ["south"]
    assert listed(resource_group="gROUP-1") == ["north"]
    assert listed(subscription_id="sub-2") == []
    assert listed() == ["default", "north", "south"]


def test_a_header_that_contradicts_the_path_is_refused(api: Api) -> None:
    north, _ = api.new_workspace("north"), api.new_workspace("south")
    path = "/ws/south/api/2.0/mlflow/experiments/get"

    assert north.fault(path, method="GET", experiment_id="0")[:2] == (400, "INVALID_PARAMETER_VALUE")
    assert north.get(path.replace("south", "north"), experiment_id="0")["experiment"]["workspace"] == "north"


def test_headers_that_contradict_each_other_are_refused() -> None:
    headers = [(b"x-mlflow-workspace", b"north"), (b"x-mlflow-workspace", b"south")]

    with pytest.raises(Invalid, match="first header names workspace 'north' and the header X-MLFLOW-WORKSPACE 'south'"):
        model.parse_workspace("/health", headers)
    assert model.parse_workspace("/health", headers[:1] * 2)[0] == model.Named("north")


def test_an_unknown_workspace_is_a_404_for_reads_and_writes(api: Api) -> None:
    nowhere = api.within("nowhere")

    assert nowhere.fault("experiments/get", method="GET", experiment_id="0") == (
        404,
        "RESOURCE_DOES_NOT_EXIST",
        "Workspace 'nowhere' not found",
    )
    assert nowhere.fault("runs/create", experiment_id="0")[0] == 404


def test_an_update_changes_what_it_names(api: Api) -> None:
    api.new_workspace("north", description="before")

    made = api.ask("PATCH", f"{OURS}/north", {"friendly_name": "The North", "tags": {"team": "a"}}).json["workspace"]

    assert (made["description"], made["friendly_name"], made["tags"]) == ("before", "The North", {"team": "a"})
    assert api.get("workspaces/north", version="3.0")["workspace"] == {"name": "north", "description": "before"}
    assert api.fault("workspaces/north", method="PATCH", version="3.0")[0] == 400
    assert api.fault("workspaces/south", method="PATCH", version="3.0", description="x")[0] == 404


def test_workspaces_are_listed_by_subscription_and_group(api: Api) -> None:
    for name, subscription, group in (("aa", "s1", "g1"), ("bb", "s1", "g2"), ("cc", "s2", "g1")):
        api.post(OURS, name=name, subscription_id=subscription, resource_group=group)

    def listed(**scope: str) -> list[str]:
        return [each["name"] for each in api.get(OURS, **scope)["workspaces"]]

    assert listed() == ["aa", "bb", "cc", "default"]
    assert listed(subscription_id="s1") == ["aa", "bb"]
    assert listed(subscription_id="s1", resource_group="g2") == ["bb"]


# The end


def fill(api: Api) -> tuple[str, str]:
    """An experiment and a run with something of each kind."""
    experiment = api.new_experiment("iris", tags=[{"key": "k", "value": "v"}])
    run_id = api.new_run(experiment, run_name="r")
    points = [{"key": "m", "value": i, "timestamp": i, "step": i} for i in range(200)]
    api.post("runs/log-batch", run_id=run_id, metrics=points, params=[{"key": "p", "value": "1"}])
    dataset = {"name": "d", "digest": "1", "source_type": "local", "source": "x"}
    api.post("runs/log-inputs", run_id=run_id, datasets=[{"dataset": dataset, "tags": [{"key": "t", "value": "1"}]}])
    api.post("runs/search", experiment_ids=[experiment])  # so that its document is made
    made = api.post("datasets/create", name="qa", experiment_ids=["0", experiment], tags='{"k": "v"}', version="3.0")
    api.post(f"datasets/{made['dataset']['dataset_id']}/records", records='[{"inputs": {"q": 1}}]', version="3.0")
    return experiment, run_id


@pytest.fixture
def rooms(api: Api) -> tuple[Api, Api]:
    """The default workspace and `north`, where something lies."""
    return api, api.new_workspace("north")


def rows_of(application: Any, workspace_id: int) -> dict[str, int]:
    """How many rows a workspace has in each table that it has some in."""
    from trackside.tenants import TABLES

    with application.asgi._database.read(workspace_id) as tx:
        counted = {table: tx.one(f"SELECT COUNT(*) FROM {table} WHERE workspace_id = :ws")[0] for table in TABLES}
    return {table: count for table, count in counted.items() if count}


def test_restrict_refuses_a_workspace_with_contents(rooms: tuple[Api, Api]) -> None:
    api, north = rooms
    _, run_id = fill(north)

    for mode in (None, "RESTRICT"):
        status, body = delete(api, "north", mode)
        assert status == 400
        assert b"because it still holds experiments and runs and evaluation datasets. Delete with mode=CASCADE" in body
    assert north.params(run_id) == {"p": "1"}


@pytest.mark.parametrize(
    ("what", "call"),
    [
        ("logged models", {"path": "logged-models", "experiment_id": "0", "name": "m"}),
        ("registered models", {"path": "registered-models/create", "name": "m"}),
        ("evaluation datasets", {"path": "/api/3.0/mlflow/datasets/create", "name": "m"}),
        (
            "tags of the default experiment",
            {"path": "experiments/set-experiment-tag", "experiment_id": "0", "key": "k", "value": "v"},
        ),
        ("stages of its own", {"method": "PUT", "path": f"{OURS_BASE}/registry/stages", "stages": STAGES}),
        (
            "webhooks",
            {
                "path": f"{OURS_BASE}/webhooks",
                "name": "w",
                "url": "https://203.0.113.9.invalid/",
                "events": ["run.created"],
            },
        ),
        (
            "links",
            {
                "path": f"{OURS_BASE}/links",
                "name": "l",
                "to": "http://127.0.0.1:1/",
                "kind": "mlflow",
                "backfill": "none",
            },
        ),
    ],
)
def test_restrict_counts_everything_that_users_created(rooms: tuple[Api, Api], what: str, call: dict[str, Any]) -> None:
    api, north = rooms
    fields = dict(call)
    made = north.ask(fields.pop("method", "POST"), fields.pop("path"), fields)
    assert made.status < 300, made.body

    status, body = delete(api, "north")

    assert (status, f"because it still holds {what}. Delete with" in body.decode()) == (400, True), body
    assert names(api) == ["default", "north"]
    assert delete(api, "north", "CASCADE") == (204, b"")


@pytest.mark.both
def test_restrict_deletes_an_empty_workspace(rooms: tuple[Api, Api], application: Any) -> None:
    api, north = rooms

    assert delete(api, "north") == (204, b"")

    assert names(api) == ["default"]
    assert north.fault("experiments/get", method="GET", experiment_id="0")[0] == 404
    assert rows_of(application, 2) == {}


def test_cascade_deletes_everything_of_the_workspace_and_nothing_else(rooms: tuple[Api, Api], application: Any) -> None:
    api, north = rooms
    _, kept = fill(api)
    fill(north)
    before = rows_of(application, 1)
    assert {"experiments", "runs", "params", "metric_chunks", "inputs", *DATASETS} <= set(rows_of(application, 2))

    assert delete(api, "north", "CASCADE") == (204, b"")

    assert rows_of(application, 2) == {}
    assert {**rows_of(application, 1), "run_docs": 0} == {**before, "run_docs": 0}
    assert api.params(kept) == {"p": "1"}


def test_cascade_refuses_a_workspace_whose_models_are_in_use(rooms: tuple[Api, Api], chosen: Settings) -> None:
    api, north = rooms
    Registry(north).new_model()
    Registry(north).new_version()
    with closing(open_database(chosen)) as db, db.write(2) as tx:
        uses.put(tx, "endpoint", "flowers", [("iris", 1)])

    refused = delete(api, "north", "CASCADE")
    still = Registry(north).version(1)["version"]
    with closing(open_database(chosen)) as db, db.write(2) as tx:
        uses.release(tx, "endpoint", "flowers")

    assert (refused[0], json.loads(refused[1])) == (
        400,
        {
            "error_code": "INVALID_STATE",
            "message": "The workspace cannot be deleted, since model versions are in use: iris/1 by endpoint 'flowers'. "
            "Delete what uses them first.",
            "reason": {"key": "in-use", "values": {"users": "iris/1 by endpoint 'flowers'"}},
        },
    )
    assert still == "1"
    assert delete(api, "north", "CASCADE") == (204, b"")


@pytest.mark.both
def test_set_default_refuses_requests_for_missing_stages(rooms: tuple[Api, Api]) -> None:
    api, north = rooms
    registry = Registry(north)
    stages = ["None", "Staging", "Production", "QA", "Archived"]
    registry.call("PUT", "/api/trackside/v1/registry/stages", stages=[{"name": name} for name in stages])
    registry.new_model()
    registry.new_version()
    requests = "/api/trackside/v1/model-versions/iris/1/stage-requests"
    asked = registry.call("POST", requests, stage="QA")["stage_request"]["request_id"]

    status, body = delete(api, "north", "SET_DEFAULT")
    registry.call("POST", f"{requests}/{asked}/reject")

    assert (status, json.loads(body)["message"]) == (
        400,
        (
            "Pending requests ask for the stages QA, which the other workspace does not have. "
            "Decide on them, or add the stages."
        ),
    )
    assert delete(api, "north", "SET_DEFAULT") == (204, b"")
    history = Registry(api).call("GET", "/api/trackside/v1/registered-models/iris/history")["events"]
    assert [event["kind"] for event in history] == ["version", "model"]  # the models' goes along,
    assert Registry(api).call("GET", "/api/trackside/v1/registry/stages/history") == {}  # that of the stages does not


def test_a_deleted_workspaces_name_can_be_reused_and_has_no_old_contents(rooms: tuple[Api, Api]) -> None:
    api, north = rooms
    experiment, run_id = fill(north)
    first = api.get(f"{OURS}/north")["workspace"]["workspace_id"]
    delete(api, "north", "CASCADE")

    again = api.new_workspace("north")

    assert api.get(f"{OURS}/north")["workspace"]["workspace_id"] != first
    assert experiment_names(again) == {"Default"}
    assert again.fault("runs/get", method="GET", run_id=run_id)[0] == 404
    assert int(again.new_experiment("iris")) > int(experiment)


def test_set_default_moves_everything_to_the_default_workspace(rooms: tuple[Api, Api], application: Any) -> None:
    api, north = rooms
    experiment, run_id = fill(north)
    default_run = north.new_run("0", run_name="in its default")
    before = north.run(run_id)
    for _ in range(2):  # as a document, which is made when a search first asks for it
        north.post("runs/search", experiment_ids=["0", experiment])

    assert delete(api, "north", "SET_DEFAULT") == (204, b"")

    assert rows_of(application, 2) == {}
    assert experiment_names(api) == {"Default", "iris", "north/Default"}
    assert api.run(run_id) == before
    assert [step for step, _, _ in api.history(run_id, "m")] == list(range(200))
    api.post("runs/log-metric", run_id=run_id, key="m", value=1, timestamp=500, step=500)
    assert api.latest(run_id)["m"][0] == 500
    moved = api.get("experiments/get-by-name", experiment_name="north/Default")["experiment"]["experiment_id"]
    assert moved not in ("0", experiment)
    assert api.run(default_run)["info"]["experiment_id"] == moved
    (found,) = api.post("runs/search", experiment_ids=[moved])["runs"]
    assert found["info"]["experiment_id"] == moved
    (dataset,) = api.post("datasets/search", experiment_ids=[moved], version="3.0")["datasets"]
    of_dataset = api.get(f"datasets/{dataset['dataset_id']}/experiment-ids", version="3.0")["experiment_ids"]
    assert sorted(of_dataset) == sorted([moved, experiment])
    assert dataset["profile"] == '{"num_records": 1}'


@pytest.mark.both
def test_set_default_is_refused_while_a_name_is_taken_there(rooms: tuple[Api, Api]) -> None:
    api, north = rooms
    _, run_id = fill(north)
    api.new_experiment("iris")

    status, body = delete(api, "north", "SET_DEFAULT")

    assert (status, b"RESOURCE_ALREADY_EXISTS" in body, b"iris" in body) == (400, True, True)
    assert experiment_names(north) == {"Default", "iris"}
    assert north.params(run_id) == {"p": "1"}


def test_the_default_workspace_stays(api: Api, subtests: pytest.Subtests) -> None:
    run_id = api.new_run()

    for mode in ("RESTRICT", "CASCADE", "SET_DEFAULT"):
        with subtests.test(mode=mode):
            assert delete(api, "default", mode)[0] == 400

            assert api.run(run_id)["info"]["lifecycle_stage"] == "active"


def test_a_missing_workspace_cannot_be_deleted(api: Api) -> None:
    assert delete(api, "nowhere", "CASCADE")[0] == 404
    assert delete(api.within("default"), "north", "BOGUS")[0] in (400, 404)
