"""Log a run with a metric and a file to wherever the environment says; prints its id."""

import os

import mlflow
from mlflow.tracking import MlflowClient

with mlflow.start_run() as run:
    mlflow.log_metric("loss", 0.5)
    mlflow.log_text("hello", "hello.txt")
assert [info.path for info in MlflowClient().list_artifacts(run.info.run_id)] == ["hello.txt"]
tags = MlflowClient().get_run(run.info.run_id).data.tags
assert tags.get("trackside.slurm.job", "") == os.environ["SLURM_JOB_ID"], tags
print(run.info.run_id)
