"""Logged models, as a client sees them; on both databases."""

import re
from typing import Any

import pytest

from support.client import Api

NOBODY = "m-" + "0" * 32


def new_model(api: Api, experiment_id: str = "0", **fields: Any) -> str:
    model_id: str = api.post("logged-models", experiment_id=experiment_id, **fields)["model"]["info"]["model_id"]
    return model_id


def model(api: Api, model_id: str, **arguments: Any) -> Any:
    return api.get(f"logged-models/{model_id}", **arguments)["model"]


def change(api: Api, method: str, path: str, body: Any = None) -> Any:
    reply = api.ask(method, f"logged-models/{path}", body)
    assert reply.status == 200, reply
    return reply.json


def found(api: Api, filter: str | None = None, **fields: Any) -> list[str]:  # noqa: A002  as the wire calls it
    """Names of what a search finds, in order."""
    asked = {"experiment_ids": ["0"], **({} if filter is None else {"filter": filter}), **fields}
    return [each["info"]["name"] for each in api.post("logged-models/search", asked).get("models", [])]


def point(
    key: str, value: float | str, model_id: str, timestamp: int = 1, step: int = 0, **more: str
) -> dict[str, Any]:
    return {"key": key, "value": value, "timestamp": timestamp, "step": step, "model_id": model_id, **more}


def on(dataset: str, digest: str = "d") -> dict[str, Any]:
    return {"dataset_name": dataset, "dataset_digest": digest}


def points(api: Api, model_id: str) -> list[dict[str, Any]]:
    metrics = model(api, model_id)["data"].get("metrics", [])
    return [{name: value for name, value in each.items() if name not in ("model_id", "run_id")} for each in metrics]


def test_a_new_model_says_all_it_knows(api: Api) -> None:
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


def test_a_model_that_is_told_nothing_gets_a_name_and_empty_fields(api: Api) -> None:
    made = model(api, new_model(api, name=""))

    assert re.fullmatch(r"[a-z]+-[a-z]+-\d+", made["info"]["name"])
    assert (made["info"]["model_type"], made["info"]["source_run_id"], made["data"]) == ("", "", {})
    assert "tags" not in made["info"]


@pytest.mark.parametrize(
    ("fields", "status", "code"),
    [
        ({}, 400, "INVALID_PARAMETER_VALUE"),
        ({"experiment_id": "999"}, 404, "RESOURCE_DOES_NOT_EXIST"),
        ({"experiment_id": "abc"}, 400, "INVALID_PARAMETER_VALUE"),
        ({"experiment_id": "0", "name": "a.b"}, 400, "INVALID_PARAMETER_VALUE"),
        ({"experiment_id": "0", "name": "x" * 501}, 400, "INVALID_PARAMETER_VALUE"),
        ({"experiment_id": "0", "params": [{"value": "no key"}]}, 400, "INVALID_PARAMETER_VALUE"),
        ({"experiment_id": "0", "params": [{"key": "k" * 256}]}, 400, "INVALID_PARAMETER_VALUE"),
        ({"experiment_id": "0", "tags": {"a": "b"}}, 400, "INVALID_PARAMETER_VALUE"),
    ],
)
def test_what_is_no_model_is_refused(api: Api, fields: dict[str, Any], status: int, code: str) -> None:
    assert api.fault("logged-models", fields)[:2] == (status, code)


def test_a_deleted_experiment_takes_no_model_but_keeps_its_own(api: Api) -> None:
    experiment = api.new_experiment("gone")
    kept = new_model(api, experiment, name="kept")

    api.post("experiments/delete", experiment_id=experiment)

    assert api.fault("logged-models", experiment_id=experiment)[:2] == (400, "INVALID_PARAMETER_VALUE")
    assert model(api, kept)["info"]["name"] == "kept"
    assert found(api, experiment_ids=[experiment]) == ["kept"]


@pytest.mark.parametrize("status", ["LOGGED_MODEL_READY", "READY", 2, "2"])
def test_a_model_is_finalized_by_a_status_in_any_spelling(api: Api, status: str | int) -> None:
    model_id = new_model(api)

    answer = change(api, "PATCH", model_id, {"model_id": model_id, "status": status})

    assert answer == {"model": model(api, model_id)}
    assert answer["model"]["info"]["status"] == "LOGGED_MODEL_READY"


def test_an_unknown_status_changes_nothing(api: Api) -> None:
    model_id = new_model(api)

    fault = api.fault(f"logged-models/{model_id}", {"status": "BOGUS"}, method="PATCH")

    assert fault[:2] == (400, "INVALID_PARAMETER_VALUE")
    assert model(api, model_id)["info"]["status"] == "LOGGED_MODEL_PENDING"


def test_a_deleted_model_hides_but_can_be_asked_for(api: Api) -> None:
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


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "", None),
        ("PATCH", "", {"status": "READY"}),
        ("DELETE", "", None),
        ("POST", "/params", {"params": [{"key": "a", "value": "1"}]}),
        ("PATCH", "/tags", {"tags": [{"key": "a", "value": "1"}]}),
        ("DELETE", "/tags/a", None),
        ("GET", "/artifacts/directories", None),
    ],
)
def test_a_model_that_is_not_there_is_a_404(api: Api, method: str, path: str, body: Any) -> None:
    reply = api.ask(method, f"logged-models/{NOBODY}{path}", body)

    assert (reply.status, reply.json["error_code"]) == (404, "RESOURCE_DOES_NOT_EXIST")
    assert reply.json["message"] == f"Logged model with ID '{NOBODY}' not found."


def test_params_are_written_once_and_all_or_none(api: Api) -> None:
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


def test_a_param_given_twice_in_a_call_must_agree_with_itself(api: Api) -> None:
    twice = [{"key": "a", "value": "1"}, {"key": "a", "value": "1"}]

    assert model(api, new_model(api, params=twice))["data"]["params"] == twice[:1]
    assert api.fault("logged-models", experiment_id="0", params=[*twice, {"key": "a", "value": "2"}])[0] == 400


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


def test_a_metric_of_a_model_is_the_runs_too_and_one_however_often_it_comes(api: Api) -> None:
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


def test_points_that_differ_only_in_their_dataset_or_value_are_several(api: Api) -> None:
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


def test_numbers_that_are_none_or_too_large_come_back_as_of_a_run(api: Api) -> None:
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


def test_a_workspace_with_a_model_is_not_empty_and_takes_it_along(api: Api) -> None:
    other = api.new_workspace("other")
    run_id = other.new_run()
    model_id = new_model(other, name="moved", params=[{"key": "p", "value": "1"}])
    other.post("runs/log-metric", run_id=run_id, **point("a", 1.0, model_id, **on("d")))
    before = model(other, model_id)

    api.ask("DELETE", "workspaces/other", version="3.0", arguments={"mode": "SET_DEFAULT"})

    after = model(api, model_id)
    assert after["data"] == before["data"]
    assert after["info"]["artifact_uri"] == before["info"]["artifact_uri"]


def test_searches_find_the_newest_first_and_page_without_loss(api: Api) -> None:
    names = [f"m{i}" for i in range(7)]
    for name in names:
        new_model(api, name=name)
    deleted = new_model(api, name="deleted")
    change(api, "DELETE", deleted)

    seen: list[str] = []
    token = None
    while token or not seen:
        page = api.post("logged-models/search", experiment_ids=["0"], max_results=3, page_token=token)
        seen += [each["info"]["name"] for each in page["models"]]
        token = page.get("next_page_token")

    assert sorted(seen) == names
    created = [
        model["info"]["creation_timestamp_ms"]
        for model in api.post("logged-models/search", experiment_ids=["0"])["models"]
    ]
    assert created == sorted(created, reverse=True)


def test_a_page_token_belongs_to_its_search(api: Api) -> None:
    for _ in range(2):
        new_model(api, name="m")
    asked = {"experiment_ids": ["0"], "max_results": 1}
    token = api.post("logged-models/search", asked)["next_page_token"]

    def message(**other: Any) -> str:
        return api.fault("logged-models/search", {**asked, "page_token": token, **other})[2]

    assert message(experiment_ids=["0", "1"]).startswith("Experiment IDs in the page token do not match")
    assert message(filter="name = 'm'").startswith("Filter string in the page token does not match")
    assert message(order_by=[{"field_name": "name"}]).startswith("Order by in the page token does not match")
    assert message(datasets=[{"dataset_name": "d"}]).startswith("Datasets in the page token do not match")
    assert message(page_token="garbage") == "Invalid page token, could not base64-decode"


@pytest.fixture
def three(api: Api) -> dict[str, str]:
    """Models a, b and c, with metrics on two datasets: `acc` of c is NaN, and a has been better before."""
    run_id = api.new_run()
    ids = {
        "a": new_model(api, name="a", params=[{"key": "lr", "value": "0.1"}], tags=[{"key": "k", "value": "v"}]),
        "b": new_model(api, name="b", params=[{"key": "lr", "value": "10"}], source_run_id=run_id),
        "c": new_model(api, name="c", model_type="agent"),
        "d": new_model(api, name="d"),
    }
    api.post(
        "runs/log-batch",
        run_id=run_id,
        metrics=[
            point("acc", 0.9, ids["a"], 1, **on("train")),
            point("acc", 0.3, ids["a"], 2, **on("test")),
            point("acc", 0.8, ids["b"], 3, **on("train")),
            point("acc", 0.4, ids["b"], 3, **on("test", "other")),
            point("acc", "NaN", ids["c"], 4),
        ],
    )
    change(api, "PATCH", ids["b"], {"status": "READY"})
    return ids


@pytest.mark.parametrize(
    ("wanted", "names"),
    [
        ("name = 'a'", "a"),
        ("attributes.name IN ('a', 'b')", "ab"),
        ("name NOT IN ('a')", "bcd"),
        ("name LIKE 'A%'", ""),
        ("name ILIKE 'A%'", "a"),
        ("creation_timestamp > 0 AND last_updated_timestamp_ms > 0 AND creation_time > 0", "abcd"),
        ("model_type = 'agent'", "c"),
        ("source_run_id IS NULL", "acd"),
        ("source_run_id IS NOT NULL", "b"),
        ("status = 'READY'", "b"),
        ("status = 'LOGGED_MODEL_READY'", "b"),
        ("status != 'ready'", "acd"),
        ("experiment_id = '0'", "abcd"),
        ("params.lr = '0.1'", "a"),
        ("params.lr > 9", "b"),
        ("params.`lr` LIKE '1%'", "b"),
        ("params.lr IS NULL", "cd"),
        ("tags.k = 'v' AND params.lr = '0.1'", "a"),
        ("tags.k = 'v' and params.lr = '10'", ""),
        ("metrics.acc > 0.85", "a"),  # any point, as on stock
        ("metrics.acc < 0.5", "ab"),
        ("metrics.acc != 0.9", "abc"),
        ("metrics.acc = 0.4", "b"),
        ("metrics.none > 0", ""),
        ("metrics.acc IS NULL", "d"),
        ("(name = 'a' OR name = 'd')", "ad"),
        ("NOT metrics.acc > 0.85", "bcd"),
    ],
)
def test_a_filter_finds(api: Api, three: dict[str, str], wanted: str, names: str) -> None:
    assert sorted(found(api, wanted)) == list(names)


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        ("Foo", "Invalid filter string: 'Foo'"),
        ("name = 'a' OR name = 'b'", "Invalid filter string"),
        ("foo.bar = 'a'", "Invalid entity type: 'foo'. Expected one of ['attributes', 'metrics', 'params', 'tags']."),
        ("name > 'a'", "Invalid comparison operator for name: '>'"),
        ("metrics.a LIKE 0", "Invalid comparison operator for metrics.a: 'LIKE'"),
        ("foo = 'a'", "Invalid attribute key 'foo'"),
        ("min(metrics.a) > 1", "min() is not supported here: a comparison holds if any point"),
        ("metrics.a = 'x'", "Expected numeric value type for metric."),
    ],
)
def test_a_filter_that_makes_no_sense_is_told_so(api: Api, wanted: str, message: str) -> None:
    status, code, told = api.fault("logged-models/search", experiment_ids=["0"], filter=wanted)

    assert (status, code) == (400, "INVALID_PARAMETER_VALUE")
    assert told.startswith(message)


@pytest.mark.parametrize(
    ("datasets", "wanted", "names"),
    [
        ([{"dataset_name": "test"}], None, "ab"),
        ([{"dataset_name": "test", "dataset_digest": "d"}], None, "a"),
        ([{"dataset_name": "test"}, {"dataset_name": "train"}], "metrics.acc > 0.5", "ab"),
        ([{"dataset_name": "test"}], "metrics.acc > 0.35", "b"),
        ([{"dataset_name": "nothing"}], None, ""),
        ([{"dataset_name": "nothing"}], "metrics.acc > 0", ""),
        ([{"dataset_name": "test"}], "name = 'a'", "a"),
    ],
)
def test_datasets_narrow_the_metrics_that_count(
    api: Api, three: dict[str, str], datasets: list[dict[str, str]], wanted: str | None, names: str
) -> None:
    assert sorted(found(api, wanted, datasets=datasets)) == list(names)


@pytest.mark.parametrize(
    ("order", "names"),
    [
        ([{"field_name": "name"}], "abcd"),
        ([{"field_name": "attributes.name", "ascending": False}], "dcba"),
        ([{"field_name": "metrics.acc"}], "abcd"),  # the newest point of each; NaN, then nothing
        ([{"field_name": "metrics.acc", "ascending": False}], "bacd"),
        ([{"field_name": "metrics.acc", "ascending": False, **on("train")}], "abcd"),
        ([{"field_name": "metrics.acc", "dataset_name": "test"}, {"field_name": "name"}], "abcd"),
        (
            [{"field_name": "metrics.acc", "dataset_digest": "other"}, {"field_name": "name", "ascending": False}],
            "bdca",
        ),
        ([{"field_name": "metrics.none"}, {"field_name": "name"}, {"field_name": "name", "ascending": False}], "abcd"),
    ],
)
def test_an_order_holds_across_pages(api: Api, three: dict[str, str], order: list[dict[str, Any]], names: str) -> None:
    orders = order if len(order) > 1 else [*order, {"field_name": "name"}]
    seen: list[str] = []
    token = None
    for _ in names:
        page = api.post("logged-models/search", experiment_ids=["0"], max_results=1, order_by=orders, page_token=token)
        seen += [each["info"]["name"] for each in page["models"]]
        token = page.get("next_page_token")

    assert (seen, token) == (list(names), None)


@pytest.mark.parametrize(
    ("order", "message"),
    [
        ({"field_name": "foo"}, "Invalid order by field name: foo"),
        ({"field_name": "params.p"}, "Invalid order by field name: params.p. Only metrics are supported."),
        ({}, "Invalid order by field name: "),
    ],
)
def test_an_order_by_what_is_not_there_is_told_so(api: Api, order: dict[str, str], message: str) -> None:
    fault = api.fault("logged-models/search", experiment_ids=["0"], order_by=[order])

    assert fault == (400, "INVALID_PARAMETER_VALUE", message)


def test_a_search_needs_experiments_and_passes_over_those_that_are_not_there(api: Api) -> None:
    new_model(api, name="here")

    assert found(api, experiment_ids=["0", "999"]) == ["here"]
    assert found(api, experiment_ids=["999"]) == []
    assert api.fault("logged-models/search", {})[2].startswith("Missing value for required parameter 'experiment_ids'")
    assert api.fault("logged-models/search", experiment_ids=["0"], max_results=-1)[0] == 400
    assert api.fault("logged-models/search", experiment_ids=["0"], datasets=[{"dataset_digest": "d"}])[2] == (
        "`dataset_name` in the `datasets` clause must be specified."
    )


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


def test_a_run_names_the_models_it_made_and_used_known_or_not(api: Api) -> None:
    run_id, model_id = api.new_run(), new_model(api)

    api.post("runs/outputs", run_id=run_id, models=[{"model_id": model_id, "step": 3}])
    api.post("runs/outputs", run_id=run_id, models=[{"model_id": model_id, "step": 4}])
    api.post("runs/log-inputs", run_id=run_id, models=[{"model_id": NOBODY}])

    run = api.run(run_id)
    assert run["outputs"] == {"model_outputs": [{"model_id": model_id, "step": 4}]}
    assert run["inputs"] == {"model_inputs": [{"model_id": NOBODY}]}
