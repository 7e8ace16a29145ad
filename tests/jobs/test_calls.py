"""The calls about jobs, queues and schedules, on both databases."""

from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

import pytest
from msgspec import structs

from jobs.conftest import JOBS, KINDS, SCHEDULES
from support.client import Api, Inside
from support.links import until
from support.people import OURS, People
from trackside import app
from trackside.core.settings import Settings

TIMES = "/api/trackside/v1/job-schedule-times"
QUEUE = "/api/trackside/v1/job-queue"


@pytest.fixture
def application(chosen: Settings, make_application: Callable[..., app.App]) -> app.App:
    return make_application(structs.replace(chosen, default_role=()), interval_factor=0.1, kinds=KINDS)


@pytest.fixture
def api(application: app.App) -> Iterator[Api]:
    inside = Inside(application.asgi)
    yield Api(inside)
    inside.close()


def start(api: Api, kind: str = "add", params: Any = None, **more: Any) -> Any:
    return api.post(JOBS, {"kind": kind, "params": params or {}, **more})["job"]


def job(api: Api, job_id: str) -> Any:
    return api.get(f"{JOBS}/{job_id}")["job"]


def ended(api: Api, job_id: str) -> Any:
    until(lambda: job(api, job_id)["state"] not in ("queued", "running"), "the job to end")
    return job(api, job_id)


def test_a_job_is_started_followed_and_shown(api: Api) -> None:
    made = start(api, params={"left": 2, "right": 3}, title="two and three", priority=7)

    found = ended(api, made["job_id"])
    log = api.get(f"{JOBS}/{made['job_id']}/logs")
    rest = api.get(f"{JOBS}/{made['job_id']}/logs", cursor=log["cursor"])

    assert (found["state"], found["result"], found["title"], found["priority"]) == (
        "succeeded",
        {"sum": 5},
        "two and three",
        7,
    )
    assert (log["lines"], log["is_complete"]) == (["2 + 3"], False)
    assert rest == {"cursor": log["cursor"], "is_complete": True}


@pytest.mark.both
def test_jobs_are_listed_the_newest_first_page_by_page(api: Api) -> None:
    ids = [start(api, params={"left": number})["job_id"] for number in range(3)]

    page = api.get(JOBS, max_results=2)
    rest = api.get(JOBS, max_results=2, page_token=page["next_page_token"])

    assert [each["job_id"] for each in [*page["jobs"], *rest["jobs"]]] == ids[::-1]
    assert "next_page_token" not in rest
    assert api.get(JOBS, kind="wait") == {}
    assert api.fault(JOBS, method="GET", state="done")[2].startswith("state is 'done'; it must be one of queued,")


def test_an_invalid_job_is_refused(api: Api, subtests: pytest.Subtests) -> None:
    cases: list[tuple[Any, str]] = [
        ({"kind": "x"}, "kind is 'x'; the kinds of jobs that can be started are: add, child, "),
        ({"kind": "fail"}, "kind is 'fail'"),  # only the server itself starts one
        ({}, "Missing value for required parameter 'kind'"),
        ({"kind": "add", "params": {"left": "x"}}, "params of a job of kind 'add': Expected `int`, got `str`"),
        ({"kind": "add", "params": {"right": -1}}, "right is -1; it must not be negative"),
        ({"kind": "add", "priority": 101}, "priority is 101"),
        ({"kind": "add", "timeout_s": 0}, "timeout_s is 0"),
        ({"kind": "add", "title": "x" * 501}, "title is"),
    ]

    for body, words in cases:
        with subtests.test(body=body):
            status, _, message = api.fault(JOBS, body)

            assert (status, words in message) == (400, True), message


def test_a_job_is_cancelled_retried_and_deleted(api: Api) -> None:
    job_id = start(api, "wait", {"text": "x"})["job_id"]
    until(lambda: job(api, job_id)["state"] == "running", "the job to run")
    refused = api.ask("DELETE", f"{JOBS}/{job_id}")

    api.post(f"{JOBS}/{job_id}/cancel")
    first = ended(api, job_id)
    api.post(f"{JOBS}/{job_id}/retry")
    api.post(f"{JOBS}/{job_id}/cancel")
    second = ended(api, job_id)
    api.post(f"{JOBS}/{job_id}/cancel")  # harmless

    assert refused.status == 400
    assert [first["state"], second["state"]] == ["cancelled", "cancelled"]
    assert api.ask("DELETE", f"{JOBS}/{job_id}").status == 200
    assert api.fault(f"{JOBS}/{job_id}", method="GET")[:2] == (404, "RESOURCE_DOES_NOT_EXIST")


def test_only_failed_and_cancelled_jobs_are_retried(api: Api) -> None:
    job_id = start(api)["job_id"]
    ended(api, job_id)

    assert api.fault(f"{JOBS}/{job_id}/retry")[1] == "INVALID_STATE"


@pytest.mark.both
def test_a_queue_is_paused_and_limited(api: Api) -> None:
    paused = api.ask("PATCH", QUEUE, {"is_paused": True, "max_running": 5}).json["queue"]
    job_id = start(api)["job_id"]
    waiting = api.get(QUEUE)["queue"]
    api.ask("PATCH", QUEUE, {"is_paused": False, "max_running": 0})
    ended(api, job_id)

    assert (paused["is_paused"], paused["max_running"], waiting["queued"]) == (True, 5, 1)
    assert api.get(QUEUE)["queue"] == {"running": 0, "queued": 0, "max_running": 2, "is_paused": False}
    assert api.ask("PATCH", QUEUE, {"max_running": -1}).status == 400


def test_the_kinds_are_listed_with_their_schemas(api: Api) -> None:
    kinds = {each["name"]: each for each in api.get("/api/trackside/v1/job-kinds")["kinds"]}

    assert set(kinds) >= {"add", "child", "score", "wait"}
    assert "left" in kinds["add"]["params"]["$defs"]["Add"]["properties"]


@pytest.mark.parametrize("name", ["score", "profile", "project"])
def test_the_schema_of_a_kind_lists_what_its_check_accepts(api: Api, name: str) -> None:
    kinds = {each["name"]: each for each in api.get("/api/trackside/v1/job-kinds")["kinds"]}
    (properties,) = (each["properties"] for each in kinds[name]["params"]["$defs"].values())
    needed = {"model": "models:/none/1", "input": "a.csv"} if name != "project" else {"run_id": "none"}

    for parameter in {"env", "input_format", "output_format", "batching"} & properties.keys():
        for choice in (*properties[parameter]["enum"], "other"):
            refused = api.fault("/api/trackside/v1/jobs", kind=name, params={**needed, parameter: choice})[2]
            assert refused.startswith(f"{parameter} is ") == (choice == "other"), (parameter, choice, refused)


# Schedules


@pytest.mark.both
def test_a_schedule_is_made_changed_run_and_deleted(api: Api) -> None:
    made = api.post(
        SCHEDULES, name="nightly", kind="add", params={"left": 1}, cron="0  3 * * *", timezone="Europe/Madrid"
    )
    changed = api.ask("PATCH", f"{SCHEDULES}/nightly", {"interval_s": 3600, "params": {"left": 4}}).json
    run = api.post(f"{SCHEDULES}/nightly/run")["job"]
    result = ended(api, run["job_id"])["result"]
    paused = api.ask("PATCH", f"{SCHEDULES}/nightly", {"is_paused": True}).json["schedule"]
    taken = api.fault(SCHEDULES, name="nightly", kind="add", interval_s=60)
    api.ask("DELETE", f"{SCHEDULES}/nightly")

    assert (made["schedule"]["cron"], made["schedule"]["timezone"]) == ("0 3 * * *", "Europe/Madrid")
    assert (changed["schedule"]["interval_s"], "cron" in changed["schedule"]) == (3600, False)
    assert (run["schedule"], result) == ("nightly", {"sum": 4})
    assert (paused["is_paused"], "next_at" in paused, paused["last_job_id"]) == (True, False, run["job_id"])
    assert taken[1] == "RESOURCE_ALREADY_EXISTS"
    assert api.get(SCHEDULES) == {}


def test_the_next_times_are_shown_before_a_schedule_is_created(api: Api) -> None:
    hours = api.get(TIMES, cron="0 * * * *", timezone="Asia/Kolkata")["times"]
    minutes = api.get(TIMES, interval_s=60)["times"]
    refused = api.ask("GET", f"{TIMES}?cron=0+0+31+2+*")

    assert [later - earlier for earlier, later in pairwise(hours)] == [3_600_000] * 4
    assert [each % 3_600_000 for each in hours] == [1_800_000] * 5  # the zone is half an hour off
    assert [later - earlier for earlier, later in pairwise(minutes)] == [60_000] * 4
    assert (refused.status, refused.json["message"][:39]) == (400, "cron is '0 0 31 2 *', which never fires")
    assert refused.json["reason"] == {"key": "cron-never", "values": {"cron": "0 0 31 2 *"}}
    unreadable = api.ask("GET", f"{TIMES}?cron=every+day")
    assert (unreadable.status, unreadable.json["reason"]["key"]) == (400, "cron")
    assert api.get(SCHEDULES) == {}


def test_a_schedule_that_can_never_work_is_refused(api: Api, subtests: pytest.Subtests) -> None:
    cases: list[tuple[Any, str]] = [
        ({"name": "a b", "interval_s": 60}, "name is 'a b'"),
        ({"cron": "0 0 31 2 *"}, "cron is '0 0 31 2 *'"),
        ({"cron": "* * * * *", "timezone": "Nowhere"}, "timezone is 'Nowhere'"),
        ({}, "a schedule needs either cron or interval_s"),
        ({"interval_s": 60, "params": {"right": -1}}, "right is -1"),
        ({"interval_s": 60, "kind": "fail"}, "kind is 'fail'"),
    ]

    for fields, words in cases:
        with subtests.test(fields=fields):
            status, _, message = api.fault(SCHEDULES, {"name": "s", "kind": "add", **fields})

            assert (status, words in message) == (400, True), message


# Rights


def test_a_job_needs_the_right_to_write_jobs_and_to_read_it_that_to_read(api: Api, application: app.App) -> None:
    people = People(api).begin(application)
    reader, writer = people.add("reader", "Reader"), people.add("writer", "Contributor")
    job_id = start(writer)["job_id"]

    assert job(reader, job_id)["user"] == "writer"
    assert reader.fault(JOBS, kind="add")[0] == 403
    assert reader.fault(f"{JOBS}/{job_id}/cancel")[0] == 403
    assert reader.fault(SCHEDULES, name="s", kind="add", interval_s=60)[0] == 403


def test_a_schedule_is_controlled_by_its_user_and_by_owners_of_the_workspace(api: Api, application: app.App) -> None:
    people = People(api).begin(application)
    ann, bo, cy = people.add("ann", "Contributor"), people.add("bo", "Contributor"), people.add("cy", "Owner")
    one = f"{SCHEDULES}/nightly"
    made = ann.post(SCHEDULES, name="nightly", kind="add", interval_s=3600)["schedule"]

    calls = [
        ("POST", f"{one}/run", {}),
        ("PATCH", one, {"is_paused": True}),
        ("PATCH", one, {"params": {"left": 1}}),
        ("DELETE", one, {}),
        ("POST", f"{OURS}/deletions", {"kind": "job_schedule", "name": "nightly"}),
    ]
    refused = [bo.ask(*call) for call in calls]
    by_ann = ann.post(f"{one}/run")["job"]
    by_cy = cy.post(f"{one}/run")["job"]

    assert [reply.status for reply in refused] == [403] * len(calls)
    assert {reply.json["message"].partition(".")[0] for reply in refused} == {
        "Permission denied: the schedule 'nightly' acts in the name of 'ann'"
    }
    assert (by_ann["user"], by_cy["user"]) == ("ann", "ann")
    assert (made["may_steer"], shown(bo), shown(cy), shown(people.admin)) == (True, False, True, True)
    assert cy.ask("PATCH", one, {"params": {"left": 1}}).json["schedule"]["user"] == "cy"  # and acts for cy from now on
    assert ann.ask("DELETE", one).status == 403
    assert cy.ask("DELETE", one).status == 200


@pytest.mark.both
@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (
            "demoted",
            "ann, who created it, does not have Microsoft.MachineLearningServices/workspaces/jobs/write in the whole",
        ),
        ("disabled", "ann, who created it, is disabled"),
        ("deleted", "the user who created it was deleted"),
    ],
)
def test_a_schedule_whose_user_may_not_start_jobs_any_more_is_paused_with_the_reason(
    api: Api, application: app.App, change: str, reason: str
) -> None:
    people, db = People(api).begin(application), application.asgi._database
    ann = people.add("ann")
    role = people.grant("ann", "Contributor", "/ws/default")
    ann.post(SCHEDULES, name="nightly", kind="add", interval_s=3600)
    match change:
        case "demoted":
            people.admin.ask("DELETE", f"{OURS}/role-assignments/{role}")
        case "disabled":
            people.admin.ask("PATCH", f"{OURS}/users/ann", {"is_disabled": True})
        case _:
            people.admin.ask("DELETE", f"{OURS}/users/ann")

    db.writer.submit(1, lambda tx: tx.run("UPDATE job_schedules SET next_at = 1 WHERE workspace_id = :ws")).result()
    until(lambda: people.admin.get(f"{SCHEDULES}/nightly")["schedule"]["is_paused"], "the schedule to be paused")

    paused = people.admin.get(f"{SCHEDULES}/nightly")["schedule"]
    told = people.admin.get(f"{OURS}/changes?entity=job_schedule")["changes"][0]
    resumed = people.admin.ask("PATCH", f"{SCHEDULES}/nightly", {"is_paused": False}).json["schedule"]
    assert paused["pause_reason"].startswith(reason)
    assert (told["action"], "pause_reason" in resumed) == ("update", False)
    assert people.admin.get(JOBS).get("jobs", []) == []


@pytest.mark.slow
def test_a_schedule_does_not_run_when_its_user_lost_the_needed_right(api: Api, application: app.App) -> None:
    people = People(api).begin(application)
    ann = people.add("ann")
    role = people.grant("ann", "Contributor", "/ws/default")
    ann.post(SCHEDULES, name="tidy", kind="empty-trash", interval_s=3600)
    people.deny("ann", "MLflow MANAGE", f"/ws/default/experiments/{people.admin.new_experiment('kept')}")

    assert ann.fault(f"{SCHEDULES}/tidy/run")[0] == 403
    assert role


def shown(api: Api) -> bool:
    (found,) = api.get(SCHEDULES)["schedules"]
    return bool(found["may_steer"])


@pytest.mark.slow
def test_an_owner_with_a_denied_part_of_the_workspace_controls_no_schedules_of_others(
    api: Api, application: app.App
) -> None:
    people = People(api).begin(application)
    ann, cy = people.add("ann", "Contributor"), people.add("cy", "Owner")
    people.deny("cy", "MLflow DENY", f"/ws/default/experiments/{people.admin.new_experiment('secret')}")
    ann.post(SCHEDULES, name="nightly", kind="add", interval_s=3600)

    assert cy.fault(f"{SCHEDULES}/nightly/run")[0] == 403


def test_a_job_is_queued_again_by_its_user_and_by_owners_of_the_workspace(api: Api, application: app.App) -> None:
    people = People(api).begin(application)
    ann, bo, cy = people.add("ann", "Contributor"), people.add("bo", "Contributor"), people.add("cy", "Owner")
    api_of = {"ann": ann, "bo": bo, "cy": cy}
    job_id = start(ann, "wait", {"text": "x"})["job_id"]

    assert bo.post(f"{JOBS}/{job_id}/cancel")["job"]["job_id"] == job_id  # which acts in nobody's name
    ended(ann, job_id)

    assert bo.fault(f"{JOBS}/{job_id}/retry")[0] == 403
    assert {name: each.get(f"{JOBS}/{job_id}").get("may_retry", True) for name, each in api_of.items()} == {
        "ann": True,
        "bo": False,
        "cy": True,
    }
    assert cy.post(f"{JOBS}/{job_id}/retry")["job"]["user"] == "ann"
    cy.post(f"{JOBS}/{job_id}/cancel")
    ended(ann, job_id)


def test_the_deletion_of_a_workspace_deletes_its_jobs(api: Api) -> None:
    north = api.new_workspace("north")
    job_id = start(north, "wait", {"text": "x"})["job_id"]
    until(lambda: job(north, job_id)["state"] == "running", "the job to run")
    kept = api.ask("DELETE", "/api/3.0/mlflow/workspaces/north?mode=RESTRICT")
    gone = api.ask("DELETE", "/api/3.0/mlflow/workspaces/north?mode=CASCADE")

    assert (kept.status, gone.status // 100) == (400, 2)
    assert "jobs that wait or run" in kept.json["message"]
