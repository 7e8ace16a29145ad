"""The origin of a version, and the models of a run.  On both databases."""

import json
from typing import Any

import pytest

from support.client import Api
from support.registry import CLOUD, OWN, Registry


@pytest.fixture
def registry(api: Api) -> Registry:
    registry = Registry(api)
    registry.new_model()
    return registry


def lineage(registry: Registry, version: int = 1, name: str = "iris") -> Any:
    return registry.call("GET", f"{OWN}/model-versions/{name}/{version}/lineage")


def trained(api: Api) -> tuple[str, str]:
    """A run that read a dataset, ran code from git and made a logged model: their ids."""
    experiment = api.new_experiment("flowers")
    tags = {
        "mlflow.source.name": "train.py",
        "mlflow.source.type": "PROJECT",
        "mlflow.source.git.commit": "abc123",
        "mlflow.source.git.repoURL": "https://example.org/flowers.git",
    }
    run = api.new_run(experiment, run_name="first", tags=[{"key": key, "value": value} for key, value in tags.items()])
    dataset = {"name": "iris.csv", "digest": "d1", "source_type": "local", "source": json.dumps({"uri": "iris.csv"})}
    api.post(
        "runs/log-inputs",
        run_id=run,
        datasets=[{"dataset": dataset, "tags": [{"key": "mlflow.data.context", "value": "training"}]}],
    )
    model = api.post("logged-models", experiment_id=experiment, name="tree", model_type="sklearn", source_run_id=run)
    model_id = model["model"]["info"]["model_id"]
    api.post("runs/outputs", run_id=run, models=[{"model_id": model_id, "step": 3}])
    return run, model_id


@pytest.mark.both
def test_the_lineage_of_a_version_has_run_and_data_and_code_and_model(registry: Registry, api: Api) -> None:
    run, model_id = trained(api)
    registry.new_version(source=f"models:/{model_id}", model_id=model_id)
    registry.alias("best", 1)

    found = lineage(registry)

    assert found["model_version"]["aliases"] == ["best"]
    assert found["run"] == api.run(run)["info"]
    assert found["experiment"] == {"experiment_id": found["run"]["experiment_id"], "name": "flowers"}
    assert found["dataset_inputs"] == api.run(run)["inputs"]["dataset_inputs"]
    assert found["source_code"] == {
        "name": "train.py",
        "type": "PROJECT",
        "git_commit": "abc123",
        "git_repository": "https://example.org/flowers.git",
    }
    assert found["logged_model"] == {
        "model_id": model_id,
        "name": "tree",
        "status": "LOGGED_MODEL_PENDING",
        "model_type": "sklearn",
        "source_run_id": run,
    }


def test_unknown_fields_of_the_lineage_are_absent(registry: Registry) -> None:
    registry.new_version(run_id="elsewhere")

    found = lineage(registry)

    assert list(found) == ["model_version"]
    assert found["model_version"]["source"] == CLOUD


def test_the_lineage_of_a_copy_has_all_sources(registry: Registry, api: Api) -> None:
    run, model_id = trained(api)
    registry.new_version(source=f"models:/{model_id}", model_id=model_id)
    for name, source in (("second", "iris/1"), ("third", "second/1")):
        registry.new_model(name)
        registry.new_version(name, source=f"models:/{source}")

    found = lineage(registry, 1, "third")

    assert found["copied_from"] == [{"name": "second", "version": "1"}, {"name": "iris", "version": "1"}]
    assert found["run"]["run_id"] == run
    assert found["logged_model"]["model_id"] == model_id


def test_the_lineage_of_a_copy_survives_renames(registry: Registry) -> None:
    registry.new_version(source=f"{CLOUD}/first")
    registry.new_model("copy")
    registry.new_version("copy", source="models:/iris/1")
    registry.call("POST", "registered-models/rename", name="iris", new_name="flower")
    registry.new_model("iris")  # another one
    registry.new_version(source="models:/copy/1")

    assert lineage(registry, 1, "copy")["copied_from"] == [{"name": "flower", "version": "1"}]
    assert lineage(registry)["copied_from"] == [
        {"name": "copy", "version": "1"},
        {"name": "flower", "version": "1"},
    ]


@pytest.mark.both
def test_a_copy_of_a_deleted_version_has_its_last_name(registry: Registry) -> None:
    registry.new_version()
    registry.new_model("copy")
    registry.new_version("copy", source="models:/iris/1")
    registry.delete_model()
    registry.new_model()
    registry.new_version(source="models:/copy/1")

    assert lineage(registry, 1, "copy")["copied_from"] == [{"name": "iris", "version": "1"}]
    assert lineage(registry)["copied_from"] == [{"name": "copy", "version": "1"}, {"name": "iris", "version": "1"}]


@pytest.mark.both
def test_the_models_of_a_run(registry: Registry, api: Api) -> None:
    run, model_id = trained(api)
    registry.new_version(source=f"models:/{model_id}", model_id=model_id)
    registry.new_version(run_id=run)
    registry.new_version(run_id="another")
    registry.alias("best", 2)

    found = api.get(f"{OWN}/runs/{run}/models")

    assert [(each["version"], each.get("aliases")) for each in found["model_versions"]] == [
        ("1", None),
        ("2", ["best"]),
    ]
    (made,) = found["logged_models"]
    assert (made["direction"], made["step"], made["model"]["model_id"]) == ("output", 3, model_id)


def test_the_lineage_of_a_missing_version_is_not_found(registry: Registry) -> None:
    assert registry.fault("GET", f"{OWN}/model-versions/iris/1/lineage")[0] == 404
    assert registry.fault("GET", f"{OWN}/runs/none/models")[0] == 404
