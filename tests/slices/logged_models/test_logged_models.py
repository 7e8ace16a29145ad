"""Logged models, as a client sees them; on both databases."""

import re
from typing import Any

import pytest

from support.client import Api
from support.logged_models import NOBODY, change, found, model, new_model, on, point, points


def test_a_new_logged_model_returns_all_fields(api: Api) -> None:
    run_id = api.new_run()

    made = api.post(
        "logged-models",
        experiment_id="0",
        name="trees",
        model_type="classifier",
        source_run_id=run_id,
        params=[{"key": "depth", "value": "3"}, {"key": "empty"}],
        tags=[{"key": "owner", "value": "ada"}, {"key": "owner", "value": "bob"}],
    )["model"]

    info = made["info"]
    assert re.fullmatch("m-[0-9a-f]{32}", info["model_id"])
    assert made == {
        "info": {
            "model_id": info["model_id"],
            "experiment_id": "0",
            "name": "trees",
            "creation_timestamp_ms": info["creation_timestamp_ms"],
            "last_updated_timestamp_ms": info["creation_timestamp_ms"],
            "artifact_uri": f"mlflow-artifacts:/0/models/{info['model_id']}/artifacts",
            "status": "LOGGED_MODEL_PENDING",
            "model_type": "classifier",
            "source_run_id": run_id,
            "tags": [{"key": "owner", "value": "bob"}],
        },
        "data": {"params": [{"key": "depth", "value": "3"}, {"key": "empty", "value": ""}]},
    }
    assert model(api, info["model_id"]) == made


def test_a_minimal_logged_model_gets_a_name_and_empty_fields(api: Api) -> None:
    made = model(api, new_model(api, name=""))

    assert re.fullmatch(r"[a-z]+-[a-z]+-\d+", made["info"]["name"])
    assert (made["info"]["model_type"], made["info"]["source_run_id"], made["data"]) == ("", "", {})
    assert "tags" not in made["info"]


def test_an_invalid_logged_model_is_refused(api: Api, subtests: pytest.Subtests) -> None:
    cases: list[tuple[dict[str, Any], int, str]] = [
        ({}, 400, "INVALID_PARAMETER_VALUE"),
        ({"experiment_id": "999"}, 404, "RESOURCE_DOES_NOT_EXIST"),
        ({"experiment_id": "abc"}, 400, "INVALID_PARAMETER_VALUE"),
        ({"experiment_id": "0", "name": "a.b"}, 400, "INVALID_PARAMETER_VALUE"),
        ({"experiment_id": "0", "name": "x" * 501}, 400, "INVALID_PARAMETER_VALUE"),
        ({"experiment_id": "0", "params": [{"value": "no key"}]}, 400, "INVALID_PARAMETER_VALUE"),
        ({"experiment_id": "0", "params": [{"key": "k" * 256}]}, 400, "INVALID_PARAMETER_VALUE"),
        ({"experiment_id": "0", "tags": {"a": "b"}}, 400, "INVALID_PARAMETER_VALUE"),
    ]

    for fields, status, code in cases:
        with subtests.test(fields=fields):
            assert api.fault("logged-models", fields)[:2] == (status, code)


@pytest.mark.both
def test_a_deleted_experiment_accepts_no_new_model_and_keeps_its_models(api: Api) -> None:
    experiment = api.new_experiment("gone")
    kept = new_model(api, experiment, name="kept")

    api.post("experiments/delete", experiment_id=experiment)

    assert api.fault("logged-models", experiment_id=experiment)[:2] == (400, "INVALID_PARAMETER_VALUE")
    assert model(api, kept)["info"]["name"] == "kept"
    assert found(api, experiment_ids=[experiment]) == ["kept"]


def test_a_model_is_finalized_by_a_status_in_any_spelling(api: Api, subtests: pytest.Subtests) -> None:
    for status in ("LOGGED_MODEL_READY", "READY", 2, "2"):
        with subtests.test(status=status):
            model_id = new_model(api)

            answer = change(api, "PATCH", model_id, {"model_id": model_id, "status": status})

            assert answer == {"model": model(api, model_id)}
            assert answer["model"]["info"]["status"] == "LOGGED_MODEL_READY"


def test_an_unknown_status_changes_nothing(api: Api) -> None:
    model_id = new_model(api)

    fault = api.fault(f"logged-models/{model_id}", {"status": "BOGUS"}, method="PATCH")

    assert fault[:2] == (400, "INVALID_PARAMETER_VALUE")
    assert model(api, model_id)["info"]["status"] == "LOGGED_MODEL_PENDING"


def test_a_deleted_model_is_hidden_from_searches_and_returned_by_id(api: Api) -> None:
    model_id = new_model(api, name="old")

    change(api, "DELETE", model_id)
    change(api, "DELETE", model_id)

    assert api.fault(f"logged-models/{model_id}", method="GET") == (
        404,
        "RESOURCE_DOES_NOT_EXIST",
        f"Logged model with ID '{model_id}' not found.",
    )
    assert model(api, model_id, allow_deleted="true")["info"]["name"] == "old"
    assert found(api) == []


def test_a_missing_model_is_a_404(api: Api, subtests: pytest.Subtests) -> None:
    cases: list[tuple[str, str, Any]] = [
        ("GET", "", None),
        ("PATCH", "", {"status": "READY"}),
        ("DELETE", "", None),
        ("POST", "/params", {"params": [{"key": "a", "value": "1"}]}),
        ("PATCH", "/tags", {"tags": [{"key": "a", "value": "1"}]}),
        ("DELETE", "/tags/a", None),
        ("GET", "/artifacts/directories", None),
    ]

    for method, path, body in cases:
        with subtests.test(method=method, path=path, body=body):
            reply = api.ask(method, f"logged-models/{NOBODY}{path}", body)

            assert (reply.status, reply.json["error_code"]) == (404, "RESOURCE_DOES_NOT_EXIST")
            assert reply.json["message"] == f"Logged model with ID '{NOBODY}' not found."


@pytest.mark.both
def test_params_of_a_model_are_written_once_and_atomically(api: Api) -> None:
    model_id = new_model(api, params=[{"key": "a", "value": "1"}])
    more = [{"key": f"p{i:03}", "value": str(i)} for i in range(150)]
    change(api, "POST", f"{model_id}/params", {"model_id": model_id, "params": more})
    change(api, "POST", f"{model_id}/params", {"params": more[:10]})

    given = [{"key": "new", "value": "x"}, {"key": "a", "value": "2"}]
    fault = api.fault(f"logged-models/{model_id}/params", params=given)

    clashes = [{"key": "a", "old_value": "1", "new_value": "2"}]
    assert fault == (
        400,
        "INVALID_PARAMETER_VALUE",
        f"Changing param values is not allowed. Params were already logged='{clashes}' for model ID='{model_id}'.",
    )
    assert model(api, model_id)["data"]["params"] == [{"key": "a", "value": "1"}, *more]


@pytest.mark.both
def test_a_param_that_is_given_twice_must_have_one_value(api: Api) -> None:
    twice = [{"key": "a", "value": "1"}, {"key": "a", "value": "1"}]

    assert model(api, new_model(api, params=twice))["data"]["params"] == twice[:1]
    assert api.fault("logged-models", experiment_id="0", params=[*twice, {"key": "a", "value": "2"}])[0] == 400


@pytest.mark.both
def test_tags_are_overwritten_and_deleted_by_any_key(api: Api) -> None:
    model_id = new_model(api, tags=[{"key": "a/b c.d", "value": "1"}])
    change(api, "PATCH", f"{model_id}/tags", {"tags": [{"key": "a/b c.d", "value": "2"}, {"key": "n"}]})
    assert model(api, model_id)["info"]["tags"] == [{"key": "a/b c.d", "value": "2"}, {"key": "n", "value": ""}]

    change(api, "DELETE", f"{model_id}/tags/a/b c.d")

    assert model(api, model_id)["info"]["tags"] == [{"key": "n", "value": ""}]
    assert api.fault(f"logged-models/{model_id}/tags/gone", method="DELETE") == (
        404,
        "RESOURCE_DOES_NOT_EXIST",
        f"No tag with key 'gone' found for model with ID '{model_id}'.",
    )


def test_a_metric_of_a_model_is_also_the_runs_and_stored_once(api: Api) -> None:
    run_id, model_id = api.new_run(), new_model(api)
    with_dataset = point("acc", 0.5, model_id, 7, 3, **on("train"))
    for _ in range(2):
        api.post("runs/log-metric", run_id=run_id, **with_dataset)
        api.post("runs/log-batch", run_id=run_id, metrics=[with_dataset, with_dataset, point("loss", 1.5, model_id)])

    assert model(api, model_id)["data"]["metrics"] == [
        {**with_dataset, "run_id": run_id},
        {**point("loss", 1.5, model_id), "run_id": run_id},
    ]
    assert api.latest(run_id) == {"acc": (3, 7, 0.5), "loss": (0, 1, 1.5)}


def test_points_with_different_datasets_or_values_are_distinct(api: Api) -> None:
    run_id, model_id = api.new_run(), new_model(api)
    logged = [
        point("acc", 0.5, model_id, **on("train")),
        point("acc", 0.5, model_id, **on("test")),
        point("acc", 0.75, model_id, **on("test")),
        point("acc", 0.5, model_id),
    ]

    api.post("runs/log-batch", run_id=run_id, metrics=logged)

    kept = [{**each, "run_id": run_id} for each in logged]
    metrics = model(api, model_id)["data"]["metrics"]
    assert len(metrics) == len(kept)
    assert all(each in metrics for each in kept)


def test_nan_and_large_numbers_are_returned_as_for_runs(api: Api) -> None:
    run_id, model_id = api.new_run(), new_model(api)

    api.post("runs/log-batch", run_id=run_id, metrics=[point("n", "NaN", model_id), point("i", "-Infinity", model_id)])

    assert {each["key"]: each["value"] for each in points(api, model_id)} == {"n": "NaN", "i": -1.7976931348623157e308}


def test_a_metric_for_an_unknown_model_is_refused_whole(api: Api) -> None:
    run_id, model_id = api.new_run(), new_model(api)
    metrics = [point("a", 1.0, model_id), point("b", 1.0, NOBODY)]

    fault = api.fault("runs/log-batch", run_id=run_id, metrics=metrics, params=[{"key": "p", "value": "1"}])

    assert fault == (404, "RESOURCE_DOES_NOT_EXIST", f"Logged model with ID '{NOBODY}' not found.")
    assert (points(api, model_id), api.latest(run_id), api.params(run_id)) == ([], {}, {})


def test_a_refused_call_leaves_no_point_on_a_model(api: Api) -> None:
    run_id, model_id = api.new_run(), new_model(api)
    api.post("runs/log-parameter", run_id=run_id, key="p", value="1")

    clash = [{"key": "p", "value": "2"}]
    assert api.fault("runs/log-batch", run_id=run_id, metrics=[point("a", 1.0, model_id)], params=clash)[0] == 400

    assert points(api, model_id) == []


def test_a_model_outlives_its_run(api: Api) -> None:
    run_id = api.new_run()
    model_id = new_model(api, source_run_id=run_id)
    api.post("runs/log-metric", run_id=run_id, **point("a", 1.0, model_id))

    api.post("runs/delete", run_id=run_id)

    assert len(points(api, model_id)) == 1


def test_another_workspace_sees_nothing_of_a_model(api: Api) -> None:
    other = api.new_workspace("other")
    run_id, model_id = other.new_run(), new_model(api, name="mine", tags=[{"key": "t", "value": "1"}])

    assert other.fault(f"logged-models/{model_id}", method="GET")[0] == 404
    assert other.fault(f"logged-models/{model_id}", {"status": "READY"}, method="PATCH")[0] == 404
    assert (
        other.fault(f"logged-models/{model_id}/tags", {"tags": [{"key": "t", "value": "2"}]}, method="PATCH")[0] == 404
    )
    assert other.fault("runs/log-metric", run_id=run_id, **point("a", 1.0, model_id))[0] == 404
    assert found(other) == []
    assert model(api, model_id)["info"]["tags"] == [{"key": "t", "value": "1"}]


@pytest.mark.both
def test_a_workspace_with_a_model_is_not_empty_and_moves_with_it(api: Api) -> None:
    other = api.new_workspace("other")
    run_id = other.new_run()
    model_id = new_model(other, name="moved", params=[{"key": "p", "value": "1"}])
    other.post("runs/log-metric", run_id=run_id, **point("a", 1.0, model_id, **on("d")))
    before = model(other, model_id)

    api.ask("DELETE", "workspaces/other", version="3.0", arguments={"mode": "SET_DEFAULT"})

    after = model(api, model_id)
    assert after["data"] == before["data"]
    assert after["info"]["artifact_uri"] == before["info"]["artifact_uri"]


@pytest.mark.both
def test_the_files_of_a_model_are_listed_and_read(api: Api) -> None:
    model_id = new_model(api)
    uri = model(api, model_id)["info"]["artifact_uri"]
    folder = uri.removeprefix("mlflow-artifacts:/")
    for name, data in (("MLmodel", b"flavors: {}\n"), ("data/weights.bin", b"\0\1")):
        api.ask("PUT", f"/api/2.0/mlflow-artifacts/artifacts/{folder}/{name}", data)

    files = f"/ajax-api/2.0/mlflow/logged-models/{model_id}/artifacts/files"
    read = api.ask("GET", files, arguments={"artifact_file_path": "data/weights.bin"})

    assert api.get(f"logged-models/{model_id}/artifacts/directories") == {
        "root_uri": uri,
        "files": [{"path": "MLmodel", "is_dir": False, "file_size": 12}, {"path": "data", "is_dir": True}],
    }
    assert api.get(f"logged-models/{model_id}/artifacts/directories", artifact_directory_path="data")["files"] == [
        {"path": "data/weights.bin", "is_dir": False, "file_size": 2}
    ]
    assert (read.status, read.body) == (200, b"\0\1")
    assert read.headers["content-disposition"] == "attachment; filename=weights.bin"
    assert api.ask("GET", files, arguments={"artifact_file_path": "gone"}).status == 404
    assert api.ask("GET", files, arguments={"artifact_file_path": "../x"}).json["message"] == "Invalid path"
    assert api.fault(files, method="GET") == (
        400,
        "BAD_REQUEST",
        'Request must include the "artifact_file_path" query parameter.',
    )


def test_the_files_of_a_deleted_model_are_not_served(api: Api) -> None:
    model_id = new_model(api)

    change(api, "DELETE", model_id)

    assert api.fault(f"logged-models/{model_id}/artifacts/directories", method="GET")[0] == 404


def test_a_run_lists_its_input_and_output_models_even_if_they_are_missing(api: Api) -> None:
    run_id, model_id = api.new_run(), new_model(api)

    api.post("runs/outputs", run_id=run_id, models=[{"model_id": model_id, "step": 3}])
    api.post("runs/outputs", run_id=run_id, models=[{"model_id": model_id, "step": 4}])
    api.post("runs/log-inputs", run_id=run_id, models=[{"model_id": NOBODY}])

    run = api.run(run_id)
    assert run["outputs"] == {"model_outputs": [{"model_id": model_id, "step": 4}]}
    assert run["inputs"] == {"model_inputs": [{"model_id": NOBODY}]}
