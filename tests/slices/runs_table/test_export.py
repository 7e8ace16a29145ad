"""Exports of runs and points, tags with a check, and relations of runs."""

import csv
import io
import json
from typing import Any

import pytest

from support.client import Api

OURS = "/api/trackside/v1"


def export(api: Api, path: str, **fields: Any) -> str:
    reply = api.ask("POST", f"{OURS}/{path}", fields)
    assert reply.status == 200, reply
    return reply.body.decode()


def log(api: Api, name: str, value: Any, param: str) -> str:
    run_id = api.new_run(run_name=name)
    api.post("runs/log-metric", run_id=run_id, key="m", value=value, timestamp=5, step=1)
    api.post("runs/log-parameter", run_id=run_id, key="p", value=param)
    return run_id


@pytest.mark.both
def test_runs_are_exported_as_csv_and_json_lines(api: Api) -> None:
    a = log(api, 'a, "b"', "NaN", "=1+1")
    log(api, "c", 2.0, "-3")
    asked: dict[str, Any] = {"experiment_ids": ["0"], "columns": ["metrics.m", "params.p"], "order_by": ["run_name"]}

    rows = list(csv.DictReader(io.StringIO(export(api, "runs/export", **asked))))
    lines = [json.loads(line) for line in export(api, "runs/export", **asked, format="jsonl").splitlines()]

    assert [(row["run_name"], row["metrics.m"], row["params.p"]) for row in rows] == [
        ('a, "b"', "NaN", "'=1+1"),
        ("c", "2.0", "-3"),
    ]
    assert rows[0]["run_id"] == a
    assert [(line["run_name"], line["metrics.m"], line["params.p"]) for line in lines] == [
        ('a, "b"', "NaN", "=1+1"),
        ("c", 2.0, "-3"),
    ]


@pytest.mark.both
def test_datasets_are_exported_as_text_or_as_objects(api: Api) -> None:
    run_id = api.new_run()
    for name, tags in (("=iris", [{"key": "mlflow.data.context", "value": "train"}]), ("wine", [])):
        dataset = {"name": name, "digest": "1f", "source_type": "local", "source": "s"}
        api.post("runs/log-inputs", run_id=run_id, datasets=[{"dataset": dataset, "tags": tags}])
    asked: dict[str, Any] = {"experiment_ids": ["0"], "columns": ["datasets"]}

    (row,) = csv.DictReader(io.StringIO(export(api, "runs/export", **asked)))
    line = json.loads(export(api, "runs/export", **asked, format="jsonl"))

    assert row["datasets"] == "'=iris (train), wine"
    assert line["datasets"] == [
        {"name": "=iris", "digest": "1f", "context": "train"},
        {"name": "wine", "digest": "1f", "context": None},
    ]


@pytest.mark.slow
def test_more_runs_than_a_piece_has_are_exported(api: Api) -> None:
    experiment = api.new_experiment("many")
    for _ in range(1001):
        api.new_run(experiment)

    assert len(export(api, "runs/export", experiment_ids=[experiment]).splitlines()) == 1002


@pytest.mark.both
def test_points_are_exported(api: Api) -> None:
    run_id = log(api, "a", 1.5, "x")

    text = export(api, "metrics/export", series=[{"run_id": run_id, "key": "m"}, {"run_id": "f" * 32, "key": "m"}])

    assert text.splitlines() == ["run_id,key,step,timestamp,value", f"{run_id},m,1,5,1.5"]


def test_a_mistake_is_refused_with_its_reason(api: Api, subtests: pytest.Subtests) -> None:
    cases: list[tuple[str, dict[str, Any]]] = [
        ("runs/export", {"experiment_ids": ["0"], "format": "xlsx"}),
        ("runs/export", {"experiment_ids": ["0"], "columns": ["nothing.x"]}),
        ("runs/export", {"experiment_ids": ["0"], "filter": "("}),
        ("metrics/export", {"series": []}),
    ]

    for path, fields in cases:
        with subtests.test(path=path, fields=fields):
            assert api.fault(f"{OURS}/{path}", fields)[:2] == (400, "INVALID_PARAMETER_VALUE")


@pytest.mark.both
def test_a_tag_that_somebody_else_changed_is_not_overwritten(api: Api) -> None:
    run_id = api.new_run()
    for owner in (f"runs/{run_id}", "experiments/0"):
        path = f"{OURS}/{owner}/edit-tag"

        assert api.post(path, key="mlflow.note.content", value="one") == {"key": "mlflow.note.content", "value": "one"}
        late = api.fault(path, key="mlflow.note.content", value="two")
        wrong = api.fault(path, key="mlflow.note.content", value="two", expected="zero")
        api.post(path, key="mlflow.note.content", value="two", expected="one")
        gone = api.post(path, key="mlflow.note.content", expected="two")

        assert late[:2] == wrong[:2] == (409, "RESOURCE_CONFLICT")
        assert "'one'" in wrong[2]
        assert gone == {"key": "mlflow.note.content", "value": None}
        assert api.fault(path, key="mlflow.note.content", value="x", expected="two")[0] == 409
    assert "mlflow.note.content" not in api.tags(run_id)
    assert api.fault(f"{OURS}/runs/{'f' * 32}/edit-tag", key="k", value="v")[0] == 404


@pytest.mark.both
def test_a_run_knows_its_ancestors_and_its_children(api: Api) -> None:
    top = api.new_run(run_name="top")
    middle = api.new_run(run_name="middle", tags=[{"key": "mlflow.parentRunId", "value": top}])
    low = api.new_run(run_name="low", tags=[{"key": "mlflow.parentRunId", "value": middle}])
    api.post("runs/set-tag", run_id=top, key="mlflow.parentRunId", value=low)

    found = api.get(f"{OURS}/runs/{low}/relations")

    assert [each["run_name"] for each in found["ancestors"]] == ["middle", "top"]
    assert (found["children"], found["copies"]) == (1, [])
    assert api.fault(f"{OURS}/runs/{'f' * 32}/relations", method="GET")[0] == 404
