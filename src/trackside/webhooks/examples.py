"""Examples of the data of each event, for tests of webhooks.  Those of MLflow's events are MLflow's.  Pure."""

from typing import Any

_MODEL = {"name": "example_model"}
_MODEL_VERSION = {**_MODEL, "version": "1"}
_PROMPT = {"name": "example_prompt"}
_PROMPT_VERSION = {**_PROMPT, "version": "1"}
_TAG = {"key": "example_key", "value": "example_value"}
_TAGS = {"tags": {"example_key": "example_value"}}
_ALIAS = {"alias": "example_alias"}
_RUN = {
    "run_id": "abcd1234abcd5678",
    "run_name": "example-run-1",
    "experiment_id": "1",
    "experiment_name": "example",
    "status": "RUNNING",
    "start_time": 1704067200000,
    "end_time": None,
}
_ENDED_RUN = {**_RUN, "end_time": 1704070800000}
_EXPERIMENT = {"experiment_id": "1", "name": "example"}
_STAGE_REQUEST = {"request_id": "1", **_MODEL_VERSION, "stage": "Production"}
_DEPLOYMENT = {"name": "example-endpoint", "deployment": "blue", "reason": "An example."}
_ALERT = {
    "name": "endpoint errors",
    "measure": "endpoint_error_percent",
    "target": "example-endpoint",
    "value": 12.5,
    "above": 5.0,
    "severity": "warning",
}
_QUOTA = {"scope": "workspace", "subject": "", "measure": "runs", "limit": 1000}
_DRIFT = {
    "name": "example-monitor",
    "slice": "",
    "column": "age",
    "subject": "drift",
    "signal": "ks",
    "value": 0.21,
    "threshold": 0.08,
    "rules": "default",
    "window_start": 1704067200000,
    "window_end": 1704153600000,
    "endpoint": "example-endpoint",
}

DATA: dict[str, dict[str, Any]] = {
    "registered_model.created": {**_MODEL, **_TAGS, "description": "An example registered model"},
    "registered_model.renamed": {**_MODEL, "before": "old_name"},
    "registered_model.deleted": _MODEL,
    "model_version.created": {
        **_MODEL_VERSION,
        "source": "models:/123",
        "run_id": "abcd1234abcd5678",
        **_TAGS,
        "description": "An example model version",
    },
    "model_version.deleted": _MODEL_VERSION,
    "model_version_tag.set": {**_MODEL_VERSION, **_TAG},
    "model_version_tag.deleted": {**_MODEL_VERSION, "key": "example_key"},
    "model_version_alias.created": {**_MODEL_VERSION, **_ALIAS},
    "model_version_alias.deleted": {**_MODEL, **_ALIAS},
    "model_version_stage.set": {**_MODEL_VERSION, "before": "None", "after": "Production"},
    "prompt.created": {**_PROMPT, **_TAGS, "description": "An example prompt"},
    "prompt_tag.set": {**_PROMPT, **_TAG},
    "prompt_tag.deleted": {**_PROMPT, "key": "example_key"},
    "prompt_version.created": {
        **_PROMPT_VERSION,
        "template": "Hello {{name}}!",
        **_TAGS,
        "description": "An example prompt version",
    },
    "prompt_version_tag.set": {**_PROMPT_VERSION, **_TAG},
    "prompt_version_tag.deleted": {**_PROMPT_VERSION, "key": "example_key"},
    "prompt_alias.created": {**_PROMPT_VERSION, **_ALIAS},
    "prompt_alias.deleted": {**_PROMPT, **_ALIAS},
    "budget_policy.exceeded": {
        "budget_policy_id": "bp-abc123",
        "budget_unit": "USD",
        "budget_amount": 100.0,
        "current_spend": 105.5,
        "duration_unit": "MONTHS",
        "duration_value": 1,
        "target_scope": "ENDPOINT",
        "workspace": "default",
        "target_value": "ep-abc123",
        "window_start": 1704067200000,
    },
    "run.created": _RUN,
    "run.finished": {**_ENDED_RUN, "status": "FINISHED"},
    "run.failed": {**_ENDED_RUN, "status": "FAILED"},
    "run.killed": {**_ENDED_RUN, "status": "KILLED"},
    "run.deleted": _RUN,
    "run.restored": _RUN,
    **dict.fromkeys((f"experiment.{action}" for action in ("created", "renamed", "deleted", "restored")), _EXPERIMENT),
    **dict.fromkeys((f"stage_request.{action}" for action in ("created", "approved", "rejected")), _STAGE_REQUEST),
    "endpoint.created": {"name": "example-endpoint"},
    "endpoint.deleted": {"name": "example-endpoint"},
    "deployment.healthy": {**_DEPLOYMENT, "state": "Healthy"},
    "deployment.failed": {**_DEPLOYMENT, "state": "Failed"},
    "quota.warning": {**_QUOTA, "used": 850},
    "quota.exceeded": {**_QUOTA, "used": 1000},
    "quota.eased": {**_QUOTA, "used": 700},
    **dict.fromkeys(("alert.fired", "alert.resolved"), _ALERT),
    **dict.fromkeys(("drift.detected", "drift.continues", "drift.ended"), _DRIFT),
}
