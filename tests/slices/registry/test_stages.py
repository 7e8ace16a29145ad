"""A workspace's own stages, requests and approvals, and models that are in use.  On both databases."""

from contextlib import closing
from typing import Any

import pytest

from support.client import Api
from support.registry import OWN, Registry
from trackside import opening
from trackside.core.errors import BadState, NotFound
from trackside.core.settings import Settings
from trackside.registry import models, uses, versions
from trackside.registry.files.origins import Origin

MLFLOW = ["None", "Staging", "Production", "Archived"]


@pytest.fixture
def registry(api: Api) -> Registry:
    registry = Registry(api)
    registry.new_model()
    for _ in range(2):
        registry.new_version()
    return registry


def set_stages(registry: Registry, *names: str, approved: tuple[str, ...] = ()) -> Any:
    stages = [{"name": name, "needs_approval": name in approved} for name in names]
    return registry.call("PUT", f"{OWN}/registry/stages", stages=stages)


def ask(registry: Registry, version: int = 1, stage: str = "Production", **fields: Any) -> Any:
    path = f"{OWN}/model-versions/iris/{version}/stage-requests"
    return registry.call("POST", path, stage=stage, **fields)["stage_request"]


def decide(registry: Registry, request: Any, what: str, **fields: Any) -> Any:
    path = f"{OWN}/model-versions/iris/{request['version']}/stage-requests/{request['request_id']}/{what}"
    return registry.call("POST", path, **fields)


def test_a_workspace_has_mlflows_stages_by_default(registry: Registry) -> None:
    assert registry.call("GET", f"{OWN}/registry/stages") == {
        "stages": [{"name": name, "needs_approval": False} for name in MLFLOW]
    }


def test_custom_stages_work_like_mlflows_stages(registry: Registry) -> None:
    set_stages(registry, "None", "Development", "Staging", "QA 2", "Production", "Archived")

    registry.move(1, "qa 2")
    registry.move(2, "QA 2", archive=True)

    assert (registry.stage(1), registry.stage(2)) == ("Archived", "QA 2")
    found = registry.call("POST", "registered-models/get-latest-versions", name="iris", stages=["qa 2"])
    assert [version["version"] for version in found["model_versions"]] == ["2"]
    assert registry.fault("POST", "model-versions/transition-stage", name="iris", version="1", stage="x")[2] == (
        "Invalid Model Version stage: x. Value must be one of None, Development, Staging, QA 2, Production, Archived."
    )


def test_invalid_stages_are_refused(registry: Registry, subtests: pytest.Subtests) -> None:
    cases: list[tuple[list[str], str]] = [
        ([], "The stages None, Staging, Production, Archived are missing"),
        (["None", "Staging", "Production"], "The stages Archived are missing"),
        ([*MLFLOW, "staging"], "Two of the stages None, Staging, Production, Archived, staging differ in case only"),
        ([*MLFLOW, "3"], "'3' cannot be a stage"),
        ([*MLFLOW, "Latest"], "'Latest' cannot be a stage"),
        ([*MLFLOW, "a/b"], "'a/b' cannot be a stage"),
        ([*MLFLOW, ""], "'' cannot be a stage"),
        ([*MLFLOW, *map("S{}".format, range(30))], "There are 34 stages; at most 30 are allowed"),
    ]

    for stages, message in cases:
        with subtests.test(stages=stages):
            fault = registry.fault("PUT", f"{OWN}/registry/stages", stages=[{"name": name} for name in stages])

            assert fault[:2] == (400, "INVALID_PARAMETER_VALUE")
            assert fault[2].startswith(message)
            assert len(registry.call("GET", f"{OWN}/registry/stages")["stages"]) == 4


@pytest.mark.parametrize("stage", ["None", "Archived"])
def test_initial_stages_need_no_approval(registry: Registry, stage: str) -> None:
    stages = [{"name": name, "needs_approval": name == stage} for name in MLFLOW]

    assert registry.fault("PUT", f"{OWN}/registry/stages", stages=stages)[2] == (
        f"The stage {stage} cannot need approval: versions come to it by themselves"
    )


def test_a_stage_in_use_cannot_be_removed(registry: Registry) -> None:
    set_stages(registry, *MLFLOW, "QA", "Canary")
    registry.move(1, "QA")
    ask(registry, 2, "Canary")
    without_qa, without_canary = ([{"name": name} for name in (*MLFLOW, kept)] for kept in ("Canary", "QA"))

    assert registry.fault("PUT", f"{OWN}/registry/stages", stages=without_qa)[2] == (
        "The stage QA cannot go: 1 model versions are in it"
    )
    assert registry.fault("PUT", f"{OWN}/registry/stages", stages=without_canary)[2] == (
        "The stage Canary cannot go: a pending request asks for it"
    )


def test_each_workspace_has_its_own_stages(api: Api) -> None:
    north, south = (Registry(api.new_workspace(name)) for name in ("north", "south"))

    set_stages(north, *MLFLOW, "QA")

    assert len(south.call("GET", f"{OWN}/registry/stages")["stages"]) == 4


def test_a_stage_that_needs_approval_takes_no_version_without_one(registry: Registry) -> None:
    set_stages(registry, *MLFLOW, approved=("Production",))

    fault = registry.fault("POST", "model-versions/transition-stage", name="iris", version="1", stage="production")

    assert fault == (
        400,
        "INVALID_STATE",
        (
            "The stage Production needs approval in this workspace. Ask for it with POST /api/trackside/v1/model-versions/"
            'iris/1/stage-requests {"stage": "Production"}; the version moves after an approval.'
        ),
    )
    assert registry.stage(1) == "None"
    registry.move(1, "Staging")


def test_a_version_in_a_stage_with_approval_does_not_archive_the_others(registry: Registry) -> None:
    registry.move(1, "Production")
    registry.move(2, "Production")
    set_stages(registry, *MLFLOW, approved=("Production",))

    fault = registry.fault(
        "POST",
        "model-versions/transition-stage",
        name="iris",
        version="2",
        stage="Production",
        archive_existing_versions=True,
    )

    assert fault[1:] == (
        "INVALID_STATE",
        (
            "The stage Production needs approval in this workspace, so a transition of version 2, which has this "
            "stage, cannot archive the other versions. Move each of them to Archived."
        ),
    )
    assert (registry.stage(1), registry.stage(2)) == ("Production", "Production")
    registry.move(1, "Archived")
    registry.move(2, "Production", archive=True)  # there is nobody to drive out


def test_changes_of_stages_are_recorded_with_their_user(registry: Registry) -> None:
    set_stages(registry.by("ana"), *MLFLOW, "QA")
    set_stages(registry.by("bo"), *MLFLOW, "QA")
    set_stages(registry.by("cy"), *MLFLOW, approved=("Production",))

    first = registry.call("GET", f"{OWN}/registry/stages/history", max_results=1)
    rest = registry.call("GET", f"{OWN}/registry/stages/history", page_token=first["next_page_token"])

    plain = "None, Staging, Production, Archived"
    assert [(event["user"], event["before"], event["after"]) for event in (*first["events"], *rest["events"])] == [
        ("cy", f"{plain}, QA", "None, Staging, Production (approval), Archived"),
        ("ana", plain, f"{plain}, QA"),
    ]


def test_an_approved_request_moves_the_version(registry: Registry) -> None:
    registry.move(2, "Production")
    set_stages(registry, *MLFLOW, approved=("Production",))

    request = ask(registry.by("ana"), comment="it is better", archive_existing_versions=True)
    answer = decide(registry.by("bo"), request, "approve", comment="so it is")

    assert {key: request[key] for key in ("stage", "status", "comment", "requested_by")} == {
        "stage": "Production",
        "status": "PENDING",
        "comment": "it is better",
        "requested_by": "ana",
    }
    decided = answer["stage_request"]
    assert (decided["status"], decided["decided_by"], decided["decision_comment"]) == ("APPROVED", "bo", "so it is")
    assert answer["model_version"]["current_stage"] == "Production"
    assert (registry.stage(1), registry.stage(2)) == ("Production", "Archived")
    event = registry.call("GET", f"{OWN}/registered-models/iris/history", kind="stage")["events"][0]
    assert (event["version"], event["user"], event["comment"], event["request_id"]) == (
        "1",
        "bo",
        "so it is",
        request["request_id"],
    )


def test_a_rejected_request_moves_nothing(registry: Registry) -> None:
    request = ask(registry)

    answer = decide(registry, request, "reject", comment="no")

    assert answer["stage_request"]["status"] == "REJECTED"
    assert registry.stage(1) == "None"


def test_a_request_is_decided_once(registry: Registry) -> None:
    request = ask(registry)
    decide(registry, request, "reject")

    path = f"{OWN}/model-versions/iris/1/stage-requests/{request['request_id']}/approve"

    assert registry.fault("POST", path) == (
        400,
        "INVALID_STATE",
        f"Stage request {request['request_id']} is REJECTED; only a pending one can be decided",
    )
    assert registry.stage(1) == "None"


def test_requesters_cannot_approve_their_own_requests(registry: Registry) -> None:
    request = ask(registry.by("ana"))
    path = f"{OWN}/model-versions/iris/1/stage-requests/{request['request_id']}"

    assert registry.by("ana").fault("POST", f"{path}/approve") == (
        403,
        "PERMISSION_DENIED",
        f"'ana' made stage request {request['request_id']}; another user must approve it",
    )
    assert registry.by("ana").call("POST", f"{path}/reject")["stage_request"]["status"] == "REJECTED"


def test_invalid_requests_are_refused(registry: Registry, subtests: pytest.Subtests) -> None:
    cases: list[tuple[int, dict[str, Any], tuple[int, str]]] = [
        (1, {"stage": "Production"}, (400, "RESOURCE_ALREADY_EXISTS")),
        (1, {"stage": "None"}, (400, "INVALID_PARAMETER_VALUE")),
        (1, {"stage": "Live"}, (400, "INVALID_PARAMETER_VALUE")),
        (1, {}, (400, "INVALID_PARAMETER_VALUE")),
        (1, {"stage": "Archived", "archive_existing_versions": True}, (400, "INVALID_PARAMETER_VALUE")),
        (1, {"stage": "Staging", "comment": "x" * 5001}, (400, "INVALID_PARAMETER_VALUE")),
        (9, {"stage": "Staging"}, (404, "RESOURCE_DOES_NOT_EXIST")),
    ]

    ask(registry)

    for version, fields, fault in cases:
        with subtests.test(version=version, fields=fields):
            assert registry.fault("POST", f"{OWN}/model-versions/iris/{version}/stage-requests", **fields)[:2] == fault


def test_requests_of_a_version_and_of_the_workspace(registry: Registry) -> None:
    first, second = ask(registry, 1), ask(registry, 2)
    decide(registry, first, "reject")
    third = ask(registry, 1)
    of_first = f"{OWN}/model-versions/iris/1/stage-requests"

    def ids(path: str, **asked: Any) -> list[str]:
        return [one["request_id"] for one in registry.call("GET", path, **asked).get("stage_requests", [])]

    assert ids(of_first) == [third["request_id"], first["request_id"]]
    assert ids(of_first, status="pending") == [third["request_id"]]
    assert ids(f"{OWN}/stage-requests", status="PENDING") == [third["request_id"], second["request_id"]]
    page = registry.call("GET", f"{OWN}/stage-requests", max_results=2)
    assert ids(f"{OWN}/stage-requests", page_token=page["next_page_token"]) == [first["request_id"]]
    assert registry.fault("GET", of_first, status="x")[2] == (
        "status is 'x'; it must be one of PENDING, APPROVED, REJECTED, CANCELLED"
    )


def test_requests_are_cancelled_with_their_version(registry: Registry) -> None:
    ask(registry)
    ask(registry, 2)

    registry.delete_version(1)

    found = registry.call("GET", f"{OWN}/stage-requests")["stage_requests"]
    assert [(one["version"], one["status"]) for one in found] == [("2", "PENDING"), ("1", "CANCELLED")]


def test_a_request_is_found_by_its_version_only(registry: Registry) -> None:
    request = ask(registry)

    fault = registry.fault("POST", f"{OWN}/model-versions/iris/2/stage-requests/{request['request_id']}/approve")

    assert fault[0] == 404
    assert registry.fault("POST", f"{OWN}/model-versions/iris/1/stage-requests/x/approve")[0] == 400


def test_a_version_in_use_cannot_be_deleted(db: Any) -> None:
    with db.write(1) as tx:
        models.create(tx, "iris", {}, "")
        for _ in range(2):
            versions.create(tx, "iris", Origin("s3://b/a", "s3://b/a"), tags={}, run_link="", description="")
        uses.put(tx, "endpoint", "flowers", [("iris", 1)])
        uses.put(tx, "endpoint", "garden", [("iris", 1)])

        with pytest.raises(BadState) as of_version:
            versions.delete(tx, "iris", "1")
        with pytest.raises(BadState) as of_model:
            models.delete(tx, "iris")
        versions.delete(tx, "iris", "2")

    users = "version 1 by endpoint 'flowers', version 1 by endpoint 'garden'"
    advice = "Delete what uses it, or let it use another version, first."
    assert str(of_version.value) == (
        f"Model Version (name=iris, version=1) is in use and cannot be deleted: {users}. {advice}"
    )
    assert str(of_model.value) == f"Registered Model (name=iris) is in use and cannot be deleted: {users}. {advice}"


@pytest.mark.parametrize(
    ("method", "path", "fields"),
    [
        ("DELETE", "registered-models/delete", {"name": "iris"}),
        ("DELETE", "model-versions/delete", {"name": "iris", "version": "1"}),
        ("POST", f"{OWN}/registered-models/iris/delete", {"delete_files": True, "shared_files": "delete"}),
        ("POST", f"{OWN}/model-versions/iris/1/delete", {"delete_files": True, "shared_files": "delete"}),
    ],
)
def test_no_call_deletes_what_is_in_use(
    registry: Registry, chosen: Settings, method: str, path: str, fields: dict[str, Any]
) -> None:
    with closing(opening.open_database(chosen)) as db, db.write(1) as tx:
        uses.put(tx, "endpoint", "flowers", [("iris", 1)])

    status, code, message = registry.fault(method, path, **fields)

    assert (status, code) == (400, "INVALID_STATE")
    assert "is in use and cannot be deleted: version 1 by endpoint 'flowers'" in message
    assert [version["version"] for version in registry.model()["latest_versions"]] == ["2"]
    assert registry.version(1)["name"] == "iris"


def test_uses_follow_renamed_models(db: Any) -> None:
    with db.write(1) as tx:
        models.create(tx, "iris", {}, "")
        for _ in range(2):
            versions.create(tx, "iris", Origin("s3://b/a", "s3://b/a"), tags={}, run_link="", description="")
        uses.put(tx, "endpoint", "flowers", [("iris", 1)])
        uses.put(tx, "endpoint", "flowers", [("iris", 2)])
        models.rename(tx, "iris", "lily")

        versions.delete(tx, "lily", "1")
        with pytest.raises(BadState):
            versions.delete(tx, "lily", "2")
        uses.release(tx, "endpoint", "flowers")
        models.delete(tx, "lily")


def test_a_use_of_a_missing_version_is_refused(db: Any) -> None:
    with db.write(1) as tx, pytest.raises(NotFound):
        uses.put(tx, "endpoint", "flowers", [("iris", 1)])
