"""Review queues: made, renamed and deleted; traces are added to them and get a status; a deleted trace leaves them."""

from typing import Any

import pytest

from support.client import Api
from support.people import People
from support.traces import start, trace_id
from trackside.app import App


def ask(api: Api, path: str, **fields: Any) -> Any:
    reply = api.ask("POST", f"review-queues/{path}", fields, version="3.0")
    return reply.json if reply.status == 200 else (reply.status, reply.json["message"])


def create(api: Api, name: str = "Tone", **fields: Any) -> Any:
    made = ask(api, "create", **{"experiment_id": "0", "name": name, "queue_type": "CUSTOM", **fields})
    return made["review_queue"] if isinstance(made, dict) else made


def names(api: Api, **arguments: Any) -> list[str]:
    found = api.get("review-queues/list", experiment_id="0", version="3.0", **arguments)
    return sorted(each["name"] for each in found.get("review_queues", []))


def items(api: Api, queue_id: str, **arguments: Any) -> list[tuple[str, str]]:
    found = api.get("review-queues/items/list", queue_id=queue_id, version="3.0", **arguments).get("items", [])
    return sorted((each["item_id"], each["status"]) for each in found)


def question(api: Api, experiment_id: str = "0") -> str:
    fields = {"experiment_id": experiment_id, "name": "ok?", "type": "FEEDBACK", "input": {"text": {}}}
    made: str = api.post("label-schemas/create", fields, version="3.0")["label_schema"]["schema_id"]
    return made


@pytest.mark.both
def test_a_queue_is_returned_by_id_and_by_name_in_any_case(api: Api) -> None:
    schema_id = question(api)

    made = create(api, " Tone ", users=["Bo ", "ada", "BO"], schema_ids=[schema_id])

    assert made == {
        "queue_id": made["queue_id"],
        "experiment_id": "0",
        "name": "Tone",
        "queue_type": "CUSTOM",
        "creation_time_ms": made["creation_time_ms"],
        "last_update_time_ms": made["creation_time_ms"],
        "users": ["ada", "bo"],
        "schema_ids": [schema_id],
    }
    assert api.get("review-queues/get", queue_id=made["queue_id"], version="3.0")["review_queue"] == made
    found = api.get("review-queues/get-by-name", experiment_id="0", name="TONE", version="3.0")["review_queue"]
    assert found == made
    assert create(api, "tone") == (
        400,
        "Review queue with name 'tone' already exists (names are case-insensitive).",
    )


def test_a_user_has_one_queue_with_their_name(api: Api) -> None:
    first, second = (ask(api, "get-or-create-user", experiment_id="0", user=user) for user in ("Bo", " bo"))

    assert first == second
    queue = first["review_queue"]
    assert (queue["name"], queue["queue_type"], queue["users"], queue["created_by"]) == ("bo", "USER", ["bo"], "bo")
    assert "are fixed and cannot be updated" in ask(api, "update", queue_id=queue["queue_id"], name="x")[1]
    create(api, "Ada")
    assert "A non-user queue named 'ada'" in ask(api, "get-or-create-user", experiment_id="0", user="ada")[1]


@pytest.mark.both
def test_traces_are_added_once_and_keep_their_status(api: Api) -> None:
    queue_id = create(api)["queue_id"]
    for number in (1, 2):
        start(api, number)

    added = ask(api, "items/add", queue_id=queue_id, item_ids=[trace_id(2), trace_id(1), f" {trace_id(2)} "])["items"]
    done = ask(api, "items/set-status", queue_id=queue_id, item_id=trace_id(2), status="COMPLETE", completed_by=" Bo")[
        "item"
    ]
    again = ask(api, "items/set-status", queue_id=queue_id, item_id=trace_id(2), status="COMPLETE", completed_by="ada")
    ask(api, "items/add", queue_id=queue_id, item_ids=[trace_id(2)])

    assert [(each["item_id"], each["item_type"], each["status"]) for each in added] == [
        (trace_id(2), "TRACE", "PENDING"),
        (trace_id(1), "TRACE", "PENDING"),
    ]
    assert (done["status"], done["completed_by"], done["completed_time_ms"]) == (
        "COMPLETE",
        "bo",
        done["last_update_time_ms"],
    )
    assert again["item"] == done
    assert items(api, queue_id) == [(trace_id(1), "PENDING"), (trace_id(2), "COMPLETE")]
    assert items(api, queue_id, status="PENDING") == [(trace_id(1), "PENDING")]
    opened = ask(api, "items/set-status", queue_id=queue_id, item_id=trace_id(2), status="PENDING")["item"]
    assert ("completed_by" in opened, "completed_time_ms" in opened) == (False, False)
    ask(api, "items/remove", queue_id=queue_id, item_ids=[trace_id(1), "tr-none"])
    assert items(api, queue_id) == [(trace_id(2), "PENDING")]


def test_a_trace_of_another_experiment_is_not_added(api: Api) -> None:
    queue_id = create(api)["queue_id"]
    start(api, 1)
    start(api, 2, experiment_id=api.new_experiment("other"))

    status, message = ask(api, "items/add", queue_id=queue_id, item_ids=[trace_id(1), trace_id(2)])

    assert (status, message) == (
        404,
        f"Cannot attach trace(s) ['{trace_id(2)}'] to review queue '{queue_id}': they do not exist in experiment '0'.",
    )
    assert items(api, queue_id) == []


@pytest.mark.both
def test_a_trace_that_is_deleted_or_moved_leaves_its_queues(api: Api) -> None:
    queue_id = create(api)["queue_id"]
    for number in (1, 2, 3):
        start(api, number)
    ask(api, "items/add", queue_id=queue_id, item_ids=[trace_id(number) for number in (1, 2, 3)])

    api.post("traces/delete-traces", experiment_id="0", request_ids=[trace_id(1)], version="3.0")
    start(api, 2, experiment_id=api.new_experiment("other"))

    assert items(api, queue_id) == [(trace_id(3), "PENDING")]


@pytest.mark.both
def test_queues_are_found_by_user_and_by_trace(api: Api) -> None:
    start(api)
    first = create(api, "first", users=["bo"])["queue_id"]
    create(api, "second", users=["ada", "bo"])
    ask(api, "items/add", queue_id=first, item_ids=[trace_id(1)])

    assert names(api) == ["first", "second"]
    assert names(api, user="ADA") == ["second"]
    assert names(api, item_id=trace_id(1)) == ["first"]
    assert names(api, user="ada", item_id=trace_id(1)) == []
    page = api.get("review-queues/list", experiment_id="0", max_results=1, version="3.0")
    rest = api.get("review-queues/list", experiment_id="0", page_token=page["next_page_token"], version="3.0")
    found = [*page["review_queues"], *rest["review_queues"]]
    assert sorted(each["name"] for each in found) == ["first", "second"]


@pytest.mark.both
def test_the_questions_of_a_queue_with_items_stay(api: Api) -> None:
    start(api)
    schema_id = question(api)
    queue_id = create(api)["queue_id"]
    create(api, "taken")

    changed = ask(
        api,
        "update",
        queue_id=queue_id,
        update_schema_ids=True,
        schema_ids=[schema_id],
        update_users=True,
        users=["bo"],
        name="Other",
        new_owner="Ada",
    )["review_queue"]
    ask(api, "items/add", queue_id=queue_id, item_ids=[trace_id(1)])

    found = (changed["name"], changed["users"], changed["schema_ids"], changed["created_by"])
    assert found == ("Other", ["bo"], [schema_id], "Ada")
    assert "questions are locked" in ask(api, "update", queue_id=queue_id, update_schema_ids=True)[1]
    assert "already exists" in ask(api, "update", queue_id=queue_id, name="TAKEN")[1]
    assert ask(api, "update", queue_id=queue_id, update_users=True)["review_queue"].get("users") is None


@pytest.mark.both
def test_deleting_a_queue_twice_is_harmless(api: Api) -> None:
    start(api)
    queue_id = create(api, users=["bo"])["queue_id"]
    ask(api, "items/add", queue_id=queue_id, item_ids=[trace_id(1)])

    assert [ask(api, "delete", queue_id=queue_id) for _ in range(2)] == [{}, {}]
    assert api.ask("GET", f"review-queues/get?queue_id={queue_id}", version="3.0").status == 404
    assert (names(api, user="bo"), names(api, item_id=trace_id(1))) == ([], [])


def test_a_reviewer_who_signed_in_is_named_whatever_the_call_says(api: Api, application: App) -> None:
    start(api)
    people = People(api).begin(application)
    bo = people.add("bo", "Contributor")

    queue = create(bo, created_by="ada")
    ask(bo, "items/add", queue_id=queue["queue_id"], item_ids=[trace_id(1)])
    done = {"queue_id": queue["queue_id"], "item_id": trace_id(1), "status": "DECLINED", "completed_by": "ada"}

    assert queue["created_by"] == "bo"
    assert ask(bo, "items/set-status", **done)["item"]["completed_by"] == "bo"


def test_an_invalid_queue_is_refused(api: Api, subtests: pytest.Subtests) -> None:
    cases: list[tuple[dict[str, Any], str]] = [
        ({"name": "Default"}, "`Default` is a reserved queue name"),
        ({"name": " "}, "`name` must be a non-empty string"),
        ({"name": "x" * 251}, "`name` must be at most 250 characters; got 251"),
        ({"queue_type": "OTHER"}, "`queue_type` must be one of USER or CUSTOM"),
        ({"queue_type": None}, "`queue_type` must be one of USER or CUSTOM"),
        ({"queue_type": "USER", "users": ["ada"]}, "must have exactly one assigned user"),
        ({"queue_type": "USER", "schema_ids": ["ls-1"]}, "cannot have explicitly-attached schemas"),
        ({"users": [""]}, "`user` must be a non-empty string"),
        ({"users": [str(number) for number in range(11)]}, "at most 10 assigned users; got 11"),
        ({"schema_ids": ["ls-1"]}, "Label schema id(s) ['ls-1'] not found for experiment '0'."),
    ]

    for fields, message in cases:
        with subtests.test(fields=fields):
            status, text = create(api, **fields)

            assert status == 400
            assert message in text


def test_an_invalid_status_is_refused(api: Api, subtests: pytest.Subtests) -> None:
    cases: list[tuple[dict[str, Any], str]] = [
        ({"status": "OTHER"}, "`status` must be one of"),
        ({"status": None}, "`status` must be one of"),
        ({"status": "COMPLETE"}, "`completed_by` is required when setting status to `complete`."),
        ({"status": "PENDING", "completed_by": "bo"}, "`completed_by` must not be set"),
        ({"item_id": "tr-none", "status": "PENDING"}, "Item 'tr-none' is not attached"),
    ]

    start(api)
    queue_id = create(api)["queue_id"]
    ask(api, "items/add", queue_id=queue_id, item_ids=[trace_id(1)])

    for fields, message in cases:
        with subtests.test(fields=fields):
            status, text = ask(api, "items/set-status", **{"queue_id": queue_id, "item_id": trace_id(1), **fields})

            assert status in (400, 404)
            assert message in text
