"""Maps changes to events, payloads, signatures and retry times.  Pure.

The payloads, headers and the signature are MLflow's (https://mlflow.org/docs/latest/ml/webhooks/), which follow Standard Webhooks
(https://www.standardwebhooks.com): HMAC-SHA256 of `<delivery id>.<unix seconds>.<body>`.
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec
from msgspec import Struct

from trackside.core.http.codec import encode
from trackside.events.entries import Entry
from trackside.registry.model import IS_PROMPT_TAG, PROMPT_TEXT_TAG, marks_prompt
from trackside.webhooks.model import OURS

SIGNATURE_HEADER = "X-MLflow-Signature"
TIMESTAMP_HEADER = "X-MLflow-Timestamp"
DELIVERY_HEADER = "X-MLflow-Delivery-Id"
PROMPT_TYPE_TAG = "_mlflow_prompt_type"

FIRST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 3600.0
LONGEST_WISH_S = 86_400.0  # limit of a receiver's Retry-After
_PASSING = frozenset({408, 425, 429})  # a retry may succeed, as after every 5xx

_RUN_ENDS = {"FINISHED": "run.finished", "FAILED": "run.failed", "KILLED": "run.killed"}
_DEPLOYMENTS = {
    "Healthy": "deployment.healthy",
    **dict.fromkeys(("Unhealthy", "Unschedulable", "Failed"), "deployment.failed"),
}
_SIMPLE = {
    ("run", "delete"): "run.deleted",
    ("run", "restore"): "run.restored",
    ("experiment", "create"): "experiment.created",
    ("experiment", "rename"): "experiment.renamed",
    ("experiment", "delete"): "experiment.deleted",
    ("experiment", "restore"): "experiment.restored",
    ("endpoint", "create"): "endpoint.created",
    ("endpoint", "delete"): "endpoint.deleted",
    ("drift_monitor", "drift-detected"): "drift.detected",
    ("drift_monitor", "drift-continues"): "drift.continues",
    ("drift_monitor", "drift-ended"): "drift.ended",
    ("stage_request", "create"): "stage_request.created",
    ("stage_request", "approved"): "stage_request.approved",
    ("stage_request", "rejected"): "stage_request.rejected",
}
_OF_MODELS = {
    "create": ("registered_model.created", "prompt.created"),
    "set-tag": (None, "prompt_tag.set"),
    "delete-tag": (None, "prompt_tag.deleted"),
    "set-alias": ("model_version_alias.created", "prompt_alias.created"),
    "delete-alias": ("model_version_alias.deleted", "prompt_alias.deleted"),
    "rename": ("registered_model.renamed", None),
    "delete": ("registered_model.deleted", None),
}
_OF_VERSIONS = {
    "create": ("model_version.created", "prompt_version.created"),
    "set-tag": ("model_version_tag.set", "prompt_version_tag.set"),
    "delete-tag": ("model_version_tag.deleted", "prompt_version_tag.deleted"),
    "set-stage": ("model_version_stage.set", None),
    "delete": ("model_version.deleted", None),
}
ENTITIES = (
    "registered_model",
    "model_version",
    "run",
    "experiment",
    "stage_request",
    "endpoint",
    "quota",
    "alert",
    "drift_monitor",
)  # entities with events


class ChangeEvent(Struct, frozen=True):
    """A change as an event; `data` lacks the values that are read from the row of the run or experiment."""

    event: str
    data: dict[str, Any]


def event_of_change(entry: Entry) -> ChangeEvent | None:
    """Return the event of a change; None if it has none."""
    detail = _detail(entry)
    match entry.entity:
        case "registered_model":
            event = _one_of(_OF_MODELS, entry.action, _is_prompt(entry, detail))
            return None if event is None else ChangeEvent(event, _of_model(event, entry.entity_id, detail))
        case "model_version":
            event = _one_of(_OF_VERSIONS, entry.action, _is_prompt(entry, detail))
            return None if event is None else ChangeEvent(event, _of_version(event, entry.entity_id, detail))
        case "run" if entry.action == "update":
            event = _RUN_ENDS.get(detail.get("status", ""))
            return (
                None if event is None else ChangeEvent(event, {"run_id": entry.entity_id, "status": detail["status"]})
            )
        case "run" if entry.action == "create":
            return ChangeEvent("run.created", {"run_id": entry.entity_id, "status": "RUNNING"})
        case "run" | "experiment":
            event = _SIMPLE.get((entry.entity, entry.action))
            return None if event is None else ChangeEvent(event, {f"{entry.entity}_id": entry.entity_id})
        case "stage_request":
            event = _SIMPLE.get((entry.entity, entry.action))
            return None if event is None else ChangeEvent(event, {"request_id": entry.entity_id, **detail})
        case "drift_monitor":
            event = _SIMPLE.get((entry.entity, entry.action))
            return None if event is None else ChangeEvent(event, {"name": entry.entity_id, **detail})
        case "endpoint" if entry.action == "state":
            event = _DEPLOYMENTS.get(detail.get("state", ""))
            return None if event is None else ChangeEvent(event, {"name": entry.entity_id, **detail})
        case "endpoint":
            event = _SIMPLE.get((entry.entity, entry.action))
            return None if event is None else ChangeEvent(event, {"name": entry.entity_id})
        case "quota" | "alert" if entry.action in OURS[entry.entity]:
            return ChangeEvent(f"{entry.entity}.{entry.action}", detail)
    return None


def body(event: str, data: Mapping[str, Any], *, at_ms: int, workspace: str, user: str = "") -> str:
    """Return the body to send.  `user`, which MLflow's payloads do not have, is added to Trackside's own events."""
    entity, _, action = event.partition(".")
    sent: dict[str, Any] = {
        "entity": entity,
        "action": action,
        "timestamp": datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(),
        "data": data,
        "workspace": workspace,
    }
    if user:
        sent["user"] = user
    return encode(sent).decode()


def signature(secret: str, delivery_id: str, timestamp: str, sent: str) -> str:
    signed = f"{delivery_id}.{timestamp}.{sent}"
    digest = hmac.new(secret.encode(), signed.encode(), hashlib.sha256).digest()
    return f"v1,{base64.b64encode(digest).decode()}"


def headers(secret: str | None, delivery_id: str, now_s: int, sent: str) -> dict[str, str]:
    """Return the headers.  A retry has the same delivery id and a new timestamp: receivers may refuse old timestamps and
    deduplicate ids."""
    made = {DELIVERY_HEADER: delivery_id, TIMESTAMP_HEADER: str(now_s)}
    if secret:
        made[SIGNATURE_HEADER] = signature(secret, delivery_id, str(now_s), sent)
    return made


def may_pass(status: int) -> bool:
    """Return whether a retry may succeed after this status; other errors are permanent."""
    return status in _PASSING or status >= 500


def pause_s(attempts: int, chance: float, wish_s: float | None) -> float:
    """Return the pause before the next attempt: doubled each time, minus up to half by `chance` (0 to 1, jitter), and at least
    what the receiver's Retry-After says."""
    pause = min(FIRST_PAUSE_S * 2.0 ** min(attempts - 1, 40), LONGEST_PAUSE_S) * (1 - chance / 2)
    return max(pause, min(wish_s or 0.0, LONGEST_WISH_S))


def _detail(entry: Entry) -> dict[str, Any]:
    found = msgspec.json.decode(entry.detail) if entry.detail else {}
    return found if isinstance(found, dict) else {}


def _is_prompt(entry: Entry, detail: dict[str, Any]) -> bool:
    return bool(detail.get("is_prompt")) or (entry.action == "create" and marks_prompt(detail.get("tags") or {}))


def _one_of(table: Mapping[str, tuple[str | None, str | None]], action: str, is_prompt: bool) -> str | None:
    return table.get(action, (None, None))[1 if is_prompt else 0]


def _of_model(event: str, name: str, detail: dict[str, Any]) -> dict[str, Any]:
    match event.split("."):
        case ["registered_model", "created"]:
            return {"name": name, "tags": detail.get("tags") or {}, "description": detail.get("description") or ""}
        case ["prompt", "created"]:
            tags = _without(detail.get("tags") or {}, IS_PROMPT_TAG, PROMPT_TYPE_TAG)
            return {"name": name, "tags": tags, "description": detail.get("description") or ""}
        case ["prompt_tag", "set"]:
            return {"name": name, "key": detail.get("key"), "value": detail.get("value")}
        case ["prompt_tag", _]:
            return {"name": name, "key": detail.get("key")}
        case [_, "created"]:
            return {"name": name, "alias": detail.get("alias"), "version": detail.get("version")}
        case ["registered_model", "renamed"]:
            return {"name": name, "before": detail.get("before")}
        case ["registered_model", _]:
            return {"name": name}
    return {"name": name, "alias": detail.get("alias")}


def _of_version(event: str, entity_id: str, detail: dict[str, Any]) -> dict[str, Any]:
    name, _, version = entity_id.rpartition("/")
    key = {"name": name, "version": version}
    tags = detail.get("tags") or {}
    description = detail.get("description") or None
    match event.split("."):
        case ["model_version", "created"]:
            source = {"source": detail.get("source"), "run_id": detail.get("run_id") or None}
            return {**key, **source, "tags": tags, "description": description}
        case ["prompt_version", "created"]:
            others = _without(tags, IS_PROMPT_TAG, PROMPT_TYPE_TAG, PROMPT_TEXT_TAG)
            return {**key, "template": tags.get(PROMPT_TEXT_TAG), "tags": others, "description": description}
        case ["model_version_stage", _]:
            return {**key, "before": detail.get("before"), "after": detail.get("after")}
        case [_, "set"]:
            return {**key, "key": detail.get("key"), "value": detail.get("value")}
        case ["model_version", _]:
            return key
    return {**key, "key": detail.get("key")}


def _without(tags: Mapping[str, str], *keys: str) -> dict[str, str]:
    return {key: value for key, value in tags.items() if key not in keys}
