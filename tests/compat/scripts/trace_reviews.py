"""Runs a script of the guide, and prints what the stock client reads of it afterwards.

Arguments: the script and the tracking URI that it names."""

import json
import sys
from pathlib import Path

import mlflow
from mlflow.entities.issue import IssueSeverity, IssueStatus
from mlflow.exceptions import MlflowException
from mlflow.genai import label_schemas, review_queues, scorers
from mlflow.genai.scorers import get_scorer, list_scorers
from mlflow.tracking._tracking_service.utils import _get_store

exec(Path(sys.argv[1]).read_text(), {"__name__": "guide"})

experiment_id = mlflow.get_experiment_by_name("shop").experiment_id
trace = mlflow.search_traces(locations=[experiment_id], return_type="list")[0]
(queue,) = review_queues.list_review_queues(experiment_id=experiment_id)
(item,) = review_queues.list_review_queue_items(queue.queue_id)
schemas = label_schemas.list_label_schemas(experiment_id)


@scorers.scorer  # type: ignore[untyped-decorator]  # of mlflow
def exact(outputs: str) -> bool:
    return outputs == "x"


try:
    exact.register(experiment_id=experiment_id)
    refused = "registered"
except MlflowException as error:
    refused = str(error)[:43]

store = _get_store()
issue = store.create_issue(experiment_id, "slow", "Answers take a minute.", severity=IssueSeverity.HIGH)
store.update_issue(issue.issue_id, status=IssueStatus.RESOLVED)
(found,) = store.search_issues(experiment_id, "status = 'resolved'", include_trace_count=True)

try:
    store.list_gateway_endpoints()
    gateway = "served"
except MlflowException as error:
    gateway = str(error)

first = get_scorer(name="tone", experiment_id=experiment_id)
first.register(experiment_id=experiment_id)
print(
    json.dumps(
        {
            "scorers": [each.name for each in list_scorers(experiment_id=experiment_id)],
            "instructions": first.instructions,
            "versions": [each.scorer_version for each in store.list_scorer_versions(experiment_id, "tone")],
            "refused": refused,
            "schemas": sorted(each.name for each in schemas),
            "queue": [queue.name, queue.users, len(queue.schema_ids)],
            "item": [item.item_id == trace.info.trace_id, str(item.status), item.completed_by],
            "feedback": [[each.name, each.value] for each in trace.info.assessments],
            "issue": [found.name, found.status, found.severity, found.trace_count],
            "gateway": gateway[:72],
        }
    )
)
