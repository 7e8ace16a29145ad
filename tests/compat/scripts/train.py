"""What a data scientist does with the stock mlflow, of whichever version runs this: train, log, search, read back,
register.

Called as `train.py CSV FOLDER TRACKING_URI...`; asserts as it goes, prints the id of its run at each of the addresses.
Needs mlflow only.
"""

import csv
import json
import math
import random
import sys
import time
from pathlib import Path
from typing import Any

import mlflow
from mlflow.entities import Metric, Param, RunTag, ViewType
from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient

MAJOR = int(mlflow.__version__.split(".")[0])
EPOCHS = 20
RATE = 0.1

Row = tuple[list[float], int]


def read(path: str) -> list[Row]:
    """The iris flowers: four lengths in cm and a class; the mean of each length is taken off, and 1 added as bias."""
    with Path(path).open() as lines:
        rows = [([float(x) for x in line[:4]], int(line[4])) for line in list(csv.reader(lines))[1:]]
    means = [sum(row[0][i] for row in rows) / len(rows) for i in range(4)]
    return [([x - mean for x, mean in zip(features, means, strict=True)] + [1.0], label) for features, label in rows]


def probabilities(weights: list[list[float]], features: list[float]) -> list[float]:
    scores = [math.exp(sum(w * x for w, x in zip(row, features, strict=True))) for row in weights]
    return [score / sum(scores) for score in scores]


def train_epoch(weights: list[list[float]], rows: list[Row]) -> float:
    """One pass of softmax regression by gradient descent, in place; returns the mean loss."""
    loss = 0.0
    for features, label in rows:
        predicted = probabilities(weights, features)
        loss -= math.log(predicted[label])
        for k, row in enumerate(weights):
            error = predicted[k] - (k == label)
            for i, x in enumerate(features):
                row[i] -= RATE * error * x
    return loss / len(rows)


def accuracy(weights: list[list[float]], rows: list[Row]) -> float:
    hits = [max(range(3), key=probabilities(weights, features).__getitem__) == label for features, label in rows]
    return sum(hits) / len(hits)


def log_training(rows: list[Row], folder: Path) -> tuple[str, list[float], float]:
    """Train and log everything that a run can hold; returns run id, losses and accuracy."""
    weights = [[0.0] * 5 for _ in range(3)]
    losses = []
    with mlflow.start_run(run_name="softmax", tags={"team": "ana"}) as run:
        mlflow.log_param("rate", RATE)
        mlflow.log_params({"epochs": EPOCHS, "model": "softmax regression", "leer": "", "größe": "ü" * 200})
        for epoch in range(EPOCHS):
            losses.append(train_epoch(weights, rows))
            mlflow.log_metric("epoch_loss", losses[-1], step=epoch)
        reached = accuracy(weights, rows)
        mlflow.log_metrics({"accuracy": reached, "val/loss": losses[-1]}, step=EPOCHS)
        mlflow.log_metrics({"nothing": math.nan, "much": math.inf, "little": -math.inf, "big": 1e300})
        mlflow.set_tag("stage", "try")
        mlflow.set_tags({"seed": 7, "note": "line one\nline two", "gone": "soon"})
        mlflow.delete_tag("gone")
        log_batch(run.info.run_id)
        log_files(folder, weights)
        with mlflow.start_run(run_name="child", nested=True):
            mlflow.log_metric("accuracy", reached / 2)
    return run.info.run_id, losses, reached


def log_batch(run_id: str) -> None:
    now = int(time.time() * 1000)
    MlflowClient().log_batch(
        run_id,
        metrics=[Metric("batch", float(i), now + i, i) for i in range(500)],
        params=[Param(f"p{i}", str(i)) for i in range(50)],
        tags=[RunTag("batched", "yes")],
    )


def log_files(folder: Path, weights: list[list[float]]) -> None:
    model = folder / "model"
    (model / "deep").mkdir(parents=True)
    (model / "weights.json").write_text(json.dumps(weights))
    (model / "deep" / "noise.bin").write_bytes(random.Random(1).randbytes(300_000))
    (model / "deep" / "empty").write_bytes(b"")
    mlflow.log_artifact(str(model / "weights.json"))
    mlflow.log_artifact(str(model / "weights.json"), "a folder/with ümlaut")
    mlflow.log_artifacts(str(model), "model")
    mlflow.log_text("epoch by epoch", "notes/log.txt")
    mlflow.log_dict({"rate": RATE}, "notes/config.json")


def check_run(client: MlflowClient, run_id: str, losses: list[float], reached: float) -> None:
    run = client.get_run(run_id)
    assert run.info.status == "FINISHED", run.info.status
    assert run.info.lifecycle_stage == "active"
    assert 0 <= run.info.end_time - run.info.start_time < 600_000
    assert run.data.tags["mlflow.runName"] == "softmax"
    assert MAJOR < 2 or run.info.run_name == "softmax"
    wanted = {"rate": "0.1", "epochs": "20", "model": "softmax regression", "leer": "", "größe": "ü" * 200}
    assert run.data.params == {**wanted, **{f"p{i}": str(i) for i in range(50)}}
    metrics = run.data.metrics
    assert (metrics["accuracy"], metrics["val/loss"], metrics["batch"]) == (reached, losses[-1], 499.0)
    assert math.isnan(metrics["nothing"])
    assert (metrics["much"], metrics["little"], metrics["big"]) == (sys.float_info.max, -sys.float_info.max, 1e300)
    tags = run.data.tags
    assert (tags["team"], tags["stage"], tags["seed"], tags["batched"]) == ("ana", "try", "7", "yes")
    assert tags["note"] == "line one\nline two"
    assert "gone" not in tags
    history = client.get_metric_history(run_id, "epoch_loss")
    assert [(point.step, point.value) for point in history] == list(enumerate(losses))
    assert [point.step for point in client.get_metric_history(run_id, "batch")] == list(range(500))
    assert client.get_metric_history(run_id, "never logged") == []


def check_files(client: MlflowClient, run_id: str, folder: Path) -> None:
    def paths(below: str | None) -> dict[str, Any]:
        # mlflow's own server leaves an empty file's size out.
        files = client.list_artifacts(run_id, below)
        return {info.path: (info.is_dir, None if info.is_dir else info.file_size or 0) for info in files}

    weights = (folder / "model" / "weights.json").read_bytes()
    assert paths(None) == {
        "a folder": (True, None),
        "model": (True, None),
        "notes": (True, None),
        "weights.json": (False, len(weights)),
    }
    assert paths("model") == {"model/deep": (True, None), "model/weights.json": (False, len(weights))}
    assert paths("model/deep") == {"model/deep/empty": (False, 0), "model/deep/noise.bin": (False, 300_000)}
    assert paths("a folder") == {"a folder/with ümlaut": (True, None)}
    target = folder / "downloaded"
    target.mkdir()
    whole = Path(mlflow.artifacts.download_artifacts(run_id=run_id, artifact_path="model", dst_path=str(target)))
    for file in (folder / "model").rglob("*"):
        assert file.is_dir() or (whole / file.relative_to(folder / "model")).read_bytes() == file.read_bytes()
    uri = f"runs:/{run_id}/notes/log.txt"
    assert Path(mlflow.artifacts.download_artifacts(artifact_uri=uri)).read_text() == "epoch by epoch"
    config = mlflow.artifacts.download_artifacts(run_id=run_id, artifact_path="notes/config.json")
    assert json.loads(Path(config).read_text()) == {"rate": RATE}
    odd = mlflow.artifacts.download_artifacts(run_id=run_id, artifact_path="a folder/with ümlaut/weights.json")
    assert Path(odd).read_bytes() == weights


def check_search(client: MlflowClient, experiment_id: str, run_id: str) -> None:
    def found(text: str, **further: Any) -> list[str]:
        return [run.info.run_id for run in client.search_runs([experiment_id], text, **further)]

    children = found(f"tags.mlflow.parentRunId = '{run_id}'")
    assert len(children) == 1
    assert found("metrics.accuracy > 0.9 and params.rate = '0.1' and tags.team LIKE 'an%'") == [run_id]
    assert found("metrics.`val/loss` < 0.5 and attributes.status = 'FINISHED'") == [run_id]
    assert found("params.rate = '0.2'") == []
    assert found("", order_by=["metrics.accuracy DESC"]) == [run_id, *children]
    assert found("", order_by=["metrics.accuracy ASC"]) == [*children, run_id]
    page = client.search_runs([experiment_id], "", max_results=1, order_by=["metrics.accuracy DESC"])
    rest = client.search_runs(
        [experiment_id], "", max_results=1, order_by=["metrics.accuracy DESC"], page_token=page.token
    )
    assert [run.info.run_id for run in [*page, *rest]] == [run_id, *children]
    listed = mlflow.search_runs([experiment_id], "metrics.accuracy > 0.9", output_format="list")
    assert [run.info.run_id for run in listed] == [run_id]


def check_lifecycle(client: MlflowClient, experiment_id: str, run_id: str) -> None:
    client.delete_run(run_id)
    assert client.get_run(run_id).info.lifecycle_stage == "deleted"
    assert run_id not in [run.info.run_id for run in client.search_runs([experiment_id])]
    deleted = client.search_runs([experiment_id], run_view_type=ViewType.DELETED_ONLY)
    assert [run.info.run_id for run in deleted] == [run_id]
    client.restore_run(run_id)
    assert client.get_run(run_id).info.lifecycle_stage == "active"

    client.set_experiment_tag(experiment_id, "owner", "ana")
    client.rename_experiment(experiment_id, f"renamed {experiment_id}")
    client.delete_experiment(experiment_id)
    assert client.get_experiment(experiment_id).lifecycle_stage == "deleted"
    client.restore_experiment(experiment_id)
    experiment = client.get_experiment_by_name(f"renamed {experiment_id}")
    assert (experiment.experiment_id, experiment.lifecycle_stage) == (experiment_id, "active")
    assert experiment.tags["owner"] == "ana"
    client.rename_experiment(experiment_id, f"iris {mlflow.__version__}")
    names = [found.name for found in client.search_experiments(filter_string="name LIKE 'iris %'")]
    if hasattr(client, "list_experiments"):  # of MLflow 1
        assert set(names) <= {found.name for found in client.list_experiments()}
    assert f"iris {mlflow.__version__}" in names


def check_states(client: MlflowClient, experiment_id: str) -> None:
    try:
        with mlflow.start_run() as failing:
            raise ZeroDivisionError
    except ZeroDivisionError:
        pass
    assert client.get_run(failing.info.run_id).info.status == "FAILED"
    run = client.create_run(experiment_id, start_time=1_600_000_000_000, tags={"by": "hand"})
    assert (run.info.status, run.info.start_time) == ("RUNNING", 1_600_000_000_000)
    client.log_metric(run.info.run_id, "old", 1.5, timestamp=1_600_000_000_001, step=-3)
    client.set_terminated(run.info.run_id, "KILLED", end_time=1_600_000_000_500)
    run = client.get_run(run.info.run_id)
    assert (run.info.status, run.info.end_time, run.data.metrics) == ("KILLED", 1_600_000_000_500, {"old": 1.5})
    with mlflow.start_run(run_id=run.info.run_id):
        mlflow.log_metric("old", 2.5, step=-2)
    assert [point.step for point in client.get_metric_history(run.info.run_id, "old")] == [-3, -2]


def check_errors(client: MlflowClient, run_id: str) -> None:
    def code(call: Any, *arguments: Any) -> str:
        try:
            call(*arguments)
        except MlflowException as error:
            return str(error.error_code)
        return "no error"

    assert code(client.get_run, "0" * 32) == "RESOURCE_DOES_NOT_EXIST"
    assert code(client.get_experiment, "123456789") == "RESOURCE_DOES_NOT_EXIST"
    assert client.get_experiment_by_name("no such experiment") is None
    assert code(client.create_experiment, f"iris {mlflow.__version__}") == "RESOURCE_ALREADY_EXISTS"
    assert code(client.search_runs, ["0"], "metrics.x = 'text'") == "INVALID_PARAMETER_VALUE"
    assert code(client.log_param, run_id, "rate", "0.2") == "INVALID_PARAMETER_VALUE"
    assert client.get_run(run_id).data.params["rate"] == "0.1"


def check_what_came_with_2(client: MlflowClient, run_id: str) -> None:
    from mlflow.entities import Dataset, DatasetInput, InputTag

    flowers = Dataset("iris", "abc123", "http", '{"url": "http://flowers"}', '{"rows": 150}')
    client.log_inputs(run_id, [DatasetInput(flowers, [InputTag("mlflow.data.context", "training")])])
    (used,) = client.get_run(run_id).inputs.dataset_inputs
    assert (used.dataset.name, used.dataset.digest, used.tags[0].value) == ("iris", "abc123", "training")
    with mlflow.start_run(run_id=run_id):
        for step in range(10):
            mlflow.log_metric("async", float(step), step=step, synchronous=False)
        mlflow.flush_async_logging()
    assert [point.value for point in client.get_metric_history(run_id, "async")] == [float(i) for i in range(10)]
    client.update_run(run_id, name="renamed")
    assert client.get_run(run_id).info.run_name == "renamed"
    client.update_run(run_id, name="softmax")


def check_what_came_with_3(client: MlflowClient, experiment_id: str, run_id: str) -> None:
    with mlflow.start_run(run_id=run_id):
        made = mlflow.initialize_logged_model(name="softmax", params={"classes": "3"}, tags={"kind": "linear"})
        mlflow.log_metric("model_accuracy", 0.9, step=1, model_id=made.model_id)
    client.finalize_logged_model(made.model_id, "READY")
    model = client.get_logged_model(made.model_id)
    assert (model.name, model.source_run_id, str(model.status)) == ("softmax", run_id, "READY")
    assert (model.params, model.tags["kind"]) == ({"classes": "3"}, "linear")
    assert [(metric.key, metric.value, metric.step) for metric in model.metrics] == [("model_accuracy", 0.9, 1)]
    found = client.search_logged_models([experiment_id], filter_string="metrics.model_accuracy > 0.5")
    assert [each.model_id for each in found] == [made.model_id]
    assert client.search_logged_models([experiment_id], filter_string="metrics.model_accuracy > 0.95") == []


def check_webhooks(client: MlflowClient) -> None:
    """Manage a webhook, to which nothing is sent."""
    from mlflow.entities.webhook import WebhookEvent, WebhookStatus

    events = [WebhookEvent("model_version_alias", "created"), WebhookEvent("model_version", "created")]
    made = client.create_webhook("w", "http://127.0.0.1:9/", events, secret="s", status=WebhookStatus.DISABLED)
    assert client.get_webhook(made.webhook_id).name == "w"
    assert [each.webhook_id for each in client.list_webhooks()] == [made.webhook_id]
    changed = client.update_webhook(made.webhook_id, description="d")
    assert (changed.description, changed.events) == ("d", made.events)
    client.delete_webhook(made.webhook_id)
    assert len(client.list_webhooks()) == 0


def check_registry(client: MlflowClient) -> None:
    """The calls of the registry that every mlflow from 1.30 on has, in the workspace of the tracking URI."""
    name = f"flowers {mlflow.__version__}"
    with mlflow.start_run() as run:
        mlflow.log_text("weights", "model/weights.txt")
    source = f"{run.info.artifact_uri}/model"

    client.create_registered_model(name, tags={"team": "north"}, description="flowers")
    for _ in range(2):
        client.create_model_version(name, source, run.info.run_id, tags={"from": "run"})
    assert [int(version.version) for version in client.get_latest_versions(name)] == [2]
    client.transition_model_version_stage(name, "1", "Production")
    client.transition_model_version_stage(name, "2", "Production", archive_existing_versions=True)
    latest = {version.current_stage: int(version.version) for version in client.get_latest_versions(name)}
    assert latest == {"Production": 2, "Archived": 1}
    client.update_model_version(name, "2", "the better one")
    client.set_model_version_tag(name, "2", "checked", "yes")
    client.delete_model_version_tag(name, "2", "from")
    version = client.get_model_version(name, "2")
    assert (version.description, version.tags, version.run_id) == (
        "the better one",
        {"checked": "yes"},
        run.info.run_id,
    )
    assert client.get_model_version_download_uri(name, "2") == source
    assert len(client.search_model_versions(f"name='{name}'")) == 2
    assert [model.name for model in client.search_registered_models(f"name = '{name}'")] == [name]
    if hasattr(client, "list_registered_models"):  # of MLflow 1
        assert [model.name for model in client.list_registered_models()] == [name]
    client.delete_model_version(name, "1")
    assert int(client.create_model_version(name, source, run.info.run_id).version) == 3
    client.rename_registered_model(name, f"{name} renamed")
    model = client.get_registered_model(f"{name} renamed")
    assert (model.description, model.tags) == ("flowers", {"team": "north"})
    client.delete_registered_model(f"{name} renamed")
    try:
        client.get_registered_model(f"{name} renamed")
    except MlflowException as refused:
        answered = refused.error_code
    else:
        answered = "no error"
    assert answered == "RESOURCE_DOES_NOT_EXIST"


def run_at(uri: str, rows: list[Row], folder: Path) -> str:
    """The whole round at one tracking URI; returns the run's id."""
    mlflow.set_tracking_uri(uri)
    client = MlflowClient()
    experiment_id = mlflow.create_experiment(f"iris {mlflow.__version__}", tags={"kind": "compat"})
    experiment = mlflow.set_experiment(f"iris {mlflow.__version__}")
    assert (experiment.experiment_id, experiment.tags["kind"]) == (experiment_id, "compat")
    run_id, losses, reached = log_training(rows, folder)
    assert reached > 0.9
    check_run(client, run_id, losses, reached)
    check_files(client, run_id, folder)
    check_search(client, experiment_id, run_id)
    check_lifecycle(client, experiment_id, run_id)
    check_states(client, experiment_id)
    check_errors(client, run_id)
    if MAJOR >= 2:
        check_what_came_with_2(client, run_id)
    if MAJOR >= 3:
        check_what_came_with_3(client, experiment_id, run_id)
    return run_id


def main(data: str, folder: Path, uris: list[str]) -> None:
    rows = read(data)
    runs = [run_at(uri, rows, folder / str(number)) for number, uri in enumerate(uris)]
    client = MlflowClient()  # at the last address
    check_registry(client)
    if MAJOR >= 3:
        check_webhooks(client)
    print(json.dumps(runs))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), sys.argv[3:])
