"""Scorers, questions, queues and issues that an import adds to an experiment."""

from typing import Any

import pytest

from support.client import Api
from support.traces import start, trace_id

CALL = "/api/trackside/v1/sync/reviews"
QUESTION = {
    "schema_id": "ls-1",
    "name": "right",
    "type": "FEEDBACK",
    "input": {"text": {}},
    "created_at": 10,
    "last_updated_at": 20,
}
QUEUE = {
    "queue_id": "rq-1",
    "name": "Week 48",
    "queue_type": "CUSTOM",
    "users": ["ada"],
    "schema_ids": ["ls-1", "ls-default"],
    "creation_time_ms": 10,
    "last_update_time_ms": 20,
}
ISSUE = {
    "issue_id": "iss-1",
    "name": "slow",
    "description": "long",
    "status": "pending",
    "created_timestamp": 10,
    "last_updated_timestamp": 20,
}
SCORER: dict[str, Any] = {
    "scorer_id": "sc-1",
    "name": "tone",
    "versions": [{"version": 2, "serialized_scorer": "{}", "creation_time": 10}],
}

CODE = '{"call_source": "x"}'


def put(api: Api, **fields: Any) -> list[tuple[str, str | None]]:
    """Return what became of each object, and why."""
    reply = api.ask("POST", CALL, {"experiment_id": "0", **fields})
    assert reply.status == 200, reply.json
    return [(each["how"], each.get("reason")) for each in reply.json.get("outcomes", [])]


def item(number: int, status: str = "COMPLETE", at: int = 30) -> dict[str, Any]:
    by = {} if status == "PENDING" else {"completed_by": "ada", "completed_time_ms": at}
    return {"item_id": trace_id(number), "status": status, "creation_time_ms": 10, "last_update_time_ms": at, **by}


@pytest.mark.both
def test_objects_are_sent_once_and_again_after_changes(api: Api) -> None:
    start(api, 1)
    given: dict[str, Any] = {
        "scorers": [SCORER],
        "label_schemas": [QUESTION],
        "review_queues": [{**QUEUE, "items": [item(1)]}],
        "issues": [ISSUE],
        "default_schema_id": "ls-default",
    }

    assert put(api, **given, dry_run=True) == [("new", None)] * 4
    assert put(api, **given) == [("new", None)] * 4
    assert put(api, **given) == [("same", None)] * 4
    changed = put(
        api,
        scorers=[{**SCORER, "versions": [*SCORER["versions"], {"version": 3, "serialized_scorer": "{}"}]}],
        label_schemas=[{**QUESTION, "name": "correct", "last_updated_at": 21}],
        review_queues=[{**QUEUE, "items": [item(1, "PENDING", 31)]}],
        issues=[{**ISSUE, "status": "resolved", "last_updated_timestamp": 21}],
    )

    assert changed == [("changed", None)] * 4
    question = api.get("label-schemas/get", version="3.0", schema_id="ls-1")["label_schema"]
    assert (question["name"], question["created_at"], question["last_updated_at"]) == ("correct", 10, 21)
    (queue,) = api.get("review-queues/list", version="3.0", experiment_id="0")["review_queues"]
    assert (queue["queue_id"], queue["users"], queue["schema_ids"]) == ("rq-1", ["ada"], ["ls-1", f"ls-{0:032x}"])
    (waiting,) = api.get("review-queues/items/list", version="3.0", queue_id="rq-1")["items"]
    assert (waiting["status"], waiting.get("completed_by")) == ("PENDING", None)
    assert api.get("issues/iss-1", version="3.0")["issue"]["status"] == "resolved"
    versions = api.get("scorers/versions", version="3.0", experiment_id="0", name="tone")["scorers"]
    assert [(each["scorer_version"], each["scorer_id"]) for each in versions] == [(2, "sc-1"), (3, "sc-1")]


def test_an_empty_object_is_skipped(api: Api, subtests: pytest.Subtests) -> None:
    for kind in ("scorers", "label_schemas", "review_queues", "issues"):
        with subtests.test(kind=kind):
            ((how, reason),) = put(api, **{kind: [{}]})

            assert (how, bool(reason)) == ("failed", True)


@pytest.mark.both
def test_later_local_changes_are_kept(api: Api) -> None:
    put(api, label_schemas=[QUESTION])
    api.ask("PATCH", "label-schemas/update", {"schema_id": "ls-1", "name": "ours"}, version="3.0")

    assert put(api, label_schemas=[{**QUESTION, "last_updated_at": 21}]) == [("same", None)]
    assert api.get("label-schemas/get", version="3.0", schema_id="ls-1")["label_schema"]["name"] == "ours"


def test_only_invalid_objects_are_skipped(api: Api) -> None:
    other = api.new_experiment("other")
    put(api, label_schemas=[QUESTION], review_queues=[QUEUE], scorers=[SCORER])

    made = put(
        api,
        experiment_id=other,
        label_schemas=[QUESTION, {**QUESTION, "schema_id": "ls-2"}, {**QUESTION, "schema_id": "ls 3", "name": "x"}],
    )
    same_names = put(
        api,
        scorers=[
            {**SCORER, "versions": [{"version": 2, "serialized_scorer": '{"name": "other"}'}]},
            {**SCORER, "scorer_id": "sc-2", "name": "code", "versions": [{"version": 1, "serialized_scorer": CODE}]},
        ],
        label_schemas=[{**QUESTION, "schema_id": "ls-4"}],
        review_queues=[{**QUEUE, "queue_id": "rq-2", "name": "WEEK 48"}, {**QUEUE, "items": [item(7)]}],
    )  # fmt: skip

    assert [how for how, _ in made] == ["failed", "new", "failed"]
    assert made[0][1] == "this workspace has it in another experiment"
    assert '"ls 3"' in str(made[2][1])
    assert [how for how, _ in same_names] == ["failed", "failed", "failed", "failed", "same"]
    assert same_names[0][1] == "the version 2 in this workspace has another content"
    assert "already exists" in str(same_names[2][1])
    assert "already exists" in str(same_names[3][1])
    assert same_names[4][1] == "1 of its traces are not in the experiment of this workspace"


def test_a_call_over_the_limit_is_refused_with_the_limit(api: Api, subtests: pytest.Subtests) -> None:
    cases: list[tuple[dict[str, Any], str]] = [
        ({"experiment_id": "77"}, "No Experiment with id=77 exists"),
        ({"issues": [ISSUE] * 501}, "One call has 501 issues; at most 500 are allowed."),
        ({"review_queues": [{**QUEUE, "items": [item(1)] * 5_001}]}, "One call has 5001 items of review queues"),
        ({"issues": [{**ISSUE, "created_timestamp": "soon"}]}, "created_timestamp"),
    ]

    for fields, message in cases:
        with subtests.test(fields=fields):
            reply = api.ask("POST", CALL, {"experiment_id": "0", **fields})

            assert 400 <= reply.status < 500
            assert message in reply.json["message"]
