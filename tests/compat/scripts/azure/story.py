"""The article's story by Microsoft's own client: a workspace, an experiment, a run with files, a model twice, and back."""

import os
import sys
import tempfile
from pathlib import Path

import mlflow
import numpy as np
from azureml.core import Workspace  # type: ignore[import-not-found]  # in the environment of the test alone
from mlflow.models import infer_signature
from sklearn.linear_model import LogisticRegression

MIB = 1 << 20
SIZES = {"empty.bin": 0, "one.bin": 1, "whole.bin": 64 * MIB, "blocks.bin": 70 * MIB, "a space é.txt": 10}

subscription, group, name = sys.argv[1:]
ws = Workspace.get(name=name, subscription_id=subscription, resource_group=group)
mlflow.set_tracking_uri(ws.get_mlflow_tracking_uri())
mlflow.set_experiment("/Shared/ana/churn")
client = mlflow.MlflowClient()

files = Path(tempfile.mkdtemp())
for file, size in SIZES.items():
    (files / file).write_bytes(os.urandom(size))
with mlflow.start_run() as run:
    for step in range(3):
        mlflow.log_metric("epoch_loss", 1 / (step + 1), step=step)
    mlflow.log_metric("later", 3.0, synchronous=False)
    mlflow.flush_async_logging()
    mlflow.log_artifacts(str(files), "files")
    mlflow.log_artifact(str(files / "one.bin"), "files")
    with mlflow.start_run(nested=True):
        mlflow.log_param("child", 1)
found = client.get_run(run.info.run_id)
assert found.info.artifact_uri.startswith("azureml://"), found.info
assert found.data.metrics == {"epoch_loss": 1 / 3, "later": 3.0}, found.data
assert len(client.get_metric_history(run.info.run_id, "epoch_loss")) == 3
assert {each.path for each in client.list_artifacts(run.info.run_id, "files")} == {f"files/{each}" for each in SIZES}
back = Path(mlflow.artifacts.download_artifacts(run_id=run.info.run_id, artifact_path="files"))
assert all((back / each).read_bytes() == (files / each).read_bytes() for each in SIZES)

rows = np.array([[0.1, 0.2], [0.9, 0.8], [0.2, 0.1], [0.8, 0.9]])
model = LogisticRegression().fit(rows, [0, 1, 0, 1])
about = {
    "pip_requirements": ["scikit-learn"],
    "signature": infer_signature(rows),
    "serialization_format": "cloudpickle",
}
mlflow.sklearn.autolog()
with mlflow.start_run() as trained:
    LogisticRegression().fit(rows, [0, 1, 0, 1])
    mlflow.log_metric("epoch_loss", 0.25)
mlflow.sklearn.autolog(disable=True)
logged = client.get_run(trained.info.run_id)
assert logged.data.params["C"] == "1.0", logged.data
assert {"training_score", "epoch_loss"} <= logged.data.metrics.keys(), logged.data
assert len(logged.outputs.model_outputs) == 1, logged.outputs
with mlflow.start_run():
    info = mlflow.sklearn.log_model(model, name="model", **about)
versions = [mlflow.register_model(info.model_uri, "churn").version for _ in range(2)]
assert [str(each) for each in versions] == ["1", "2"], versions
saved = Path(tempfile.mkdtemp()) / "saved"
mlflow.sklearn.save_model(model, saved, **about)
mlflow.register_model(saved.as_uri(), "from-disk")
for uri in ("models:/churn/2", info.model_uri, "models:/from-disk/1"):
    assert mlflow.pyfunc.load_model(uri).predict(rows).tolist() == [0, 1, 0, 1], uri
assert len(mlflow.search_runs(experiment_names=["/Shared/ana/churn"])) == 4
assert [each.name for each in Workspace.list(subscription)[name]] == [name]
print("done")
