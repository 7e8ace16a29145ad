"""Writes runs with the stock client, as users have them: `python -m support.stock.writer URI --runs N`.

A program of its own, so that no test's process has MLflow's state.  Every run has its number in the tag `number`.
"""

import argparse
import math
import os
import tempfile
from pathlib import Path

import mlflow
from mlflow import MlflowClient
from mlflow.entities import (
    Dataset,
    DatasetInput,
    InputTag,
    LoggedModelInput,
    LoggedModelOutput,
    LoggedModelStatus,
    Metric,
    Param,
    RunTag,
)

START = 1_700_000_000_000


def simple(client: MlflowClient, experiment: str, number: int, folder: Path, files: int) -> str:
    """A training: params, tags, two curves, a file or two."""
    run = client.create_run(
        experiment, start_time=START + number, tags={"number": str(number)}, run_name=f"run-{number}"
    )
    run_id: str = run.info.run_id
    metrics = [
        Metric(key, value / (step + 1), START + step, step)
        for step in range(20)
        for key, value in (("loss", 1.0), ("val/acc", 0.9))
    ]
    client.log_batch(
        run_id,
        metrics=metrics,
        params=[Param("lr", str(0.1 / (number + 1))), Param("opt/name", "adam")],
        tags=[RunTag("team", "vision")],
    )
    for each in range(files):
        path = folder / f"file-{each}.txt"
        path.write_text(f"{number} {each}\n" * 20)
        client.log_artifact(run_id, str(path), artifact_path="out" if each else None)
    client.set_terminated(run_id, "FINISHED" if number % 3 else "FAILED", end_time=START + number + 500)
    return run_id


def odd(client: MlflowClient, folder: Path) -> None:
    """Write rarer data: nested and deleted runs, NaN and infinities, datasets, logged models, notes, a deleted experiment."""
    experiment = client.create_experiment("/people/ann/iris ü", tags={"mlflow.note.content": "# Iris\n\nlong\n"})
    parent = client.create_run(experiment, start_time=START, run_name="parent", tags={"number": "1000"})
    child = client.create_run(
        experiment, start_time=START + 1, tags={"mlflow.parentRunId": parent.info.run_id, "number": "1001", "empty": ""}
    ).info.run_id
    for step, value in enumerate((math.nan, math.inf, -math.inf, 0.5, -0.0)):
        client.log_metric(child, "odd", value, timestamp=START + step, step=step)
    client.log_metric(child, "last is nan", 1.0, timestamp=START, step=0)
    client.log_metric(child, "last is nan", math.nan, timestamp=START, step=-5 + 6)
    client.log_param(child, "long", "x" * 500)
    client.set_tag(child, "mlflow.note.content", "two\nlines: ü\r\n")
    dataset = Dataset(
        name="iris", digest="d1", source_type="http", source='{"url": "u"}', schema='{"s": 1}', profile=None
    )
    client.log_inputs(child, [DatasetInput(dataset, [InputTag("mlflow.data.context", "train")])])
    nested = folder / "tree"
    (nested / "deep" / "er").mkdir(parents=True)
    (nested / "deep" / "er" / "ü b.bin").write_bytes(bytes(range(256)) * 500)
    (nested / "empty").write_bytes(b"")
    client.log_artifacts(child, str(nested))
    model = client.create_logged_model(
        experiment, name="net", source_run_id=child, model_type="forest", params={"depth": "3"}, tags={"stage": "x"}
    )
    client.log_model_artifacts(model.model_id, str(nested))
    client.finalize_logged_model(model.model_id, LoggedModelStatus.READY)
    client.log_outputs(child, [LoggedModelOutput(model.model_id, step=7)])
    client.log_metric(child, "acc", 0.5, timestamp=START, step=1, model_id=model.model_id)
    client.log_metric(child, "acc", 0.75, timestamp=START + 1, step=2, model_id=model.model_id)
    client.set_terminated(child, "KILLED", end_time=START + 9)
    client.log_inputs(parent.info.run_id, models=[LoggedModelInput(model.model_id)])
    client.delete_run(parent.info.run_id)  # still RUNNING
    gone = client.create_experiment("gone")
    inside = client.create_run(gone, tags={"number": "1002"}, run_name="inside").info.run_id
    client.set_terminated(inside)
    client.delete_experiment(gone)
    registry(client, child, model.model_id)


def registry(client: MlflowClient, run_id: str, model_id: str) -> None:
    client.create_registered_model("forest", tags={"owner": "ann"}, description="Trees")
    source = client.get_run(run_id).info.artifact_uri
    first = client.create_model_version("forest", f"{source}/deep", run_id=run_id, description="first", tags={"k": "v"})
    client.create_model_version("forest", f"{source}/deep", run_id=run_id)
    client.create_model_version("forest", f"models:/{model_id}", run_id=run_id, model_id=model_id)
    client.delete_model_version("forest", "2")
    client.transition_model_version_stage("forest", first.version, "Production")
    client.set_registered_model_alias("forest", "champion", "3")
    client.create_registered_model("empty")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("uri")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--files", type=int, default=2)
    parser.add_argument("--root", default=None, help="artifact location of the experiments")
    parser.add_argument("--plain", action="store_true", help="simple runs only")
    words = parser.parse_args()
    os.environ["MLFLOW_ALLOW_FILE_STORE"] = "true"
    mlflow.set_tracking_uri(words.uri)  # a version of a logged model looks for it there
    client = MlflowClient(words.uri)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        location = {} if words.root is None else {"artifact_location": f"{words.root}/trees"}
        experiment = client.create_experiment("trees", **location)
        for number in range(words.runs):
            simple(client, experiment if number % 2 else "0", number, folder, words.files)
        if not words.plain:
            odd(client, folder)


if __name__ == "__main__":
    main()
