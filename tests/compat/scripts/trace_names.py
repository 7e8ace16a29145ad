"""Print the name of each trace with those of its spans, as JSON.  Called as `trace_names.py TRACKING_URI`."""

import json
import sys

import mlflow
from mlflow.tracking import MlflowClient

mlflow.set_tracking_uri(sys.argv[1])
experiment_id = mlflow.set_experiment("traces").experiment_id
found = MlflowClient().search_traces(experiment_ids=[experiment_id])
print(json.dumps([[trace.info.tags["mlflow.traceName"], [span.name for span in trace.data.spans]] for trace in found]))
