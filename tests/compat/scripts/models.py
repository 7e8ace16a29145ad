"""What a data scientist does with MLflow 3's logged models: log, load, compare, find, list, mark and delete them.

Called as `models.py TRACKING_URI FOLDER`; asserts as it goes, prints the id of its model.  Needs mlflow 3 and scikit-learn.
"""

import sys
from collections.abc import Callable
from pathlib import Path

import mlflow
from mlflow.entities import LoggedModelStatus
from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

PARAMS = {f"param_{i:03}": str(i) for i in range(130)}  # clients send the first 100 with the model, and then the rest
STRENGTHS = (0.01, 1.0, 100.0)


def train(strength: float) -> str:
    """A run with one model; returns the model's id."""
    features, labels = load_iris(return_X_y=True, as_frame=True)
    data = mlflow.data.from_pandas(features.assign(label=labels), name="iris", targets="label")
    classifier = LogisticRegression(C=strength, max_iter=500).fit(features, labels)
    with mlflow.start_run() as run:
        logged = mlflow.sklearn.log_model(
            classifier,
            name="model",
            params={**PARAMS, "C": strength},
            tags={"team": "north"},
            pip_requirements=["scikit-learn"],  # or mlflow would find them out, which takes long
            serialization_format="cloudpickle",  # the default imports skops, which takes a second
        )
        mlflow.log_metric("accuracy", classifier.score(features, labels), model_id=logged.model_id, dataset=data)
        mlflow.log_metrics({"strength": strength, "nothing": float("nan")}, step=1, model_id=logged.model_id)

    by_id = mlflow.sklearn.load_model(f"models:/{logged.model_id}")
    by_run = mlflow.pyfunc.load_model(f"runs:/{run.info.run_id}/model")
    assert (by_id.predict(features) == classifier.predict(features)).all()
    assert (by_run.predict(features) == classifier.predict(features)).all()

    read = mlflow.get_logged_model(logged.model_id)
    assert read.status == LoggedModelStatus.READY
    assert (read.name, read.source_run_id, read.params) == ("model", run.info.run_id, {**PARAMS, "C": str(strength)})
    metrics = {metric.key: metric for metric in read.metrics or []}
    assert sorted(metrics) == ["accuracy", "nothing", "strength"]
    assert (metrics["accuracy"].dataset_name, metrics["accuracy"].dataset_digest) == ("iris", data.digest)
    assert (metrics["strength"].value, metrics["strength"].step) == (strength, 1)
    assert metrics["nothing"].value != metrics["nothing"].value
    outputs = mlflow.get_run(run.info.run_id).outputs
    assert outputs is not None
    assert [output.model_id for output in outputs.model_outputs] == [logged.model_id]
    return str(logged.model_id)


def find(experiment_id: str, models: list[str]) -> None:
    def search(**asked: object) -> list[str]:
        found = mlflow.search_logged_models([experiment_id], output_format="list", **asked)
        return [model.model_id for model in found]

    assert search() == models[::-1]
    assert search(filter_string="params.C = '1.0' AND tags.team = 'north'") == models[1:2]
    assert search(filter_string="metrics.strength > 0.5", order_by=[{"field_name": "metrics.strength"}]) == models[1:]
    assert search(filter_string="metrics.accuracy > 0", datasets=[{"dataset_name": "iris"}]) == models[::-1]
    best = search(order_by=[{"field_name": "metrics.strength", "ascending": False}], max_results=1)
    assert best == models[2:]
    assert len(mlflow.search_logged_models([experiment_id])) == len(models)  # as a pandas table

    client = MlflowClient()
    page = client.search_logged_models([experiment_id], max_results=2)
    rest = client.search_logged_models([experiment_id], max_results=2, page_token=page.token)
    assert [model.model_id for model in [*page, *rest]] == models[::-1]
    assert rest.token is None


def list_files(model_id: str, folder: Path) -> None:
    client = MlflowClient()
    run_id = client.get_logged_model(model_id).source_run_id
    names = {info.path for info in client.list_artifacts(run_id, "model")}
    assert "model/MLmodel" in names, names
    assert "MLmodel" in {info.path for info in client.list_logged_model_artifacts(model_id)}
    copy = mlflow.artifacts.download_artifacts(f"runs:/{run_id}/model/MLmodel", dst_path=str(folder))
    assert model_id in Path(copy).read_text()
    notes = folder / "notes.txt"
    notes.write_text("good\n")
    client.log_model_artifact(model_id, str(notes))
    whole = mlflow.artifacts.download_artifacts(f"models:/{model_id}", dst_path=str(folder / "whole"))
    assert (Path(whole) / "notes.txt").read_text() == "good\n"


def mark_and_delete(model_id: str) -> None:
    client = MlflowClient()
    mlflow.set_logged_model_tags(model_id, {"approved by": "ada", "note": "1"})
    mlflow.set_logged_model_tags(model_id, {"note": "2"})
    mlflow.delete_logged_model_tag(model_id, "approved by")
    assert client.get_logged_model(model_id).tags["note"] == "2"
    assert "approved by" not in client.get_logged_model(model_id).tags
    mlflow.log_model_params({"later": "1"}, model_id)
    refused = refusal(lambda: mlflow.log_model_params({"later": "2"}, model_id))
    assert "Changing param values is not allowed" in str(refused)

    client.delete_logged_model(model_id)
    assert refusal(lambda: client.get_logged_model(model_id)).error_code == "RESOURCE_DOES_NOT_EXIST"


def refusal(ask: Callable[[], object]) -> MlflowException:
    try:
        ask()
    except MlflowException as refused:
        return refused
    raise AssertionError("the server did not refuse")


if __name__ == "__main__":
    mlflow.set_tracking_uri(sys.argv[1])
    experiment = mlflow.set_experiment("models")
    trained = [train(strength) for strength in STRENGTHS]
    find(experiment.experiment_id, trained)
    list_files(trained[0], Path(sys.argv[2]))
    mark_and_delete(trained[1])
    assert mlflow.create_external_model(name="elsewhere").status == LoggedModelStatus.READY
    print(trained[0])
