"""Quotas: refusals, exceptions, counts and reports."""

from collections.abc import Callable
from typing import Any

import pytest

from support.client import Api
from support.scrapes import total
from trackside.core.db.tx import Tx
from trackside.experiments import store as experiments
from trackside.quotas import store, usage, watch
from trackside.quotas.model import Measure, Scope
from trackside.runs import lifecycle

QUOTAS = "/api/trackside/v1/quotas"
RUNS = {"scope": "workspace", "measure": "runs"}


def put(api: Api, **quota: Any) -> Any:
    reply = api.ask("PUT", QUOTAS, quota)
    assert reply.status == 200, reply.body
    return reply.json["quota"]


def shown(api: Api) -> list[tuple[str, str, str, int, int]]:
    found = api.get(QUOTAS).get("quotas", [])
    return [(each["scope"], each["subject"], each["measure"], each["used"], each["limit"]) for each in found]


def log(api: Api, run: str, *steps: int) -> None:
    points = [{"key": "loss", "value": 1.0, "timestamp": 1, "step": step} for step in steps]
    api.post("runs/log-batch", run_id=run, metrics=points)


def refused(api: Api, **call: Any) -> Any:
    reply = api.ask("POST", "runs/create", {"experiment_id": "0", **call})
    assert reply.status == 403, reply.body
    assert reply.json["error_code"] == "RESOURCE_LIMIT_EXCEEDED"
    return reply.json["message"]


@pytest.mark.both
def test_the_last_run_within_a_quota_is_created_and_the_next_one_is_refused(api: Api) -> None:
    api.new_run()
    assert put(api, **RUNS, limit=2)["used"] == 1  # what was there before is counted
    api.new_run()

    message = refused(api)

    assert "Workspace 'default' has 2 of at most 2 runs." in message
    assert (
        "An administrator of the server can raise the limit: trackside quota set runs LIMIT --workspace default"
        in message
    )


@pytest.mark.both
def test_a_running_run_logs_beyond_the_limit_and_a_new_one_is_refused(api: Api) -> None:
    run = api.new_run()
    put(api, scope="experiment", subject="0", measure="points", limit=3)
    log(api, run, 0, 1)
    log(api, run, 1, 2, 3)  # step 1 is there already

    log(api, run, 4, 5)

    assert shown(api) == [("experiment", "0", "points", 6, 3)]
    assert "Experiment 'Default' has 6 of at most 3 metric points." in refused(api)


@pytest.mark.both
def test_the_quota_of_each_user_does_not_apply_to_users_with_their_own(api: Api) -> None:
    put(api, scope="user", subject="*", measure="runs", limit=1)
    put(api, scope="user", subject="bo", measure="runs", limit=3)
    for user in ("ann", "bo", "bo"):
        assert api.ask("POST", "runs/create", {}, headers={"x-trackside-user": user}).status == 200

    again = {user: api.ask("POST", "runs/create", {}, headers={"x-trackside-user": user}) for user in ("ann", "bo")}

    assert {user: reply.status for user, reply in again.items()} == {"ann": 403, "bo": 200}
    assert "User 'ann' has 1 of at most 1 runs" in again["ann"].json["message"]
    assert sorted(shown(api)) == [("user", "ann", "runs", 1, 1), ("user", "bo", "runs", 3, 3)]


@pytest.mark.both
def test_a_quota_of_an_experiment_holds_for_every_spelling_of_its_id(api: Api) -> None:
    experiment = api.new_experiment("churn")
    quota = put(api, scope="experiment", subject=f"0{experiment}", measure="runs", limit=1)
    assert quota["subject"] == experiment

    made = api.post("runs/create", experiment_id=f"00{experiment}")["run"]["info"]

    assert made["experiment_id"] == experiment
    for spelling in (experiment, f"0{experiment}", f"00{experiment}"):
        assert "1 of at most 1 runs" in refused(api, experiment_id=spelling)


def test_a_batch_of_runs_is_created_up_to_the_limit(db: Any) -> None:
    def make(tx: Tx) -> list[Any]:
        experiments.create_default(tx, "mlflow-artifacts:/")
        store.put(tx, Scope.WORKSPACE, "", Measure.RUNS, 2)
        call = lifecycle.NewRun(experiment_id="0", run_name="", user_id="", start_time=0, tags={})
        return lifecycle.create_all(tx, [call] * 3)

    answers = db.writer.submit(1, make).result()

    assert [type(answer).__name__ for answer in answers] == ["GotRun", "GotRun", "QuotaExceeded"]


def test_a_limit_below_the_current_use_changes_no_existing_data(sqlite_api: Api) -> None:
    run = sqlite_api.new_run()
    log(sqlite_api, run, 0, 1)

    put(sqlite_api, **RUNS, limit=0)
    put(sqlite_api, scope="workspace", measure="points", limit=1)

    log(sqlite_api, run, 2)
    sqlite_api.post("runs/update", run_id=run, status="FINISHED")
    refused(sqlite_api)
    assert sqlite_api.ask("DELETE", QUOTAS, RUNS).status == 200
    refused(sqlite_api)  # the other quota
    assert sqlite_api.ask("DELETE", QUOTAS, {**RUNS, "measure": "points"}).status == 200
    sqlite_api.new_run()
    assert shown(sqlite_api) == []


@pytest.mark.both
def test_uploads_are_counted_by_what_they_add_and_refused_when_they_do_not_fit(api: Api) -> None:
    put(api, scope="workspace", measure="bytes", limit=100)
    uri = api.post("runs/create", experiment_id="0")["run"]["info"]["artifact_uri"].removeprefix("mlflow-artifacts:/")
    place = f"/api/2.0/mlflow-artifacts/artifacts/{uri}"
    assert api.ask("PUT", f"{place}/one.bin", b"x" * 60).status == 200
    assert api.ask("PUT", f"{place}/one.bin", b"x" * 40).status == 200  # instead of the 60

    for headers in ({"content-length": "61"}, {}):  # with a length, and in chunks
        too_large = api.ask("PUT", f"{place}/two.bin", b"x" * 61, headers=headers)

        assert too_large.status == 403
        assert "has 40 of at most 100 bytes of artifacts and traces, and this call adds 61" in too_large.json["message"]
    assert api.ask("GET", f"{place}/two.bin").status == 404
    assert shown(api) == [("workspace", "", "bytes", 40, 100)]


def test_a_deletion_frees_quota_after_the_counting_job(start: Callable[..., Any]) -> None:
    from support.links import until

    api = start().api
    uri = api.post("runs/create", experiment_id="0")["run"]["info"]["artifact_uri"].removeprefix("mlflow-artifacts:/")
    file = f"/api/2.0/mlflow-artifacts/artifacts/{uri}/a.bin"
    assert api.ask("PUT", file, b"x" * 80).status == 200
    put(api, scope="workspace", measure="bytes", limit=100)  # 80 of it were there before
    until(lambda: shown(api) == [("workspace", "", "bytes", 80, 100)])

    assert api.ask("DELETE", file).status == 200

    until(lambda: shown(api) == [("workspace", "", "bytes", 0, 100)], said=lambda: api.get(QUOTAS))


@pytest.mark.both
def test_endpoints_and_jobs_are_limited_too(api: Api) -> None:
    put(api, scope="workspace", measure="endpoints", limit=0)
    put(api, scope="workspace", measure="jobs", limit=0)

    endpoint = api.ask("POST", "/api/trackside/v1/endpoints", {"name": "iris"})

    assert endpoint.status == 403
    assert "Workspace 'default' has 0 of at most 0 endpoints." in endpoint.json["message"]


@pytest.mark.both
def test_other_workspaces_have_quotas_of_their_own(api: Api) -> None:
    other = api.new_workspace("other-lab")
    put(api, **RUNS, limit=0)

    other.new_run()

    refused(api)
    assert shown(other) == []


def test_crossing_a_level_is_reported_once_in_each_direction(db: Any) -> None:
    def begin(tx: Tx) -> None:
        experiments.create_default(tx, "mlflow-artifacts:/")
        store.put(tx, Scope.WORKSPACE, "", Measure.RUNS, 10)

    def use(runs: int) -> list[tuple[str, str]]:
        db.writer.submit(1, lambda tx: usage.add(tx, {(0, ""): (runs, 0, 0)})).result()
        watch.step(db)
        watch.step(db)
        with db.read(1) as tx:
            return [
                (row[0], row[1])
                for row in tx.all(
                    """
                    SELECT action, detail FROM changes WHERE workspace_id = :ws AND entity = 'quota' AND action <> 'set'
                    ORDER BY seq
                    """
                )
            ]

    db.writer.submit(1, begin).result()

    told = [[action for action, _ in use(runs)] for runs in (7, 1, 2, -1, -3)]

    assert told == [
        [],
        ["warning"],
        ["warning", "exceeded"],
        ["warning", "exceeded", "warning"],
        ["warning", "exceeded", "warning", "eased"],
    ]


def test_an_invalid_quota_is_refused_with_a_valid_one(sqlite_api: Api, subtests: pytest.Subtests) -> None:
    cases: list[tuple[dict[str, Any], str]] = [
        ({"scope": "galaxy", "measure": "runs", "limit": 1}, "must be one of server, workspace, user, experiment"),
        ({"scope": "user", "measure": "hats", "subject": "a", "limit": 1}, "must be one of runs, points, bytes"),
        ({"scope": "user", "measure": "runs", "limit": 1}, "must be the name of a user"),
        ({"scope": "workspace", "subject": "a", "measure": "runs", "limit": 1}, "a quota of the workspace has none"),
        ({"scope": "experiment", "subject": "iris", "measure": "runs", "limit": 1}, "the id of an experiment"),
        ({"scope": "experiment", "subject": "0", "measure": "jobs", "limit": 1}, "limits runs, points, bytes"),
        ({"scope": "workspace", "measure": "runs", "limit": -1}, "limit is -1"),
        ({"scope": "workspace", "measure": "runs"}, "limit is None"),
    ]

    for quota, words in cases:
        with subtests.test(quota=quota):
            reply = sqlite_api.ask("PUT", QUOTAS, quota)

            assert reply.status == 400
            assert words in reply.json["message"]


def test_an_unknown_experiment_or_quota_is_not_found(sqlite_api: Api) -> None:
    unknown = {"scope": "experiment", "subject": "77", "measure": "runs", "limit": 1}

    assert sqlite_api.ask("PUT", QUOTAS, unknown).status == 404
    assert sqlite_api.ask("DELETE", QUOTAS, RUNS).status == 404


def test_a_scrape_has_limits_and_the_fullest_of_each_scope(sqlite_api: Api) -> None:
    put(sqlite_api, **RUNS, limit=4)
    put(sqlite_api, scope="user", subject="*", measure="runs", limit=2)
    for user in ("ann", "ann", "bo"):
        sqlite_api.ask("POST", "runs/create", {}, headers={"x-trackside-user": user})

    text = sqlite_api.ask("GET", "/metrics").body.decode()

    assert total(text, "trackside_quota_limit", measure="runs") == 4
    assert total(text, "trackside_quota_used_ratio", scope="workspace") == 0.75
    assert total(text, "trackside_quota_used_ratio", scope="user") == 1
    assert "ann" not in text
