"""Rights on some experiments and models: the objects that callers find, and the answers that they get."""

from typing import Any

import pytest

from support.client import Api
from support.people import ADMIN, OURS, PASSWORD, People, bearer, signed

DENIED = (403, "PERMISSION_DENIED", "Permission denied.")


def names(api: Api, **asked: Any) -> list[str]:
    found = api.post("experiments/search", {"max_results": 100, **asked}).get("experiments", [])
    return sorted(each["name"] for each in found)


@pytest.fixture
def three(people: People) -> dict[str, str]:
    """Experiments with a run each, and models of the same names."""
    admin = people.admin
    found = {}
    for name in ("red", "green", "blue"):
        found[name] = admin.new_experiment(name)
        found[f"{name} run"] = admin.new_run(found[name], run_name=name)
        admin.post("registered-models/create", name=name)
        uri = admin.run(found[f"{name} run"])["info"]["artifact_uri"]
        admin.post("model-versions/create", name=name, source=f"{uri}/model", run_id=found[f"{name} run"])
    return found


def test_a_role_at_one_experiment_opens_only_this_experiment_and_its_runs(
    people: People, three: dict[str, str]
) -> None:
    bo = people.add("bo", "MLflow EDIT", f"/ws/default/experiments/{three['red']}")

    assert names(bo) == ["red"]
    runs = bo.post("runs/search", experiment_ids=[three["red"], three["blue"]])["runs"]
    assert [each["info"]["run_name"] for each in runs] == ["red"]
    bo.post("runs/log-metric", run_id=three["red run"], key="m", value=1.0, timestamp=1)
    bo.post("runs/set-tag", run_id=three["red run"], key="k", value="v")
    assert bo.get("metrics/get-history", run_id=three["red run"], metric_key="m")["metrics"]
    assert bo.fault("experiments/delete", experiment_id=three["red"]) == DENIED  # which EDIT does not allow


def test_the_order_by_runs_does_not_show_how_many_runs_are_hidden(people: People, three: dict[str, str]) -> None:
    people.admin.new_run(three["red"])
    actions = ["Microsoft.MachineLearningServices/workspaces/experiments/read"]
    people.admin.post(f"{OURS}/roles", name="Lister", actions=actions, assignable_scopes=["/"])
    bo = people.add("bo", "Lister")
    people.grant("bo", "MLflow READ", f"/ws/default/experiments/{three['green']}")

    found = bo.post("experiments/search", max_results=4, order_by=["run_count DESC", "experiment_id ASC"])

    assert [each["name"] for each in found["experiments"]] == ["green", "Default", "red", "blue"]


@pytest.mark.parametrize("missing", [False, True])
def test_hidden_and_missing_are_refused_alike(people: People, three: dict[str, str], missing: bool) -> None:
    bo = people.add("bo", "MLflow EDIT", f"/ws/default/experiments/{three['red']}")
    run = "0" * 32 if missing else three["blue run"]
    experiment = "987654" if missing else three["blue"]
    model = "nothing" if missing else "blue"

    refused = [
        bo.fault("runs/get", method="GET", run_id=run),
        bo.fault("runs/log-metric", run_id=run, key="m", value=1.0, timestamp=1),
        bo.fault("runs/log-batch", run_id=run, metrics=[]),
        bo.fault("runs/update", run_id=run, status="FINISHED"),
        bo.fault("runs/delete", run_id=run),
        bo.fault("metrics/get-history", method="GET", run_id=run, metric_key="m"),
        bo.fault("artifacts/list", method="GET", run_id=run),
        bo.fault(f"/api/2.0/mlflow-artifacts/artifacts/{experiment}/{run}/artifacts/x.txt", method="GET"),
        bo.fault("experiments/get", method="GET", experiment_id=experiment),
        bo.fault("experiments/update", experiment_id=experiment, new_name="x"),
        bo.fault("runs/create", experiment_id=experiment),
        bo.fault("registered-models/get", method="GET", name=model),
        bo.fault(f"/api/2.0/mlflow/model-versions/get?name={model}&version=1", method="GET"),
    ]

    assert refused == [DENIED] * len(refused)
    status, code, message = bo.fault("experiments/get-by-name", method="GET", experiment_name=model)
    assert (status, code, message) == (404, "RESOURCE_DOES_NOT_EXIST", f"Could not find experiment with name '{model}'")


def test_pages_are_complete_and_reveal_no_hidden_objects(people: People) -> None:
    admin = people.admin
    ids = [admin.new_experiment(f"e{i:02}") for i in range(20)]
    bo = people.add("bo")
    for i in range(0, 20, 4):
        people.grant("bo", "MLflow READ", f"/ws/default/experiments/{ids[i]}")

    pages, token = [], None
    while True:
        page = bo.post(
            "experiments/search", max_results=2, order_by=["name"], **({"page_token": token} if token else {})
        )
        pages.append([each["name"] for each in page.get("experiments", [])])
        token = page.get("next_page_token")
        if not token:
            break

    assert pages == [["e00", "e04"], ["e08", "e12"], ["e16"]]


def test_models_are_found_and_opened_one_by_one(people: People, three: dict[str, str]) -> None:
    bo = people.add("bo", "MLflow EDIT", "/ws/default/models/green")

    found = bo.get("registered-models/search")["registered_models"]
    versions = bo.get("model-versions/search")["model_versions"]
    assert [each["name"] for each in found] == [each["name"] for each in versions] == ["green"]
    bo.post("registered-models/set-tag", name="green", key="k", value="v")
    assert bo.fault("registered-models/set-tag", name="blue", key="k", value="v") == DENIED
    assert bo.ask("DELETE", "registered-models/delete", {"name": "green"}).status == 403
    # A version of what the caller may not read would be a way to read it.
    for more in ({"source": "mlflow-artifacts:/x", "run_id": three["blue run"]},
                 {"source": f"runs:/{three['blue run']}/model"},
                 {"source": f"mlflow-artifacts:/{three['blue']}/{three['blue run']}/artifacts/model"},
                 {"source": "models:/blue/1"}):  # fmt: skip
        assert bo.fault("model-versions/create", {"name": "green", **more}) == DENIED


def test_a_denial_wins_over_every_role_and_hides(people: People, three: dict[str, str]) -> None:
    bo = people.add("bo", "Owner")
    people.deny("bo", "MLflow DENY", f"/ws/default/experiments/{three['blue']}")

    assert names(bo) == ["Default", "green", "red"]
    assert bo.fault("runs/get", method="GET", run_id=three["blue run"]) == DENIED
    assert bo.fault("runs/get", method="GET", run_id="0" * 32) == DENIED
    hidden = f"runs:/{three['blue run']}/model"
    assert bo.fault(f"{OURS}/registered-models", name="new", source=hidden) == DENIED
    bo.post("runs/log-metric", run_id=three["green run"], key="m", value=1.0, timestamp=1)


def test_a_denial_holds_for_every_spelling_of_an_id(people: People, three: dict[str, str]) -> None:
    people.admin.new_run("0")
    bo = people.add("bo", "Owner")
    people.deny("bo", "MLflow DENY", "/ws/default/experiments/0")
    people.deny("bo", "MLflow DENY", f"/ws/default/experiments/00{three['blue']}")

    for spelling in ("0", "00", "-0", "-00", three["blue"], f"00{three['blue']}"):
        assert bo.fault("experiments/get", method="GET", experiment_id=spelling) == DENIED
        assert bo.fault("experiments/set-experiment-tag", experiment_id=spelling, key="k", value="v") == DENIED
        assert bo.fault("runs/create", experiment_id=spelling) == DENIED
        assert bo.fault("experiments/delete", experiment_id=spelling) == DENIED
        assert bo.post("runs/search", experiment_ids=[spelling]) == {}
        for path in (f"{OURS}/deletions/preview", f"{OURS}/deletions"):
            assert bo.fault(path, kind="experiment", experiment_id=spelling, confirm="blue") == DENIED


def test_a_permission_and_a_token_hold_for_every_spelling_of_an_id(people: People, three: dict[str, str]) -> None:
    bo = people.add("bo")
    spelled = f"00{three['red']}"
    people.admin.post("experiments/permissions/create", experiment_id=spelled, username="bo", permission="READ")
    narrow = signed(people.open, bearer(people.token("root", scope="read", place=f"default/{spelled}")))

    for caller in (bo, narrow):
        assert caller.get("experiments/get", experiment_id=three["red"])["experiment"]["name"] == "red"
        assert caller.fault("experiments/get", method="GET", experiment_id=three["blue"]) == DENIED


def test_a_user_has_the_permissions_that_clients_of_mlflow_2_require(people: People, three: dict[str, str]) -> None:
    made = people.admin.post("users/create", username="bo", password=PASSWORD)["user"]
    people.admin.post("experiments/permissions/create", experiment_id=three["red"], username="bo", permission="READ")
    people.admin.post("registered-models/permissions/create", name="m", username="bo", permission="EDIT")

    found = people.admin.get("users/get", username="bo")["user"]

    assert (made["experiment_permissions"], made["registered_model_permissions"]) == ([], [])
    user_id = made["id"]
    assert found["experiment_permissions"] == [
        {"experiment_id": three["red"], "user_id": user_id, "permission": "READ"}
    ]
    assert found["registered_model_permissions"] == [
        {"workspace": "default", "name": "m", "user_id": user_id, "permission": "EDIT"}
    ]


def test_the_change_log_names_no_hidden_object(people: People, three: dict[str, str]) -> None:
    bo = people.add("bo", "Owner")
    people.deny("bo", "MLflow DENY", f"/ws/default/experiments/{three['blue']}")

    found = bo.get(f"{OURS}/changes", names=True, entity="experiment")["changes"]

    assert {each["entity_id"]: each.get("name") for each in found if each["action"] == "create"} == {
        three["red"]: "red",
        three["green"]: "green",
    }
    blue = bo.get(f"{OURS}/changes", names=True, entity="run", entity_id=three["blue run"])
    assert "changes" not in blue


def test_calls_about_the_whole_workspace_are_closed_to_callers_with_rights_on_parts(
    people: People, three: dict[str, str]
) -> None:
    bo = people.add("bo", "MLflow MANAGE", f"/ws/default/experiments/{three['red']}")

    for path in (f"{OURS}/changes", f"{OURS}/links", f"{OURS}/webhooks", f"{OURS}/sync/ids?entity=run"):
        assert bo.ask("GET", path).status == 403, path


@pytest.mark.parametrize("place", ["experiments/{blue}", "experiments/*", "models/blue", ""])
def test_a_denial_of_a_part_closes_the_calls_that_read_or_write_a_whole_workspace(
    people: People, three: dict[str, str], place: str
) -> None:
    bo, cy = people.add("bo", "Owner"), people.add("cy", "Owner")
    scope = f"/ws/default/{place}".rstrip("/").format(**three)
    people.deny("bo", "MLflow DENY", scope)
    ids = f"{OURS}/sync/ids?entity=run"
    item = {
        "entity": "run",
        "id": three["blue run"],
        "experiment_id": three["blue"],
        "put": [["param", "x", "1"]],
        "drop": [],
    }

    for caller, status in ((cy, 200), (bo, 403)):
        assert caller.ask("GET", ids).status == status
        assert caller.ask("POST", f"{OURS}/sync/items", {"entity": "run", "ids": [three["blue run"]]}).status == status
        assert caller.ask("POST", f"{OURS}/sync/item", item).status == status
    people.admin.post(f"{OURS}/endpoints", name="e", auth_mode="none")
    people.deny("cy", "MLflow EDIT", "/ws/default/onlineEndpoints/e")
    assert cy.ask("GET", ids).status == 200  # no link carries endpoints


def test_a_role_at_an_object_does_not_limit_a_role_at_the_workspace(people: People, three: dict[str, str]) -> None:
    bo = people.add("bo", "Reader")
    people.grant("bo", "MLflow MANAGE", f"/ws/default/experiments/{three['red']}")

    assert bo.ask("GET", f"{OURS}/sync/ids?entity=run").status == 200


def test_lineage_shows_no_hidden_experiment(people: People, three: dict[str, str]) -> None:
    admin, run = people.admin, three["blue run"]
    admin.post("runs/set-tag", run_id=run, key="mlflow.source.name", value="secret.py")
    admin.post(
        "runs/log-inputs",
        run_id=run,
        datasets=[{"dataset": {"name": "d", "digest": "1", "source_type": "s", "source": "x"}}],
    )
    logged = {"experiment_id": three["blue"], "name": "secret", "source_run_id": run}
    model_id = admin.post("logged-models", logged)["model"]["info"]["model_id"]
    admin.post("runs/log-inputs", run_id=three["red run"], models=[{"model_id": model_id}])
    made = {"name": "blue", "source": f"models:/{model_id}", "model_id": model_id, "run_id": run}
    version = admin.post("model-versions/create", made)["model_version"]["version"]
    bo, cy = people.add("bo", "Reader"), people.add("cy", "MLflow READ", "/ws/default/models/blue")
    people.deny("bo", "MLflow DENY", f"/ws/default/experiments/{three['blue']}")
    lineage, models = f"{OURS}/model-versions/blue/{version}/lineage", f"{OURS}/runs/{{}}/models"

    assert set(admin.get(lineage)) == {
        "model_version",
        "run",
        "experiment",
        "dataset_inputs",
        "source_code",
        "logged_model",
    }
    assert [set(caller.get(lineage)) for caller in (bo, cy)] == [{"model_version"}] * 2
    assert len(admin.get(models.format(three["red run"]))["logged_models"]) == 1
    assert bo.get(models.format(three["red run"])).get("logged_models", []) == []
    assert [caller.ask("GET", models.format(run)).status for caller in (bo, cy)] == [403, 403]


def test_a_caller_gets_only_the_readable_models_of_a_run(people: People, three: dict[str, str]) -> None:
    bo = people.add("bo", "Reader")
    people.deny("bo", "MLflow DENY", "/ws/default/models/red")
    models = f"{OURS}/runs/{three['red run']}/models"

    assert [each["name"] for each in people.admin.get(models)["model_versions"]] == ["red"]
    assert bo.get(models) == {}


def test_the_creator_manages_what_they_create(people: People, three: dict[str, str]) -> None:
    bo, cy = people.add("bo", "Creator"), people.add("cy", "Creator")

    mine = bo.new_experiment("mine")
    run = bo.new_run(mine)
    bo.post("registered-models/create", name="mine")

    assert (names(bo), names(cy)) == (["mine"], [])
    bo.post("runs/log-metric", run_id=run, key="m", value=1.0, timestamp=1)
    assert cy.fault("runs/get", method="GET", run_id=run) == DENIED
    granted = bo.ask("POST", f"{OURS}/role-assignments",
                     {"principal": "cy", "role": "MLflow READ", "scope": f"/ws/default/experiments/{mine}"})  # fmt: skip
    assert granted.status == 201
    assert names(cy) == ["mine"]
    # A manager of one thing gives no rights elsewhere.
    for scope in ("/ws/default", f"/ws/default/experiments/{three['red']}", "/"):
        refused = bo.ask("POST", f"{OURS}/role-assignments", {"principal": "bo", "role": "Owner", "scope": scope})
        assert refused.status == 403, scope
    bo.post("experiments/delete", experiment_id=mine)


def test_rights_follow_a_renamed_model_and_end_with_a_deleted_one(people: People) -> None:
    bo = people.add("bo", "Creator")
    bo.post("registered-models/create", name="first")
    bo.post("registered-models/rename", name="first", new_name="second")
    assert bo.get("registered-models/get", name="second")

    bo.ask("DELETE", "registered-models/delete", {"name": "second"})
    people.admin.post("registered-models/create", name="second")

    assert bo.fault("registered-models/get", method="GET", name="second") == DENIED


def test_rights_follow_a_run_to_another_experiment(people: People, three: dict[str, str]) -> None:
    run = three["red run"]
    point: dict[str, Any] = {"key": "m", "value": 1.0, "timestamp": 1}
    bo = people.add("bo", "MLflow EDIT", f"/ws/default/experiments/{three['red']}")
    cy = people.add("cy", "MLflow EDIT", f"/ws/default/experiments/{three['blue']}")
    bo.post("runs/log-metric", run_id=run, **point)
    assert bo.run(run)["info"]["experiment_id"] == three["red"]

    people.admin.post(f"{OURS}/runs/bulk", action="move", run_ids=[run], experiment_id=three["blue"])

    for caller, status in ((bo, 403), (cy, 200)):
        assert caller.ask("GET", f"runs/get?run_id={run}").status == status
        assert caller.ask("POST", "runs/log-metric", {"run_id": run, **point}).status == status
        assert caller.ask("POST", "runs/set-tag", {"run_id": run, "key": "k", "value": "v"}).status == status


def test_groups_pass_their_roles_on_at_once(people: People, three: dict[str, str]) -> None:
    bo, admin = people.add("bo"), people.admin
    admin.post(f"{OURS}/groups", name="team")
    people.grant("team", "Reader", "/ws/default")
    assert bo.fault("experiments/search", max_results=1) == DENIED

    admin.post(f"{OURS}/groups/team/members", member="bo")
    assert "red" in names(bo)
    admin.ask("DELETE", f"{OURS}/groups/team/members/bo")
    assert bo.fault("experiments/search", max_results=1) == DENIED
    # A member cannot raise the group.
    assert bo.ask("POST", f"{OURS}/groups/team/members", {"member": "bo"}).status == 403


def test_a_custom_role_has_azures_json_form(people: People, three: dict[str, str]) -> None:
    prefix = "Microsoft.MachineLearningServices/workspaces"
    made = people.admin.post(
        f"{OURS}/roles",
        name="Trainer",
        actions=[f"{prefix}/experiments/*", f"{prefix}/computes/read"],
        not_actions=[f"{prefix}/experiments/delete"],
        assignable_scopes=["/ws/default"],
    )["role"]
    bo = people.add("bo", "Trainer")

    assert f"{prefix}/experiments/runs/write" in made["allowed"]
    bo.new_run(three["red"])
    assert bo.fault("experiments/delete", experiment_id=three["red"]) == DENIED
    people.admin.new_workspace("north")
    status, _, message = people.admin.fault(
        f"{OURS}/role-assignments", principal="bo", role="Trainer", scope="/ws/north"
    )
    assert (status, message) == (400, "The role 'Trainer' may be assigned at /ws/default and below, not at /ws/north.")
    people.admin.ask(
        "PUT", f"{OURS}/roles/{made['role_id']}", {"name": "Trainer", "actions": [f"{prefix}/models/read"]}
    )
    assert bo.fault("runs/create", experiment_id=three["red"]) == DENIED


def test_a_role_at_a_resource_group_holds_in_its_workspaces(people: People) -> None:
    admin = people.admin
    north = admin.new_workspace("north", subscription_id="S1", resource_group="G1")
    admin.new_workspace("south", subscription_id="S1", resource_group="G2")
    bo = people.add("bo", "Contributor", "/subscriptions/s1/resourceGroups/g1")

    assert bo.within("north").new_experiment("x")
    assert names(north) == ["Default", "x"]
    assert bo.within("south").fault("experiments/create", name="x") == DENIED
    listed = bo.get("workspaces", version="3.0")["workspaces"]
    assert [each["name"] for each in listed] == ["north"]
    made = bo.ask("POST", f"{OURS}/workspaces", {"name": "west", "subscription_id": "S1", "resource_group": "G1"})
    assert made.status == 201
    refused = bo.ask("POST", f"{OURS}/workspaces", {"name": "east", "subscription_id": "S1", "resource_group": "G2"})
    assert refused.status == 403


def test_a_workspace_without_rights_answers_like_a_missing_one(people: People) -> None:
    people.admin.new_workspace("north")
    bo = people.add("bo", "Reader")

    for name in ("north", "nowhere"):
        assert bo.within(name).fault("experiments/search", max_results=1) == DENIED
        missing = bo.ask("GET", f"/api/3.0/mlflow/workspaces/{name}")
        assert (missing.status, missing.json["message"]) == (404, f"Workspace '{name}' not found")


def test_the_creator_owns_a_workspace_and_its_deletion_deletes_the_rights(people: People) -> None:
    bo = people.add("bo", "Contributor", "/subscriptions/s1")
    bo.ask("POST", f"{OURS}/workspaces", {"name": "west", "subscription_id": "s1", "resource_group": "g"})
    cy = people.add("cy")
    assert (
        bo.ask("POST", f"{OURS}/role-assignments", {"principal": "cy", "role": "Reader", "scope": "/ws/west"}).status
        == 201
    )
    assert names(cy.within("west")) == ["Default"]

    people.admin.ask("DELETE", f"{OURS}/workspaces/west")
    people.admin.ask("POST", f"{OURS}/workspaces", {"name": "west", "subscription_id": "s2", "resource_group": "g"})

    assert cy.within("west").fault("experiments/search", max_results=1) == DENIED


def test_explain_names_the_deciding_assignment(people: People, three: dict[str, str]) -> None:
    bo = people.add("bo", "Reader")
    scope = f"/ws/default/experiments/{three['red']}"
    number = people.deny("bo", "MLflow READ", scope)

    told = people.admin.get(f"{OURS}/access/explain", principal="bo", action="runs/read", scope=scope)
    elsewhere = bo.get(f"{OURS}/access/explain", principal="bo", action="runs/read", scope="/ws/default")

    assert told["is_allowed"] is False
    assert told["because"] == [f"MLflow READ denied to bo at {scope} (assignment {number})"]
    assert elsewhere["is_allowed"] is True
    assert elsewhere["because"][0].startswith("Reader for bo at /ws/default")
    other = bo.ask("GET", f"{OURS}/access/explain", arguments={"principal": ADMIN, "action": "runs/read"})
    assert other.status == 403


def test_a_call_returns_what_the_caller_may_do(people: People, three: dict[str, str]) -> None:
    bo = people.add("bo", "MLflow EDIT", f"/ws/default/experiments/{three['red']}")

    whole = bo.get(f"{OURS}/me/actions", scope="/ws/default")
    one = bo.get(f"{OURS}/me/actions", scope=f"/ws/default/experiments/{three['red']}")

    assert "actions" not in whole
    assert "Microsoft.MachineLearningServices/workspaces/experiments/runs/write" in whole["some"]
    assert "Microsoft.MachineLearningServices/workspaces/experiments/runs/write" in one["actions"]


def test_a_read_token_reads_what_its_owner_manages_and_writes_nothing(people: People) -> None:
    bo = people.add("bo", "Creator")
    mine = bo.new_experiment("mine")
    read = signed(people.open, bearer(people.token("bo", scope="read")))

    assert names(read) == ["mine"]
    assert read.fault("runs/create", experiment_id=mine) == DENIED


# Endpoints and views


def test_rights_at_one_endpoint_limit_its_use_and_the_list(people: People) -> None:
    endpoints = f"{OURS}/endpoints"
    for name in ("red", "blue"):
        people.admin.post(endpoints, name=name, auth_mode="none")
    edit = people.add("bo", "MLflow EDIT", "/ws/default/onlineEndpoints/red")
    manage = people.add("cy", "MLflow MANAGE", "/ws/default/onlineEndpoints/red")

    assert [each["name"] for each in edit.get(endpoints)["endpoints"]] == ["red"]
    assert edit.get(f"{endpoints}/red")["endpoint"]["name"] == "red"
    assert edit.ask("PATCH", f"{endpoints}/red", {"description": "mine"}).status == 200
    for method, path, body in (
        *[("GET", "blue", None), ("PATCH", "blue", {"description": "x"}), ("GET", "nothing", None)],
        *[("GET", "red/keys", None), ("DELETE", "red", None), ("GET", "blue/deployments/main/logs", None)],
    ):
        assert edit.ask(method, f"{endpoints}/{path}", body).status == 403, path
    assert edit.fault(endpoints, name="green", auth_mode="none") == DENIED
    assert manage.ask("GET", f"{endpoints}/red/keys").status == 400  # allowed, and an endpoint without keys
    assert manage.ask("DELETE", f"{endpoints}/red").status == 200
    people.admin.post(endpoints, name="red", auth_mode="none")  # another one of the same name
    assert manage.ask("GET", f"{endpoints}/red").status == 403


def test_serving_a_model_needs_the_right_to_read_it(people: People, three: dict[str, str]) -> None:
    bo = people.add("bo", "Contributor")
    people.deny("bo", "MLflow READ", "/ws/default/models/blue")

    assert bo.fault(f"{OURS}/endpoints", name="e", auth_mode="none", model_uri="models:/blue/1") == DENIED
    assert (
        bo.ask("POST", f"{OURS}/endpoints", {"name": "e", "auth_mode": "none", "model_uri": "models:/red/1"}).status
        == 201
    )


def test_a_saved_view_belongs_to_its_experiment(people: People, three: dict[str, str]) -> None:
    bo = people.add("bo", "MLflow EDIT", f"/ws/default/experiments/{three['red']}")
    made = {}
    for name in ("red", "blue"):
        path = f"{OURS}/experiments/{three[name]}/views"
        made[name] = people.admin.post(path, name="v", state={})["view"]["view_id"]

    assert bo.get(f"{OURS}/views/{made['red']}")["view"]["name"] == "v"
    assert bo.ask("PATCH", f"{OURS}/views/{made['red']}", {"version": 1, "name": "w"}).status == 200
    for method, view in (("GET", made["blue"]), ("DELETE", made["blue"]), ("GET", "0" * 32)):
        assert bo.ask(method, f"{OURS}/views/{view}").status == 403

    both: dict[str, Any] = {"state": {}, "experiment_ids": [three["red"], three["blue"]]}
    assert bo.ask("POST", f"{OURS}/experiments/{three['red']}/views", {"name": "peek", **both}).status == 404
    people.admin.post(f"{OURS}/experiments/{three['blue']}/views", name="hidden", **both)
    assert [each["name"] for each in bo.get(f"{OURS}/experiments/{three['red']}/views")["views"]] == ["w"]
