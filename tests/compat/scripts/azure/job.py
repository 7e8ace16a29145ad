"""A submitted job of azureml-mlflow: its environment names the run and holds a token, and no other sign-in is possible."""

import os
import tempfile
from pathlib import Path

import mlflow

file = Path(tempfile.mkdtemp()) / "a.txt"
file.write_text("hello")
assert not {name for name in os.environ if name.startswith(("MSI_", "IDENTITY_"))}
run_id = os.environ["MLFLOW_RUN_ID"]  # `start_run` removes it
with mlflow.start_run() as run:
    assert run.info.run_id == run_id
    mlflow.log_metric("epoch_loss", 0.5)
    mlflow.log_params({"lr": 0.1})
    mlflow.log_artifact(str(file))
back = mlflow.MlflowClient().get_run(run.info.run_id)
assert back.data.metrics == {"epoch_loss": 0.5}, back.data
assert back.info.artifact_uri.startswith("azureml://"), back.info
assert Path(mlflow.artifacts.download_artifacts(run_id=run.info.run_id, artifact_path="a.txt")).read_text() == "hello"
print(back.info.status)
