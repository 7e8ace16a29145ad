"""What a team does with MLflow 3's model registry: register, promote, load by every kind of URI, copy, rename, delete.

Called as `registry.py TRACKING_URI FOLDER`; asserts as it goes, prints the number of the newest version.  Needs mlflow 3
and scikit-learn.
"""

import sys
import warnings
from collections.abc import Callable
from pathlib import Path

import mlflow
from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

FEATURES, LABELS = load_iris(return_X_y=True, as_frame=True)
NAME = "iris classifier"


def train(strength: float) -> tuple[str, LogisticRegression]:
    """A run that logs and registers a model in one call, as the run's id and the model."""
    classifier = LogisticRegression(C=strength, max_iter=500).fit(FEATURES, LABELS)
    with mlflow.start_run() as run:
        mlflow.sklearn.log_model(
            classifier, name="model", registered_model_name=NAME, pip_requirements=["scikit-learn"]
        )
    return run.info.run_id, classifier


def predicts_as(uri: str, classifier: LogisticRegression) -> None:
    loaded = mlflow.pyfunc.load_model(uri)
    assert (loaded.predict(FEATURES) == classifier.predict(FEATURES)).all(), uri


def register(folder: Path) -> tuple[LogisticRegression, LogisticRegression]:
    client = MlflowClient()
    first_run, first = train(0.001)
    second_run, second = train(10.0)
    assert (first.predict(FEATURES) != second.predict(FEATURES)).any()
    for version, run_id in (("1", first_run), ("2", second_run)):
        made = client.get_model_version(NAME, version)
        assert (made.run_id, made.status, made.current_stage) == (run_id, "READY", "None")
        assert made.source.startswith("models:/m-")
    again = mlflow.register_model(f"runs:/{first_run}/model", NAME, tags={"from": "runs"})
    assert (str(again.version), again.run_id, again.tags) == ("3", first_run, {"from": "runs"})
    predicts_as(f"models:/{NAME}/1", first)
    predicts_as(f"models:/{NAME}/2", second)
    predicts_as(f"models:/{NAME}/3", first)
    predicts_as(f"models:/{NAME}/latest", first)
    whole = Path(mlflow.artifacts.download_artifacts(f"models:/{NAME}/1", dst_path=str(folder)))
    assert (whole / "MLmodel").exists()
    return first, second


def promote(first: LogisticRegression, second: LogisticRegression) -> None:
    client = MlflowClient()
    client.set_registered_model_alias(NAME, "champion", "1")
    predicts_as(f"models:/{NAME}@champion", first)
    client.set_registered_model_alias(NAME, "champion", "2")
    predicts_as(f"models:/{NAME}@champion", second)
    assert client.get_model_version_by_alias(NAME, "champion").version in (2, "2")
    client.delete_registered_model_alias(NAME, "champion")
    assert refusal(lambda: client.get_model_version_by_alias(NAME, "champion")).error_code == "INVALID_PARAMETER_VALUE"

    client.transition_model_version_stage(NAME, "1", "Production")
    predicts_as(f"models:/{NAME}/Production", first)
    client.transition_model_version_stage(NAME, "2", "Production", archive_existing_versions=True)
    predicts_as(f"models:/{NAME}/Production", second)
    assert client.get_model_version(NAME, "1").current_stage == "Archived"


def describe_and_find() -> None:
    client = MlflowClient()
    client.update_registered_model(NAME, "finds flowers")
    client.update_model_version(NAME, "2", "the better one")
    client.set_registered_model_tag(NAME, "team", "north")
    client.set_model_version_tag(NAME, "2", "checked", "yes")
    client.create_registered_model("another")

    (found,) = client.search_registered_models("tags.team = 'north' AND name ILIKE 'IRIS%'")
    assert (found.name, found.description, found.tags) == (NAME, "finds flowers", {"team": "north"})
    assert {version.current_stage for version in found.latest_versions} == {"None", "Production", "Archived"}
    (version,) = client.search_model_versions(f"name = '{NAME}' AND tags.checked = 'yes'")
    assert (int(version.version), version.description) == (2, "the better one")
    newest = client.search_model_versions(f"name = '{NAME}'", order_by=["version_number DESC"], max_results=2)
    assert [int(version.version) for version in newest] == [3, 2]
    rest = client.search_model_versions(
        f"name = '{NAME}'", order_by=["version_number DESC"], max_results=2, page_token=newest.token
    )
    assert [int(version.version) for version in rest] == [1]


def copy_rename_delete(second: LogisticRegression) -> int:
    client = MlflowClient()
    copy = client.copy_model_version(f"models:/{NAME}/2", "copies")
    assert (int(copy.version), copy.source) == (1, f"models:/{NAME}/2")
    assert copy.run_id == client.get_model_version(NAME, "2").run_id
    client.rename_registered_model(NAME, "lily classifier")
    predicts_as("models:/copies/1", second)
    predicts_as("models:/lily classifier/Production", second)
    assert refusal(lambda: client.get_registered_model(NAME)).error_code == "RESOURCE_DOES_NOT_EXIST"

    client.delete_model_version("lily classifier", "3")
    assert refusal(lambda: client.get_model_version("lily classifier", "3")).error_code == "RESOURCE_DOES_NOT_EXIST"
    source = client.get_model_version("lily classifier", "1")
    newest = client.create_model_version("lily classifier", source.source, source.run_id, model_id=source.source[8:])
    client.delete_registered_model("another")
    assert [model.name for model in client.search_registered_models()] == ["copies", "lily classifier"]
    return int(newest.version)


def keep_prompts() -> None:
    """Prompts are kept in the registry, and its searches do not show them."""
    prompt = mlflow.genai.register_prompt("greeting", "Hello {{name}}", commit_message="first")
    mlflow.genai.register_prompt("greeting", "Hi {{name}}")
    mlflow.genai.set_prompt_alias("greeting", "live", 1)
    assert prompt.version == 1
    assert mlflow.genai.load_prompt("prompts:/greeting@live").format(name="Ada") == "Hello Ada"
    assert mlflow.genai.load_prompt("prompts:/greeting/2").template == "Hi {{name}}"
    assert [found.name for found in mlflow.genai.search_prompts()] == ["greeting"]
    assert "greeting" not in [model.name for model in MlflowClient().search_registered_models()]
    assert "greeting" not in [version.name for version in MlflowClient().search_model_versions()]


def refusal(ask: Callable[[], object]) -> MlflowException:
    try:
        ask()
    except MlflowException as refused:
        return refused
    raise AssertionError("the server did not refuse")


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    mlflow.set_tracking_uri(sys.argv[1])
    mlflow.set_experiment("registry")
    models = register(Path(sys.argv[2]))
    promote(*models)
    describe_and_find()
    last = copy_rename_delete(models[1])
    keep_prompts()
    print(last)
