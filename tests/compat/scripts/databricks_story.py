"""A client whose tracking URI is `databricks`: runs, files, a model, its stages; and Unity Catalog's refusal."""

import os
import tempfile
from pathlib import Path

import mlflow
import numpy as np
from mlflow.exceptions import MlflowException
from mlflow.models import infer_signature
from sklearn.linear_model import LogisticRegression

mlflow.set_tracking_uri("databricks")
mlflow.set_registry_uri("databricks")
mlflow.set_experiment("/Shared/ana/churn")
client = mlflow.MlflowClient()
files = Path(tempfile.mkdtemp())
for name, size in {"empty": 0, "small.txt": 5, "a space.bin": 3 << 20}.items():
    (files / name).write_bytes(os.urandom(size))
with mlflow.start_run() as run:
    mlflow.log_metric("epoch_loss", 0.5)
    mlflow.log_artifacts(str(files), "files")
assert client.get_run(run.info.run_id).info.artifact_uri.startswith("dbfs:/databricks/mlflow-tracking/")
back = Path(mlflow.artifacts.download_artifacts(run_id=run.info.run_id, artifact_path="files"))
assert all((back / each.name).read_bytes() == each.read_bytes() for each in files.iterdir())

rows = np.array([[0.1, 0.2], [0.9, 0.8], [0.2, 0.1], [0.8, 0.9]])
model = LogisticRegression().fit(rows, [0, 1, 0, 1])
with mlflow.start_run():
    info = mlflow.sklearn.log_model(
        model, name="model", pip_requirements=["scikit-learn"], signature=infer_signature(rows)
    )
version = mlflow.register_model(info.model_uri, "churn")
client.transition_model_version_stage("churn", version.version, "Production")
for uri in ("models:/churn/Production", info.model_uri):
    assert mlflow.pyfunc.load_model(uri).predict(rows).tolist() == [0, 1, 0, 1], uri
mlflow.set_registry_uri("databricks-uc")
refused = ""
try:
    mlflow.register_model(info.model_uri, "a.b.c")
except MlflowException as error:
    refused = str(error)
assert "MLFLOW_REGISTRY_URI=databricks" in refused, refused
print("done")
