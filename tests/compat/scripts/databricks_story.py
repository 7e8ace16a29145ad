"""A client whose tracking URI is `databricks` or `databricks://profile`: runs, files, a model, its stages; no Unity Catalog.

For mlflow 1.30, 2.22 and 3.17, with one code where their interfaces differ."""

import os
import sys
import tempfile
from pathlib import Path

import mlflow
import mlflow.pyfunc
import mlflow.sklearn
import numpy as np
from mlflow.exceptions import MlflowException
from mlflow.models.signature import infer_signature
from mlflow.tracking import MlflowClient
from sklearn.linear_model import LogisticRegression

(uri,) = sys.argv[1:]
major = int(mlflow.__version__.split(".")[0])
mlflow.set_tracking_uri(uri)
mlflow.set_registry_uri(uri)
mlflow.set_experiment("/Shared/ana/churn")
client = MlflowClient()
files = Path(tempfile.mkdtemp())
for name, size in {"empty": 0, "small.txt": 5, "a space.bin": 3 << 20}.items():
    (files / name).write_bytes(os.urandom(size))
with mlflow.start_run() as run:
    mlflow.log_params({"lr": 0.1, "depth": 3})
    for step in range(3):
        mlflow.log_metric("epoch_loss", 1 / (step + 1), step=step)
    mlflow.log_artifacts(str(files), "files")
found = client.get_run(run.info.run_id)
assert found.info.artifact_uri.startswith("dbfs:/databricks/mlflow-tracking/"), found.info
assert found.data.metrics == {"epoch_loss": 1 / 3}, found.data
assert found.data.params == {"lr": "0.1", "depth": "3"}, found.data
assert len(client.get_metric_history(run.info.run_id, "epoch_loss")) == 3
assert {each.path for each in client.list_artifacts(run.info.run_id, "files")} == {
    f"files/{each.name}" for each in files.iterdir()
}
back = Path(client.download_artifacts(run.info.run_id, "files", tempfile.mkdtemp()))
assert all((back / each.name).read_bytes() == each.read_bytes() for each in files.iterdir())

rows = np.array([[0.1, 0.2], [0.9, 0.8], [0.2, 0.1], [0.8, 0.9]])
model = LogisticRegression().fit(rows, [0, 1, 0, 1])
where = {"name": "model"} if major >= 3 else {"artifact_path": "model"}
with mlflow.start_run():
    info = mlflow.sklearn.log_model(model, pip_requirements=["scikit-learn"], signature=infer_signature(rows), **where)
version = mlflow.register_model(info.model_uri, "churn")
client.transition_model_version_stage("churn", version.version, "Production")
for model_uri in ("models:/churn/Production", info.model_uri):
    assert mlflow.pyfunc.load_model(model_uri).predict(rows).tolist() == [0, 1, 0, 1], model_uri
assert len(mlflow.search_runs(experiment_ids=[run.info.experiment_id])) == 2
mlflow.set_registry_uri("databricks-uc")
refused = ""
try:
    mlflow.register_model(info.model_uri, "a.b.c")
except MlflowException as error:
    refused = str(error)
assert "MLFLOW_REGISTRY_URI=databricks" in refused or major < 2, refused  # 1.30 knows no such registry, and says so
assert refused
print("done")
