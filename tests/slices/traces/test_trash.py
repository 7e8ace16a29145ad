"""Traces in the trash: deleted by MLflow's call, seen by no call of MLflow, restored, and purged."""

from typing import Any

import pytest

from slices.backup.conftest import settings_of
from slices.cleanup.test_jobs import ended
from support.client import Api
from support.people import OURS
from support.processes.servers import Server
from support.traces import Sent, export, names, search, spans_of, start, trace_id
from trackside.cli.stores import open_database
from trackside.core.work import backup_lease as lease

TRASH = f"{OURS}/trash"


def trash(api: Api) -> list[tuple[str, str]]:
    return [(each["kind"], each["id"]) for each in api.get(TRASH).get("items", [])]


def restore(api: Api, number: int = 1) -> Any:
    return api.ask("POST", f"{TRASH}/restore", {"kind": "trace", "id": trace_id(number)})


def delete(api: Api, *numbers: int, experiment: str = "0") -> None:
    api.post("traces/delete-traces", experiment_id=experiment, request_ids=[trace_id(each) for each in numbers])


def spans_counted(api: Api) -> int:
    asked = {"view_type": "SPANS", "metric_name": "span_count", "aggregations": [{"aggregation_type": "COUNT"}]}
    points = api.post("traces/metrics", experiment_ids=["0"], version="3.0", **asked).get("data_points", [])
    return int(points[0]["values"]["COUNT"]) if points else 0


def fill(api: Api) -> None:
    start(api, tags={"mlflow.traceName": "ask", "team": "blue"}, trace_metadata={"mlflow.trace.session": "s1"})
    export(api, Sent(1, name="root"), Sent(2, parent=1, name="leaf", attributes={"word": "needle"}))
    api.post(
        f"traces/{trace_id(1)}/assessments",
        version="3.0",
        assessment={
            "assessment_name": "good",
            "trace_id": trace_id(1),
            "source": {"source_type": "HUMAN", "source_id": "eva"},
            "feedback": {"value": True},
        },
    )
    export(api, Sent(1, trace=2, name="other"))


def test_a_restored_trace_has_its_places_in_review_queues_again(api: Api) -> None:
    def ask(path: str, **fields: Any) -> Any:
        return api.post(f"review-queues/{path}", version="3.0", **fields)

    def listed(**fields: str) -> list[tuple[str, str]]:
        found = api.get("review-queues/items/list", version="3.0", queue_id=queue, **fields)
        return [(each["item_id"], each["status"]) for each in found.get("items", [])]

    fill(api)
    schema = api.post(
        "label-schemas/create", version="3.0", experiment_id="0", name="right", type="FEEDBACK", input={"text": {}}
    )["label_schema"]["schema_id"]
    queue = ask("create", experiment_id="0", name="week", queue_type="CUSTOM")["review_queue"]["queue_id"]
    ask("items/add", queue_id=queue, item_ids=[trace_id(1)])
    ask("items/set-status", queue_id=queue, item_id=trace_id(1), status="COMPLETE", completed_by="eva")

    delete(api, 1)

    assert listed() == []
    assert api.get("review-queues/list", version="3.0", experiment_id="0", item_id=trace_id(1)) == {}
    ask("items/remove", queue_id=queue, item_ids=[trace_id(1)])  # a trace in the trash is in no queue that a call sees
    ask("update", queue_id=queue, update_schema_ids=True, schema_ids=[schema])
    assert restore(api).status == 200
    assert listed() == [(trace_id(1), "COMPLETE")]


def test_no_call_of_mlflow_finds_a_deleted_trace(api: Api) -> None:
    fill(api)
    before, spans = search(api), spans_of(api)

    delete(api, 1)

    one = f"/api/3.0/mlflow/traces/{trace_id(1)}"
    calls = [("GET", one, None), ("PATCH", f"{one}/tags", {"key": "a", "value": "b"})]
    calls += [("GET", f"/api/2.0/mlflow/traces/{trace_id(1)}/info", None)]
    calls += [("DELETE", f"{one}/tags", {"key": "team"})]
    assert [api.ask(method, path, body).status for method, path, body in calls] == [404] * 4
    assert api.ask("GET", "/api/3.0/mlflow/traces/get", arguments={"trace_id": trace_id(1)}).status == 404
    assert api.get("traces/batchGet", trace_ids=[trace_id(1)], version="3.0") == {}
    assert names(api) == [2]
    for filter_text in (
        "span.name = 'leaf'",
        "tag.team = 'blue'",
        "feedback.good = 'true'",
        "trace.text LIKE '%needle%'",
    ):
        assert names(api, filter_text) == []
    assert spans_counted(api) == 1
    sessions = api.get(f"{OURS}/traces/sessions", experiment_id="0")
    assert sessions.get("sessions", []) == []
    assert api.post("traces/delete-traces", experiment_id="0", request_ids=[trace_id(1)]) == {"traces_deleted": 0}

    assert trash(api) == [("trace", trace_id(1))]
    assert restore(api).status == 200
    assert (search(api), spans_of(api), spans_counted(api)) == (before, spans, 3)
    assert names(api, "span.name = 'leaf' AND feedback.good = 'true'") == [1]
    assert trash(api) == []
    assert restore(api).status == 200  # it is not in the trash


def test_a_new_trace_may_have_the_id_of_a_deleted_one(api: Api) -> None:
    for name in ("first", "second", "third"):
        export(api, Sent(1, name=name))
        if name != "third":
            delete(api, 1)

    assert [span["name"] for span in spans_of(api)] == ["third"]
    assert trash(api) == []  # what would be in the way of the new one is not offered
    reply = restore(api)
    assert (reply.status, reply.json["error_code"]) == (400, "RESOURCE_ALREADY_EXISTS")
    delete(api, 1)
    assert trash(api) == [("trace", trace_id(1))]
    restore(api)
    assert [span["name"] for span in spans_of(api)] == ["third"]


def test_a_trace_that_is_sent_again_keeps_the_ids_of_its_assessments(api: Api) -> None:
    fill(api)
    (found,) = [each for each in search(api) if each["trace_id"] == trace_id(1)]
    delete(api, 1)

    start(api, assessments=found["assessments"])

    (again,) = [each for each in search(api) if each["trace_id"] == trace_id(1)]
    assert again["assessments"] == found["assessments"]


def test_the_restoration_of_a_trace_needs_its_experiment(api: Api) -> None:
    shop = api.new_experiment("shop")
    export(api, Sent(1), experiment_id=shop)
    delete(api, 1, experiment=shop)
    api.post("experiments/delete", experiment_id=shop)

    reply = restore(api)

    assert reply.status == 400
    assert "Restore the experiment first" in reply.json["message"]
    assert restore(api, 9).status == 404
    api.post("experiments/restore", experiment_id=shop)
    assert restore(api).status == 200


def test_the_trash_is_emptied_by_age_except_traces_on_hold(working_api: Api) -> None:
    api = working_api
    fill(api)
    shop = api.new_experiment("shop")
    export(api, Sent(1, trace=3), experiment_id=shop)
    delete(api, 1)
    delete(api, 3, experiment=shop)
    export(api, Sent(1, name="again"))
    api.post(f"{OURS}/holds", kind="experiment", id=shop, reason="a lawsuit")

    assert ended(api, "empty-trash", older_than_days=1)["result"]["items"] == 0
    freed = ended(api, "empty-trash", older_than_days=0)["result"]

    assert (freed["items"], len(freed["kept"])) == (1, 1)
    assert freed["row_bytes"] > 50
    assert trash(api) == [("trace", trace_id(3))]
    assert [span["name"] for span in spans_of(api)] == ["again"]
    assert sorted(names(api)) == [1, 2]


def attach(api: Api, number: int, *, experiment: str = "0") -> str:
    path = f"{experiment}/traces/{trace_id(number)}/artifacts/attachments/{'a' * 32}"
    assert api.ask("PUT", f"/api/2.0/mlflow-artifacts/artifacts/{path}", b"x" * 1000).status == 200
    return path


@pytest.mark.both
def test_whatever_purges_traces_deletes_their_attachments(any_server: Server) -> None:
    api = any_server.api
    shop = api.new_experiment("shop")
    for number in range(1, 6):
        export(api, Sent(1, trace=number, start=number), experiment_id=shop if number == 5 else "0")
    first, again, kept, ruled = (attach(api, number) for number in range(1, 5))
    whole = attach(api, 5, experiment=shop)
    delete(api, 1, 2)
    export(api, Sent(1, trace=2, start=20))  # it comes again, with the attachments of its id

    def there(*paths: str) -> list[bool]:
        return [(any_server.data / "artifacts" / path).is_file() for path in paths]

    freed = ended(api, "empty-trash", older_than_days=0)["result"]
    assert (freed["items"], freed["file_count"], freed["file_bytes"], freed["kept"]) == (2, 1, 1000, [])
    assert there(first, again, kept, ruled, whole) == [False, True, True, True, True]
    freed = ended(api, "trace-retention", experiments="Default", keep_last=2, most_percent=100)["result"]
    assert (freed["items"], freed["file_count"]) == (1, 1)
    assert there(again, kept, ruled) == [True, False, True]
    done = api.post(f"{OURS}/deletions", {"kind": "experiment", "experiment_id": shop, "confirm": "shop"})
    assert (done["file_count"], done["file_bytes"], there(whole)) == (1, 1000, [False])
    assert list(any_server.data.glob(f"artifacts/*/traces/{trace_id(1)}*")) == []


def test_a_rule_deletes_no_traces_during_a_backup(server: Server) -> None:
    fill(server.api)
    delete(server.api, 1, 2)
    db = open_database(settings_of(server.data))

    with lease.held(db, "20260101T000000Z-abcdef"):
        during = ended(server.api, "empty-trash", older_than_days=0)["result"]
    after = ended(server.api, "empty-trash", older_than_days=0)["result"]
    db.close()

    assert (during["items"], after["items"]) == (0, 2)
    assert "is running" in during["kept"][0]
