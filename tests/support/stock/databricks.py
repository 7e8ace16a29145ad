"""Works on a Databricks workspace with the stock client, by its URI `databricks`: `python -m support.stock.databricks`.

It finds the workspace by DATABRICKS_HOST and DATABRICKS_TOKEN, as users' code does.
"""

import math
import tempfile
from pathlib import Path

import mlflow
from mlflow import MlflowClient
from mlflow.entities import (
    Dataset,
    DatasetInput,
    InputTag,
    LoggedModelOutput,
    LoggedModelStatus,
    Metric,
    Param,
    RunTag,
)

START = 1_700_000_000_000


def train(client: MlflowClient, folder: Path) -> str:
    experiment = client.create_experiment("/Shared/by hand", tags={"mlflow.note.content": "# ü"})
    parent = client.create_run(experiment, start_time=START, run_name="parent").info.run_id
    run_id: str = client.create_run(
        experiment, start_time=START + 1, run_name="child", tags={"mlflow.parentRunId": parent}
    ).info.run_id
    points = [Metric("loss", 1 / (step + 1), START + step, step) for step in range(700)]
    client.log_batch(run_id, points, [Param(f"p{each}", str(each)) for each in range(99)], [RunTag("team", "blue")])
    client.log_metric(run_id, "odd", math.nan, timestamp=START, step=1)
    client.log_param(run_id, "alone", "1")
    client.set_tag(run_id, "alone", "2")
    client.set_tag(run_id, "gone", "2")
    client.delete_tag(run_id, "gone")
    dataset = Dataset(name="iris", digest="d1", source_type="http", source='{"url": "u"}', schema='{"s": 1}')
    client.log_inputs(run_id, [DatasetInput(dataset, [InputTag("mlflow.data.context", "train")])])
    client.log_text(run_id, "hello", "notes/ü.txt")
    client.log_artifacts(run_id, str(folder), "model")
    model = client.create_logged_model(
        experiment, name="net", source_run_id=run_id, model_type="forest", params={"depth": "3"}, tags={"stage": "x"}
    )
    client.log_model_artifacts(model.model_id, str(folder))
    client.finalize_logged_model(model.model_id, LoggedModelStatus.READY)
    client.log_outputs(run_id, [LoggedModelOutput(model.model_id, step=7)])
    client.set_terminated(run_id, "FAILED", end_time=START + 9)
    client.delete_run(parent)
    return run_id


def register(client: MlflowClient, run_id: str) -> None:
    client.create_registered_model("forest", tags={"owner": "ann"}, description="Trees")
    source = f"{client.get_run(run_id).info.artifact_uri}/model"
    for number in ("1", "2"):
        client.create_model_version("forest", source, run_id=run_id, description=number, tags={"k": number})
    client.transition_model_version_stage("forest", "1", "Production")
    client.set_model_version_tag("forest", "2", "late", "yes")
    client.create_registered_model("empty")


def main() -> None:
    mlflow.set_tracking_uri("databricks")
    mlflow.set_registry_uri("databricks")
    client = MlflowClient("databricks", "databricks")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "MLmodel").write_text("flavors: {}")
        (folder / "data").mkdir()
        (folder / "data" / "weights.bin").write_bytes(bytes(range(256)) * 50_000)  # three parts
        (folder / "data" / "empty").write_bytes(b"")
        register(client, train(client, folder))


if __name__ == "__main__":
    main()
