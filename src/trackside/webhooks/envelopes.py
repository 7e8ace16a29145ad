"""The formats of webhooks' messages.  Pure.

- CloudEvents 1.0.2 in its HTTP binding, structured and binary: https://github.com/cloudevents/spec
- Azure Event Grid's schema, with the event types of Azure Machine Learning where there is one:
  https://learn.microsoft.com/azure/event-grid/event-schema-machine-learning
- Incoming webhooks of Slack (and of what is compatible with it, such as Mattermost), and an Adaptive Card for the Workflows of
  Microsoft Teams.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any
from urllib.parse import quote

import msgspec
from msgspec import Struct

from trackside.core.counts import counted
from trackside.core.http.codec import encode
from trackside.webhooks import payloads

TYPES = "org.trackside"  # prefix of the types of CloudEvents
AZURE = "Microsoft.MachineLearningServices"
JSON = "application/json"
_AZURES = {
    "model_version.created": "ModelRegistered",
    "deployment.healthy": "ModelDeployed",
    "drift.detected": "DatasetDriftDetected",
    "run.finished": "RunCompleted",
    "run.failed": "RunStatusChanged",
    "run.killed": "RunStatusChanged",
}
_IN_HEADER = re.compile(r"[^\x21-\x7e]|[\"%]")  # CloudEvents, HTTP binding 3.1.3.2


class Format(StrEnum):
    MLFLOW = "mlflow"
    CLOUDEVENTS = "cloudevents"
    CLOUDEVENTS_BINARY = "cloudevents-binary"
    EVENTGRID = "eventgrid"
    SLACK = "slack"
    TEAMS = "teams"
    MAIL = "mail"


FOR_PEOPLE = (Format.SLACK, Format.TEAMS, Format.MAIL)  # formats that may be sent as digests


class Event(Struct, frozen=True):
    """An event.  `number` is that of its change; `scope` is the workspace's resource id in Azure's form."""

    event: str
    data: Mapping[str, Any]
    number: int
    at_ms: int
    workspace: str
    scope: str
    user: str = ""


def body(form: Format, event: Event) -> str:
    """Return the body to store for a delivery: the body to send, except for binary CloudEvents, which are stored structured."""
    match form:
        case Format.CLOUDEVENTS | Format.CLOUDEVENTS_BINARY:
            made: Any = _cloud_event(event)
        case Format.EVENTGRID:
            made = [_event_grid(event)]
        case Format.SLACK:
            made = _slack(event)
        case Format.TEAMS:
            made = _teams(event)
        case Format.MAIL:
            made = _mail(event)
        case Format.MLFLOW:
            return payloads.body(event.event, event.data, at_ms=event.at_ms, workspace=event.workspace, user=event.user)
    return encode(made).decode()


def sent(form: Format, kept: str) -> tuple[dict[str, str], str]:
    """Return the headers of the format, and the body to send."""
    match form:
        case Format.CLOUDEVENTS:
            return {"Content-Type": "application/cloudevents+json; charset=utf-8"}, kept
        case Format.CLOUDEVENTS_BINARY:
            event = msgspec.json.decode(kept)
            data, content_type = event.pop("data"), event.pop("datacontenttype")
            headers = {f"ce-{name}": _escaped(str(value)) for name, value in event.items()}
            return {**headers, "Content-Type": content_type}, encode(data).decode()
        case Format.EVENTGRID:
            return {"Content-Type": JSON, "aeg-event-type": "Notification"}, kept
    return {"Content-Type": JSON}, kept


def digest(form: Format, kept: Sequence[str]) -> str:
    """Return one body for several bodies of a format for people."""
    bodies = [msgspec.json.decode(each) for each in kept]
    first = counted(len(bodies), "events")
    match form:
        case Format.MAIL:
            text = "\n\n".join(each["text"].strip() for each in bodies)
            made: Any = {"subject": f"{first}: {bodies[0]['subject']}", "text": f"{first}\n\n{text}\n"}
        case Format.SLACK:
            made = {"text": "\n".join([f"{first}:", *(f"• {each['text']}" for each in bodies)])}
        case _:
            cards = [each["attachments"][0]["content"] for each in bodies]
            blocks = [{"type": "TextBlock", "text": first, "weight": "Bolder"}, *(card["body"][0] for card in cards)]
            made = _message({**cards[0], "body": blocks})
    return encode(made).decode()


def sentence(event: Event) -> str:
    """Return a sentence that describes the event."""
    data = event.data
    name = data.get("run_name") or data.get("name") or data.get("run_id") or data.get("experiment_id") or ""
    entity, _, action = event.event.partition(".")
    noun = entity.replace("_", " ")
    version = f" version {data['version']}" if data.get("version") else ""
    match entity:
        case "run":
            what = f"Run {name} of experiment {data.get('experiment_name', '')}: {action}"
        case "deployment":
            what = f"Deployment {data.get('deployment', '')} of endpoint {name}: {data.get('state', action)}"
            if data.get("reason"):
                what += f" ({data['reason']})"
        case "alert":
            of = f" of {data['target']}" if data.get("target") else ""
            value = data.get("value")
            now = "nothing to measure" if value is None else f"{value:g}"
            rest = f"{data.get('measure')}{of} is {now}, threshold {data.get('above'):g}"
            what = f"Alert {name} {action} ({data.get('severity')}): {rest}"
        case "quota":
            whose = " ".join(filter(None, (data.get("scope"), data.get("subject"))))
            what = f"Quota of {whose} {action}: {data.get('used'):,} of {data.get('limit'):,} {data.get('measure')}"
        case "model_version_stage":
            what = f"Model {name}{version}: stage {data.get('before')} to {data.get('after')}"
        case "model_version_alias" if action == "created":
            what = f"Model {name}: alias {data.get('alias')} is{version}"
        case "drift":
            what = f"Monitor {name}: drift {action} in {data.get('column') or data.get('subject', '')}"
            if data.get("slice"):
                what += f" where {data['slice']}"
            what += (
                f", {data.get('signal', '')} {_figure(data.get('value'))}, threshold {_figure(data.get('threshold'))}"
            )
        case "stage_request":
            what = f"Model {name}{version}: request for stage {data.get('stage', '')} {action}"
        case _:
            what = f"{noun.capitalize()} {name}{version}: {action}"
    by = f", by {event.user}" if event.user else ""
    return f"{what}{by} (workspace {event.workspace})"


def _figure(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, int | float) else ""


def _at(event: Event) -> str:
    return datetime.fromtimestamp(event.at_ms / 1000, UTC).isoformat()


def _time(ms: Any) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat() if isinstance(ms, int) else ""


def _subject(event: Event) -> str:
    """Return the subject in the form of Azure Machine Learning."""
    data = event.data
    if "run_id" in data and "experiment_id" in data:
        return f"experiments/{data['experiment_id']}/runs/{data['run_id']}"
    if "version" in data:
        return f"models/{data.get('name', '')}:{data['version']}"
    entity = event.event.partition(".")[0]
    match entity:
        case "run":
            return f"runs/{data.get('run_id', '')}"
        case "experiment":
            return f"experiments/{data.get('experiment_id', '')}"
        case "alert":
            return f"alerts/{data.get('name', '')}"
        case "quota":
            return "/".join(filter(None, ("quotas", data.get("scope"), data.get("subject"), data.get("measure"))))
        case "drift":
            return f"datadriftdetectors/{data.get('name', '')}"
        case "endpoint" | "deployment":
            return f"endpoints/{data.get('name', '')}"
    return f"models/{data.get('name', '')}"


def _cloud_event(event: Event) -> dict[str, Any]:
    made: dict[str, Any] = {
        "specversion": "1.0",
        "id": str(event.number),
        "source": quote(event.scope, safe="/"),
        "type": f"{TYPES}.{event.event}",
        "subject": _subject(event),
        "time": _at(event),
        "datacontenttype": JSON,
        "data": event.data,
    }
    if event.user:
        made["authid"] = event.user  # the CloudEvents extension "Auth Context"
    return made


def _event_grid(event: Event) -> dict[str, Any]:
    azures = _AZURES.get(event.event)
    return {
        "id": str(event.number),
        "topic": event.scope,
        "subject": _subject(event),
        "eventType": f"{AZURE}.{azures}" if azures else f"{TYPES}.{event.event}",
        "eventTime": _at(event),
        "data": _azure_data(azures, event.data) if azures else event.data,
        "dataVersion": "1.0",
        "metadataVersion": "1",
    }


def _azure_data(kind: str, data: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields that Azure documents.  Fields without a counterpart in Trackside are empty."""
    match kind:
        case "ModelRegistered":
            tags = data.get("tags") or {}
            return {
                "ModelName": data.get("name"),
                "ModelVersion": data.get("version"),
                "ModelTags": tags,
                "ModelProperties": {},
            }
        case "DatasetDriftDetected":
            return {
                "DataDriftId": data.get("name"),
                "DataDriftName": data.get("name"),
                "BaseDatasetId": "",
                "TargetDatasetId": data.get("endpoint") or "",
                "DriftCoefficient": data.get("value"),
                "RunId": "",
                "StartTime": _time(data.get("window_start")),
                "EndTime": _time(data.get("window_end")),
            }
        case "ModelDeployed":
            return {
                "ServiceName": data.get("name"),
                "ServiceComputeType": "Trackside",
                "ServiceTags": {"deployment": data.get("deployment")},
                "ServiceProperties": {},
                "ModelIds": data.get("model") or "",
            }
    run = {
        "experimentId": data.get("experiment_id"),
        "experimentName": data.get("experiment_name"),
        "runId": data.get("run_id"),
        "runType": "mlflow",
        "runTags": data.get("tags") or {},
        "runProperties": {},
    }
    status = str(data.get("status", "")).capitalize()
    return run if kind == "RunCompleted" else {**run, "runStatus": "Canceled" if status == "Killed" else status}


def _slack(event: Event) -> dict[str, Any]:
    """https://docs.slack.dev/messaging/formatting-message-text: three characters are escaped."""
    text = sentence(event).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return {"text": text}


def _teams(event: Event) -> dict[str, Any]:
    block = {"type": "TextBlock", "text": _no_markdown(sentence(event)), "wrap": True}
    facts = [{"title": "Time", "value": _at(event)}, {"title": "Event", "value": event.event}]
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": [block, {"type": "FactSet", "facts": facts}],
    }
    return _message(card)


def _message(card: Mapping[str, Any]) -> dict[str, Any]:
    attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": None, "content": card}
    return {"type": "message", "attachments": [attachment]}


def _mail(event: Event) -> dict[str, str]:
    said = sentence(event)
    facts = [("Event", event.event), ("Time", _at(event)), ("Workspace", event.workspace), ("By", event.user)]
    rows = [f"{name}: {value}" for name, value in facts if value]
    rows += [f"{name}: {value}" for name, value in event.data.items() if isinstance(value, str | int | float)]
    return {"subject": f"Trackside: {said}", "text": "\n".join([said, "", *rows, ""])}


def _no_markdown(text: str) -> str:
    """Escape Markdown, a subset of which a TextBlock renders: a name must not become a link."""
    return re.sub(r"([\\`*_\[\]])", r"\\\1", text)


def _escaped(value: str) -> str:
    return _IN_HEADER.sub(lambda found: "".join(f"%{byte:02X}" for byte in found[0].encode()), value)
