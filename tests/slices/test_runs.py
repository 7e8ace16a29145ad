"""The life of runs, as a client sees it; on both databases."""

import re
from typing import Any

import pytest

from support.client import Api

NOBODY = "0" * 32


def test_a_new_run_returns_all_fields(api: Api) -> None:
    made = api.post(
        "runs/create",
        experiment_id="0",
        user_id="ada",
        run_name="first",
        start_time=1234,
        tags=[{"key": "mlflow.source.name", "value": "train.py"}],
    )["run"]

    run_id = made["info"]["run_id"]
    assert re.fullmatch("[0-9a-f]{32}", run_id)
    assert made == {
        "info": {
            "run_uuid": run_id,
            "run_id": run_id,
            "experiment_id": "0",
            "run_name": "first",
            "user_id": "ada",
            "status": "RUNNING",
            "start_time": 1234,
            "artifact_uri": f"mlflow-artifacts:/0/{run_id}/artifacts",
            "lifecycle_stage": "active",
        },
        "data": {
            "tags": [
                {"key": "mlflow.runName", "value": "first"},
                {"key": "mlflow.source.name", "value": "train.py"},
            ]
        },
        "inputs": {},
    }
    assert api.run(run_id) == {**made, "outputs": {}}


def test_a_minimal_run_gets_a_name_and_no_times(api: Api) -> None:
    run = api.run(api.new_run())

    name = run["info"]["run_name"]
    assert re.fullmatch(r"[a-z]+-[a-z]+-\d+", name)
    assert run["data"]["tags"] == [{"key": "mlflow.runName", "value": name}]
    assert (run["info"]["start_time"], run["info"]["user_id"]) == (0, "")
    assert "end_time" not in run["info"]


@pytest.mark.both
def test_the_name_may_come_as_a_tag_but_not_twice_and_different(api: Api) -> None:
    tag = [{"key": "mlflow.runName", "value": "tagged"}]

    assert api.run(api.new_run(tags=tag))["info"]["run_name"] == "tagged"
    assert api.run(api.new_run(tags=tag, run_name="tagged"))["info"]["run_name"] == "tagged"
    assert api.fault("runs/create", experiment_id="0", tags=tag, run_name="other")[0] == 400


def test_artifacts_lie_before_the_query_of_a_location(api: Api) -> None:
    experiment = api.new_experiment("queried", artifact_location="s3://bucket/place?region=x")

    run_id = api.new_run(experiment)

    assert api.run(run_id)["info"]["artifact_uri"] == f"s3://bucket/place/{run_id}/artifacts?region=x"


def test_a_run_needs_an_existing_experiment(api: Api) -> None:
    assert api.fault("runs/create", experiment_id="99") == (
        404,
        "RESOURCE_DOES_NOT_EXIST",
        "No Experiment with id=99 exists",
    )


def test_an_update_changes_what_it_names(api: Api) -> None:
    run_id = api.new_run(run_name="before", start_time=1)

    info = api.post("runs/update", run_id=run_id, status="FINISHED", end_time=5)["run_info"]
    assert (info["status"], info["end_time"], info["run_name"], info["start_time"]) == ("FINISHED", 5, "before", 1)

    info = api.post("runs/update", run_id=run_id, run_name="after")["run_info"]
    assert (info["status"], info["end_time"], info["run_name"]) == ("FINISHED", 5, "after")
    assert api.tags(run_id) == {"mlflow.runName": "after"}

    info = api.post("runs/update", run_id=run_id, run_name="", status="BOGUS")["run_info"]
    assert (info["status"], info["run_name"]) == ("FINISHED", "after")
    assert api.post("runs/update", run_uuid=run_id, status=4)["run_info"]["status"] == "FAILED"


@pytest.mark.both
def test_a_number_beyond_64_bits_is_the_callers_mistake(api: Api, subtests: pytest.Subtests) -> None:
    run_id = api.new_run()
    refused = (400, "INVALID_PARAMETER_VALUE")

    for number in (2**63, -(2**63) - 1, 2**64, 10**30):
        with subtests.test(number=number):
            assert api.fault("runs/create", experiment_id="0", start_time=number)[:2] == refused
            assert api.fault("runs/update", run_id=run_id, end_time=number)[:2] == refused
            assert "end_time" not in api.run(run_id)["info"]


def test_a_run_that_ends_again_has_the_last_end_time(api: Api) -> None:
    run_id = api.new_run()
    api.post("runs/update", run_id=run_id, status="FAILED", end_time=5)

    told = api.post("runs/update", run_id=run_id, status="FINISHED", end_time=9)["run_info"]
    api.post("runs/update", run_id=run_id, run_name="renamed")

    info = api.run(run_id)["info"]
    assert (told["status"], told["end_time"]) == ("FINISHED", 9)
    assert (info["status"], info["end_time"], info["run_name"]) == ("FINISHED", 9, "renamed")


def test_name_and_name_tag_stay_in_step(api: Api) -> None:
    run_id = api.new_run(run_name="one")

    api.post("runs/set-tag", run_id=run_id, key="mlflow.runName", value="two")
    assert api.run(run_id)["info"]["run_name"] == "two"

    api.post("runs/log-batch", run_id=run_id, tags=[{"key": "mlflow.runName", "value": "three"}])
    assert api.run(run_id)["info"]["run_name"] == "three"

    api.post("runs/update", run_id=run_id, run_name="four")
    assert api.tags(run_id) == {"mlflow.runName": "four"}


def test_logging_goes_on_after_the_end(api: Api) -> None:
    run_id = api.new_run()
    api.post("runs/update", run_id=run_id, status="FINISHED", end_time=5)

    api.post("runs/log-metric", run_id=run_id, key="m", value=1.0, timestamp=1)

    assert api.latest(run_id) == {"m": (0, 1, 1.0)}


def test_a_deleted_run_can_be_read_but_not_written(api: Api) -> None:
    run_id = api.new_run(run_name="gone")
    api.post("runs/log-parameter", run_id=run_id, key="p", value="1")

    api.post("runs/delete", run_id=run_id)
    api.post("runs/delete", run_id=run_id)  # once more does no harm

    assert api.run(run_id)["info"]["lifecycle_stage"] == "deleted"
    writes: list[tuple[str, dict[str, Any]]] = [
        ("runs/log-metric", {"key": "m", "value": 1, "timestamp": 1}),
        ("runs/log-parameter", {"key": "q", "value": "1"}),
        ("runs/set-tag", {"key": "t", "value": "1"}),
        ("runs/log-batch", {"params": [{"key": "q", "value": "1"}]}),
        ("runs/delete-tag", {"key": "mlflow.runName"}),
        ("runs/update", {"status": "FINISHED"}),
        ("runs/log-inputs", {"datasets": []}),
        ("runs/outputs", {"models": [{"model_id": "m-1"}]}),
    ]
    for call, fields in writes:
        status, code, message = api.fault(call, run_id=run_id, **fields)
        assert (status, code) == (400, "INVALID_PARAMETER_VALUE"), call
        assert message == f"The run {run_id} must be in the 'active' state. Current state is deleted.", call
    assert api.params(run_id) == {"p": "1"}

    api.post("runs/restore", run_id=run_id)
    api.post("runs/restore", run_id=run_id)
    api.post("runs/log-parameter", run_id=run_id, key="q", value="2")
    assert api.params(run_id) == {"p": "1", "q": "2"}


def test_a_missing_run_is_a_404_for_every_call(api: Api) -> None:
    expected = (404, "RESOURCE_DOES_NOT_EXIST", f"Run with id={NOBODY} not found")

    assert api.fault("runs/get", method="GET", run_id=NOBODY) == expected
    calls: list[tuple[str, dict[str, Any]]] = [
        ("update", {"status": "FINISHED"}),
        ("delete", {}),
        ("restore", {}),
        ("log-metric", {"key": "m", "value": 1, "timestamp": 1}),
        ("log-parameter", {"key": "q", "value": "1"}),
        ("set-tag", {"key": "t", "value": "1"}),
        ("delete-tag", {"key": "t"}),
        ("log-batch", {}),
        ("log-inputs", {}),
    ]
    for call, fields in calls:
        assert api.fault(f"runs/{call}", run_id=NOBODY, **fields) == expected, call


def test_tags_are_overwritten_and_deleted(api: Api) -> None:
    run_id = api.new_run(run_name="r")

    for value in ("1", "2"):
        api.post("runs/set-tag", run_id=run_id, key="t", value=value)
    assert api.tags(run_id) == {"mlflow.runName": "r", "t": "2"}

    api.post("runs/delete-tag", run_id=run_id, key="t")
    assert api.tags(run_id) == {"mlflow.runName": "r"}
    assert api.fault("runs/delete-tag", run_id=run_id, key="t") == (
        404,
        "RESOURCE_DOES_NOT_EXIST",
        f"No tag with name: t in run with id {run_id}",
    )


@pytest.mark.both
def test_long_values_are_cut_as_stock_servers_do(api: Api) -> None:
    run_id = api.new_run()

    api.post("runs/log-parameter", run_id=run_id, key="p", value="é" * 6001)
    api.post("runs/log-parameter", run_id=run_id, key="p", value="é" * 6000)  # the same, once it is cut
    api.post("runs/set-tag", run_id=run_id, key="t", value="x" * 8001)

    assert api.params(run_id) == {"p": "é" * 6000}
    assert api.tags(run_id)["t"] == "x" * 8000


def test_a_long_name_is_cut_as_the_tag_that_repeats_it(api: Api) -> None:
    long, cut = "é" * 8001, "é" * 8000

    run_id = api.new_run(run_name=long, tags=[{"key": "mlflow.runName", "value": long}], user_id="u" * 257)

    info = api.run(run_id)["info"]
    assert (info["run_name"], info["user_id"]) == (cut, "u" * 256)
    assert api.tags(run_id) == {"mlflow.runName": cut}
    assert api.post("runs/update", run_id=run_id, run_name="b" * 9000)["run_info"]["run_name"] == "b" * 8000
    assert api.tags(run_id) == {"mlflow.runName": "b" * 8000}


def test_an_unsafe_key_is_refused(sqlite_api: Api, subtests: pytest.Subtests) -> None:
    run_id = sqlite_api.new_run(run_name="r")

    for key in ("", "../a", "/a", "a//b", ".", "a/../b", "a*b", "a'b", "a\nb", "x" * 251):
        with subtests.test(key=key):
            status, code, _ = sqlite_api.fault("runs/log-parameter", run_id=run_id, key=key, value="1")
            assert (status, code) == (400, "INVALID_PARAMETER_VALUE")
            assert sqlite_api.fault("runs/log-metric", run_id=run_id, key=key, value=1, timestamp=1)[0] == 400
            assert sqlite_api.fault("runs/set-tag", run_id=run_id, key=key, value="1")[0] == 400
            assert sqlite_api.fault("runs/log-batch", run_id=run_id, params=[{"key": key, "value": "1"}])[0] == 400
            assert (sqlite_api.params(run_id), sqlite_api.tags(run_id), sqlite_api.latest(run_id)) == (
                {},
                {"mlflow.runName": "r"},
                {},
            )


def test_a_key_can_have_letters_of_any_script(api: Api, subtests: pytest.Subtests) -> None:
    for key in ("a", "a b", "a/b.c-d_e:f", "é", "日本", "x" * 250):
        with subtests.test(key=key):
            run_id = api.new_run()

            api.post("runs/log-parameter", run_id=run_id, key=key, value="1")
            api.post("runs/log-metric", run_id=run_id, key=key, value=1, timestamp=1)

            assert api.params(run_id) == {key: "1"}
            assert api.history(run_id, key) == [(0, 1, 1.0)]


def test_the_character_nul_is_the_callers_mistake(api: Api, subtests: pytest.Subtests) -> None:
    """PostgreSQL cannot store NUL, so no store accepts it and data can be moved between stores."""
    cases: list[tuple[str, dict[str, Any]]] = [
        ("runs/set-tag", {"key": "k", "value": "a\0b"}),
        ("runs/log-parameter", {"key": "k", "value": "\0"}),
        ("runs/log-batch", {"params": [{"key": "k", "value": "x\0"}], "tags": [{"key": "t", "value": "1"}]}),
        ("runs/update", {"run_name": "a\0"}),
        (
            "runs/log-inputs",
            {"datasets": [{"dataset": dict.fromkeys(("name", "digest", "source_type", "source"), "\0")}]},
        ),
    ]

    run_id = api.new_run(run_name="r")

    for call, fields in cases:
        with subtests.test(call=call):
            assert api.fault(call, run_id=run_id, **fields)[:2] == (400, "INVALID_PARAMETER_VALUE")
            assert (api.params(run_id), api.tags(run_id)) == ({}, {"mlflow.runName": "r"})


def test_nul_is_refused_in_searches(api: Api) -> None:
    assert api.fault("runs/get", method="GET", run_id="\0")[0] in (400, 404)
    assert api.fault("experiments/get-by-name", method="GET", experiment_name="a\0b")[0] == 400
    assert api.fault("runs/search", experiment_ids=["0"], filter="params.a = '\0'")[0] == 400
    assert api.fault("experiments/create", name="a\0b")[0] == 400


@pytest.mark.both
def test_search_finds_runs_by_what_was_logged(api: Api) -> None:
    best, other, gone = api.new_run(start_time=1), api.new_run(start_time=2), api.new_run(start_time=3)
    for run_id, value in ((best, 0.9), (other, 0.5), (gone, 1.0)):
        api.post("runs/log-metric", run_id=run_id, key="acc", value=value, timestamp=1)
        api.post("runs/log-parameter", run_id=run_id, key="lr", value=str(value))
    api.post("runs/delete", run_id=gone)

    def found(**search: object) -> list[str]:
        runs = api.post("runs/search", {"experiment_ids": ["0"], **search}).get("runs", [])
        return [run["info"]["run_id"] for run in runs]

    assert found() == [other, best]
    assert found(filter="metrics.acc > 0.6") == [best]
    assert found(filter="params.lr = '0.5'") == [other]
    assert found(order_by=["metrics.acc DESC"]) == [best, other]
    assert found(run_view_type="DELETED_ONLY") == [gone]
    assert found(run_view_type="ALL", max_results=2) == [gone, other]
    assert found(filter=f"attributes.run_id IN ('{best}')") == [best]
    assert api.post("runs/search", experiment_ids=[]) == {}


def test_metrics_are_in_the_order_of_logging_and_params_by_key(api: Api) -> None:
    experiment_id = api.new_experiment("ordered")
    run_id = api.new_run(experiment_id)
    for time, key in enumerate(("zeta", "alpha", "middle"), start=1):
        api.post("runs/log-metric", run_id=run_id, key=key, value=1.0, timestamp=time)
        api.post("runs/log-parameter", run_id=run_id, key=key, value="1")
    api.post("runs/log-metric", run_id=run_id, key="zeta", value=2.0, timestamp=9, step=1)
    api.post("runs/update", run_id=run_id, status="FINISHED", end_time=9)

    got = api.get("runs/get", run_id=run_id)["run"]
    (found,) = api.post("runs/search", experiment_ids=[experiment_id])["runs"]

    for run in (got, found):
        assert [each["key"] for each in run["data"]["metrics"]] == ["zeta", "alpha", "middle"]
        assert [each["key"] for each in run["data"]["params"]] == ["alpha", "middle", "zeta"]


def test_search_and_get_return_the_same_run_after_changes(api: Api) -> None:
    run_id = api.new_run(run_name="r")
    expected: list[object] = []

    def look() -> object:
        (run,) = api.post("runs/search", experiment_ids=["0"])["runs"]
        assert run == api.run(run_id)
        expected.append(run)
        return run

    look()
    api.post("runs/log-metric", run_id=run_id, key="m", value=1, timestamp=1)
    look()
    api.post("runs/set-tag", run_id=run_id, key="t", value="1")
    look()
    api.post("runs/update", run_id=run_id, status="FINISHED")
    look()
    assert len({repr(run) for run in expected}) == 4
