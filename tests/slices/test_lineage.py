"""Inputs and outputs of runs, on both databases."""

import json
from typing import Any

import pytest

from support.client import Api


def dataset(name: str = "iris", digest: str = "d1", **more: Any) -> dict[str, Any]:
    return {"name": name, "digest": digest, "source_type": "local", "source": "file.csv", **more}


def log_inputs(api: Api, run_id: str, *given: dict[str, Any], tags: list[dict[str, str]] | None = None) -> None:
    api.post("runs/log-inputs", run_id=run_id, datasets=[{"dataset": each, "tags": tags or []} for each in given])


def inputs(api: Api, run_id: str) -> Any:
    return api.run(run_id)["inputs"].get("dataset_inputs", [])


def summaries(api: Api, *experiment_ids: str) -> list[tuple[str, str, str, str | None]]:
    path = "/ajax-api/2.0/mlflow/experiments/search-datasets"
    found = api.post(path, experiment_ids=list(experiment_ids)).get("dataset_summaries", [])
    return [(each["experiment_id"], each["name"], each["digest"], each.get("context")) for each in found]


def test_a_dataset_is_returned_as_it_was_logged(api: Api) -> None:
    run_id = api.new_run()
    whole = dataset(schema='{"a": "long"}', profile='{"rows": 150}')

    log_inputs(api, run_id, whole, dataset("bare"), tags=[{"key": "mlflow.data.context", "value": "train"}])

    tag = [{"key": "mlflow.data.context", "value": "train"}]
    assert inputs(api, run_id) == [{"dataset": whole, "tags": tag}, {"dataset": dataset("bare"), "tags": tag}]


def test_a_dataset_is_known_by_name_and_digest_within_its_experiment(api: Api) -> None:
    first, second, elsewhere = api.new_run(), api.new_run(), api.new_run(api.new_experiment("e"))

    log_inputs(api, first, dataset(source="original"))
    log_inputs(api, second, dataset(source="ignored"), dataset(digest="d2", source="another"))
    log_inputs(api, elsewhere, dataset(source="of its own"))

    assert [each["dataset"]["source"] for each in inputs(api, second)] == ["original", "another"]
    assert [each["dataset"]["source"] for each in inputs(api, elsewhere)] == ["of its own"]


def test_an_existing_input_keeps_its_tags(api: Api) -> None:
    run_id = api.new_run()
    log_inputs(api, run_id, dataset(), tags=[{"key": "k", "value": "first"}, {"key": "k", "value": "last"}])

    log_inputs(api, run_id, dataset(), tags=[{"key": "k", "value": "other"}, {"key": "new", "value": "x"}])

    assert [each["tags"] for each in inputs(api, run_id)] == [[{"key": "k", "value": "last"}]]


def test_inputs_show_in_searches_and_model_inputs_only_at_the_run(api: Api) -> None:
    run_id = api.new_run()
    log_inputs(api, run_id, dataset())
    api.post("runs/log-inputs", run_id=run_id, models=[{"model_id": "m-1"}])
    api.post("runs/outputs", run_id=run_id, models=[{"model_id": "m-2", "step": 3}])
    api.post("runs/outputs", run_id=run_id, models=[{"model_id": "m-3", "step": 4}, {"model_id": "m-2", "step": 5}])

    run = api.run(run_id)
    (found,) = api.post("runs/search", experiment_ids=["0"])["runs"]

    assert run["inputs"]["model_inputs"] == [{"model_id": "m-1"}]
    assert run["outputs"] == {"model_outputs": [{"model_id": "m-2", "step": 5}, {"model_id": "m-3", "step": 4}]}
    assert found["inputs"] == {"dataset_inputs": run["inputs"]["dataset_inputs"]}
    assert found["outputs"] == run["outputs"]


def test_inputs_with_one_mistake_store_nothing(api: Api, subtests: pytest.Subtests) -> None:
    wrong: list[dict[str, Any]] = [
        {},
        {"dataset": {**dataset(), "name": None}},
        {"dataset": {**dataset(), "source": None}},
        {"dataset": dataset("n" * 501)},
        {"dataset": dataset(digest="d" * 37)},
        {"dataset": dataset(source="s" * 65_536)},
        {"dataset": dataset(), "tags": [{"key": "k"}]},
        {"dataset": dataset(), "tags": [{"key": "k" * 256, "value": "v"}]},
        {"dataset": dataset(), "tags": [{"key": "k", "value": "v" * 501}]},
    ]

    run_id = api.new_run()

    for given in wrong:
        with subtests.test(given=given):
            fault = api.fault("runs/log-inputs", run_id=run_id, datasets=[{"dataset": dataset("good")}, given])

            assert fault[:2] == (400, "INVALID_PARAMETER_VALUE")
            assert inputs(api, run_id) == []
            assert summaries(api, "0") == []


@pytest.mark.both
def test_the_largest_allowed_values_are_stored(api: Api) -> None:
    run_id = api.new_run()
    whole = dataset("é" * 500, "d" * 36, source="é" * 65_535, schema="s" * 1_048_575, profile="p" * 2_000_000)

    log_inputs(api, run_id, whole)

    assert inputs(api, run_id)[0]["dataset"] == whole


def test_the_length_of_a_model_id_is_limited(api: Api) -> None:
    """The id is part of an index, whose entries are limited to 2,700 bytes in PostgreSQL."""
    run_id = api.new_run()

    wrong: list[list[dict[str, Any]]] = [[{"model_id": "m" * 251, "step": 1}], [{"model_id": ""}], [{}]]
    for models in wrong:
        assert api.fault("runs/outputs", run_id=run_id, models=models)[:2] == (400, "INVALID_PARAMETER_VALUE")
    assert "model_outputs" not in api.run(run_id)["outputs"]


def test_datasets_are_summed_up_by_experiment_and_context(api: Api) -> None:
    other = api.new_experiment("e")
    for experiment, context in (("0", "train"), ("0", "eval"), ("0", "train"), (other, None)):
        tags = [] if context is None else [{"key": "mlflow.data.context", "value": context}]
        log_inputs(api, api.new_run(experiment), dataset("b"), dataset("a"), tags=tags)

    assert summaries(api, "0") == [
        ("0", "a", "d1", "eval"),
        ("0", "a", "d1", "train"),
        ("0", "b", "d1", "eval"),
        ("0", "b", "d1", "train"),
    ]
    assert summaries(api, "0", other)[4:] == [(other, "a", "d1", None), (other, "b", "d1", None)]
    assert summaries(api, "99") == []


def test_a_dataset_with_and_without_context_is_shown_in_one_order(api: Api) -> None:
    for tags in ([{"key": "mlflow.data.context", "value": "train"}], []):
        log_inputs(api, api.new_run(), dataset(), tags=tags)

    assert summaries(api, "0") == [("0", "iris", "d1", None), ("0", "iris", "d1", "train")]


def test_summaries_need_experiments_and_not_too_many(api: Api) -> None:
    path = "/ajax-api/2.0/mlflow/experiments/search-datasets"

    assert api.fault(path, experiment_ids=[])[0] == 400
    assert api.fault(path, experiment_ids=[str(i) for i in range(21)])[0] == 400


@pytest.mark.both
def test_searches_find_runs_by_their_datasets(api: Api) -> None:
    first, second = api.new_run(), api.new_run()
    log_inputs(api, first, dataset("a", "1"), tags=[{"key": "mlflow.data.context", "value": "train"}])
    log_inputs(api, second, dataset("b", "2"))

    def found(text: str) -> list[str]:
        runs = api.post("runs/search", experiment_ids=["0"], filter=text).get("runs", [])
        return [run["info"]["run_id"] for run in runs]

    assert found("dataset.name = 'a'") == [first]
    assert found("dataset.digest = '2'") == [second]
    assert found("datasets.context = 'train'") == [first]
    assert found("dataset.name = 'a' AND dataset.digest = '2'") == []


def test_the_record_of_a_model_is_kept_as_a_tag(api: Api) -> None:
    run_id = api.new_run(run_name="r")
    model = '{"run_id": "%s", "artifact_path": "%s", "utc_time_created": "now", "flavors": {"sklearn": {}}, "other": 1}'

    for path in ("one", "two"):
        api.post("runs/log-model", run_id=run_id, model_json=model % (run_id, path))

    kept = api.tags(run_id)["mlflow.log-model.history"]
    assert '"artifact_path": "one"' in kept
    assert '"artifact_path": "two"' in kept
    assert "other" not in kept
    for wrong in ("", "not json", "[]", '{"run_id": "x"}', "[" * 100_000):
        assert api.fault("runs/log-model", run_id=run_id, model_json=wrong)[:2] == (400, "INVALID_PARAMETER_VALUE")
    assert api.tags(run_id)["mlflow.log-model.history"] == kept


def test_a_model_is_recorded_whatever_stood_in_the_tag(api: Api) -> None:
    """Users may write the tag, and the server truncates long values."""
    run_id = api.new_run()
    model = '{"run_id": "%s", "artifact_path": "%s", "utc_time_created": "now", "flavors": {}}'
    for path in ("one", "two"):
        api.post("runs/log-model", run_id=run_id, model_json=model % (run_id, path))
    both = api.tags(run_id)["mlflow.log-model.history"]

    def recorded_after(text: str) -> list[str]:
        api.post("runs/set-tag", run_id=run_id, key="mlflow.log-model.history", value=text)
        api.post("runs/log-model", run_id=run_id, model_json=model % (run_id, "three"))
        return [each["artifact_path"] for each in json.loads(api.tags(run_id)["mlflow.log-model.history"])]

    for text in ("x", "1", "", "null", "{}", '"[]"', "[]", "[", "[" * 9000, "\ud83d\ude00", "[" + "9" * 5000):
        assert recorded_after(text) == ["three"], text[:20]
    assert recorded_after(both) == ["one", "two", "three"]
    assert recorded_after(both[:-2]) == ["one", "three"]
    assert recorded_after(both.replace(", ", " ,\n ").replace("[", " [ ")) == ["one", "two", "three"]
    long = json.dumps([json.loads(both)[0] | {"flavors": {"f": "x" * 1000}}] * 9)
    assert recorded_after(long)[-2:] == ["one", "three"]
