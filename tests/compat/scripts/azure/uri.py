"""azureml-mlflow with nothing but a tracking URI: it asks IDENTITY_ENDPOINT for its tokens."""

import os
import tempfile
from pathlib import Path

import mlflow
from mlflow.deployments import get_deploy_client

assert os.environ["IDENTITY_ENDPOINT"]
assert "MSI_ENDPOINT" not in os.environ
mlflow.set_experiment("/Shared/ana/uri")
file = Path(tempfile.mkdtemp()) / "a.txt"
file.write_text("hello")
with mlflow.start_run() as run:
    mlflow.log_metric("epoch_loss", 0.5)
    mlflow.log_artifact(str(file))
assert mlflow.MlflowClient().get_run(run.info.run_id).data.metrics == {"epoch_loss": 0.5}
assert Path(mlflow.artifacts.download_artifacts(run_id=run.info.run_id, artifact_path="a.txt")).read_text() == "hello"
deployments = get_deploy_client(os.environ["MLFLOW_TRACKING_URI"])
assert deployments.create_endpoint("churn")["name"] == "churn"
deployments.delete_endpoint("churn")
print("done")
