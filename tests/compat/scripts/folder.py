"""Fill a folder `mlruns` by the stock mlflow of whichever version runs this: `folder.py FOLDER`.  Prints what it reads back."""

import json
import os
import sys
from pathlib import Path

os.environ["MLFLOW_ALLOW_FILE_STORE"] = "true"

import mlflow
from mlflow.entities import ViewType
from mlflow.tracking import MlflowClient

root = Path(sys.argv[1])
mlflow.set_tracking_uri(root.as_uri())
client = MlflowClient()
experiment_id = client.create_experiment("/people/ann/iris ü", tags={"owner": "ann"})
with mlflow.start_run(experiment_id=experiment_id, run_name="parent") as parent:
    for step in range(100):
        mlflow.log_metric("train/loss", 1 / (step + 1), step=step)
    mlflow.log_metric("broken", float("nan"))
    mlflow.log_params({"rate": 0.1, "long": "x" * 250, "empty": ""})
    mlflow.set_tag("note", "line one\nline two\n")
    mlflow.log_text("hello", "deep/er/hello ü.txt")
    with mlflow.start_run(experiment_id=experiment_id, run_name="child", nested=True) as child:
        mlflow.log_metric("acc", 0.5)
with mlflow.start_run(experiment_id="0") as gone:
    mlflow.log_param("p", "q")
client.delete_run(gone.info.run_id)
deleted = client.create_experiment("deleted")
client.create_run(deleted, start_time=5)
client.delete_experiment(deleted)
has_registry = int(mlflow.__version__.split(".")[0]) >= 2  # before that, files keep none
if has_registry:
    client.create_registered_model("net", tags={"k": "v"}, description="d")
    client.create_model_version("net", f"runs:/{parent.info.run_id}/deep", run_id=parent.info.run_id)
    client.transition_model_version_stage("net", "1", "Staging")

found = {}
for each in client.search_experiments(view_type=ViewType.ALL):
    for run in client.search_runs([each.experiment_id], run_view_type=ViewType.ALL):
        info = run.info
        found[info.run_id] = {
            "experiment": each.name,
            "info": [info.user_id, info.status, info.start_time, info.end_time, info.lifecycle_stage],
            "params": run.data.params,
            "tags": run.data.tags,
            "points": {key: len(client.get_metric_history(info.run_id, key)) for key in run.data.metrics},
            "last": {key: repr(value) for key, value in run.data.metrics.items()},
        }
print(
    json.dumps({"runs": found, "has_registry": has_registry, "parent": parent.info.run_id, "child": child.info.run_id})
)
