"""Webhooks and deliveries in the API, and checks of their values, with MLflow's shapes and limits.

MLflow's own calls show only MLflow's events of a webhook, because its clients fail at other names.  Trackside's calls show all
events, as `entity.action`.
"""

import re
from collections.abc import Iterable
from enum import StrEnum
from typing import Any, ClassVar

from msgspec import UNSET, Struct, UnsetType

from trackside.core.access import Action
from trackside.core.errors import Invalid
from trackside.core.http.codec import Answer, Call, Part
from trackside.webhooks.mutes import Mute, MutePart

MAX_DESCRIPTION = 1_000
MAX_WEBHOOKS = 1_000
DEFAULT_WEBHOOKS = 100

MLFLOWS: dict[str, tuple[str, ...]] = {
    "registered_model": ("created",),
    "model_version": ("created",),
    "model_version_tag": ("deleted", "set"),
    "model_version_alias": ("created", "deleted"),
    "prompt": ("created",),
    "prompt_version": ("created",),
    "prompt_tag": ("deleted", "set"),
    "prompt_version_tag": ("deleted", "set"),
    "prompt_alias": ("created", "deleted"),
    "budget_policy": ("exceeded",),  # of MLflow's AI gateway, which Trackside does not have: it never occurs
}
OURS: dict[str, tuple[str, ...]] = {
    "run": ("created", "finished", "failed", "killed", "deleted", "restored"),
    "experiment": ("created", "renamed", "deleted", "restored"),
    "registered_model": ("renamed", "deleted"),
    "model_version": ("deleted",),
    "model_version_stage": ("set",),
    "stage_request": ("created", "approved", "rejected"),
    "endpoint": ("created", "deleted"),
    "deployment": ("healthy", "failed"),
    "quota": ("warning", "exceeded", "eased"),
    "alert": ("fired", "resolved"),
    "drift": ("detected", "continues", "ended"),
}
MLFLOW_EVENTS = frozenset(f"{entity}.{action}" for entity, actions in MLFLOWS.items() for action in actions)
EVENTS = MLFLOW_EVENTS | {f"{entity}.{action}" for entity, actions in OURS.items() for action in actions}

_NAME = re.compile(r"(?=.{1,63}$)[a-z0-9]([a-z0-9._-]*[a-z0-9])?", re.IGNORECASE)


_READ_BY = {"run": Action.RUNS_READ, "experiment": Action.EXPERIMENTS_READ, "endpoint": Action.ENDPOINTS_READ,
            "deployment": Action.ENDPOINTS_READ, "quota": Action.QUOTAS_READ, "alert": Action.WEBHOOKS_READ,
            "drift": Action.MONITORS_READ}  # fmt: skip


def acts_of(events: Iterable[str]) -> list[Action]:
    """Return the actions whose data a webhook with these events sends to its receiver."""
    reads = {_READ_BY.get(event.partition(".")[0], Action.MODELS_READ) for event in events}
    return [Action.WEBHOOKS_WRITE, *sorted(reads)]


class Status(StrEnum):
    ACTIVE = "ACTIVE"
    DISABLED = "DISABLED"


class State(StrEnum):
    """The state of a delivery."""

    PENDING = "PENDING"
    DELIVERED = "DELIVERED"
    DEAD = "DEAD"  # given up: the receiver refused it, or all attempts failed


class Webhook(Struct, frozen=True, kw_only=True):
    """A webhook.  `events` maps each event to the number of the change from which on it is sent."""

    webhook_seq: int
    webhook_id: str
    name: str
    description: str
    url: str
    events: dict[str, int]
    status: Status
    sealed_secret: bytes | None
    sealed_authorization: bytes | None = None  # the Authorization header that is sent
    format: str = "mlflow"  # of envelopes.Format
    digest_s: int = 0  # events are collected into one message for this time
    mute: Mute = Mute()
    creation_timestamp: int  # ms
    last_updated_timestamp: int  # ms


class EventPart(Part, frozen=True):
    entity: str | None = None
    action: str | None = None


class CreateWebhook(Call, frozen=True):
    required: ClassVar[tuple[str, ...]] = ("name", "url")
    private: ClassVar[tuple[str, ...]] = ("url", "secret")
    name: str | None = None
    url: str | None = None
    events: list[EventPart] | None = None
    description: str | None = None
    secret: str | None = None
    status: str | None = None


class UpdateWebhook(Call, frozen=True):
    private: ClassVar[tuple[str, ...]] = ("url", "secret")
    webhook_id: str | None = None
    name: str | None = None
    url: str | None = None
    events: list[EventPart] | None = None
    description: str | None = None
    secret: str | None = None
    status: str | None = None


class ListWebhooks(Call, frozen=True):
    max_results: int | None = None
    page_token: str | None = None


class OfWebhook(Call, frozen=True):
    webhook_id: str | None = None


class TestWebhook(Call, frozen=True):
    webhook_id: str | None = None
    event: EventPart | None = None


class CreateOurs(Call, frozen=True):
    """A webhook to create.  `events` are names such as `run.finished`.  `username` and `password`, or the header's value
    `authorization`, authenticate the server at the receiver.

    `format` is mlflow (the default), cloudevents, cloudevents-binary, eventgrid, slack, teams or mail; for mail, the url is
    `mailto:` with addresses.  `digest_s` collects the events of this time into one message; `mute` delays them."""

    required: ClassVar[tuple[str, ...]] = ("name", "url")
    private: ClassVar[tuple[str, ...]] = ("url", "secret", "username", "password", "authorization")
    name: str | None = None
    url: str | None = None
    events: list[str] | None = None
    description: str | None = None
    secret: str | None = None
    status: str | None = None
    username: str | None = None
    password: str | None = None
    authorization: str | None = None
    format: str | None = None
    digest_s: int | None = None
    mute: MutePart | None = None


class UpdateOurs(Call, frozen=True):
    private: ClassVar[tuple[str, ...]] = ("url", "secret", "username", "password", "authorization")
    webhook_id: str | None = None
    name: str | None = None
    url: str | None = None
    events: list[str] | None = None
    description: str | None = None
    secret: str | None = None
    status: str | None = None
    username: str | None = None
    password: str | None = None
    authorization: str | None = None
    format: str | None = None
    digest_s: int | None = None
    mute: MutePart | None = None


class TestOurs(Call, frozen=True):
    webhook_id: str | None = None
    event: str | None = None


class ListDeliveries(Call, frozen=True):
    """A page of deliveries, the newest first; `before` is the `number` of the last one on the page before."""

    webhook_id: str | None = None
    state: str | None = None
    limit: int | None = None
    before: int | None = None


class OfDelivery(Call, frozen=True):
    webhook_id: str | None = None
    delivery_id: str | None = None


class WireEvent(Answer, frozen=True):
    entity: str
    action: str


class MlflowWebhook(Answer, frozen=True):
    webhook_id: str
    name: str
    url: str
    events: list[WireEvent]
    status: str
    creation_timestamp: int  # ms
    last_updated_timestamp: int  # ms
    description: str | UnsetType = UNSET


class GotMlflow(Answer, frozen=True):
    webhook: MlflowWebhook


class ListedMlflow(Answer, frozen=True):
    webhooks: list[MlflowWebhook] = []
    next_page_token: str | UnsetType = UNSET


class TestResult(Answer, frozen=True):
    success: bool
    response_status: int | UnsetType = UNSET
    response_body: str | UnsetType = UNSET
    error_message: str | UnsetType = UNSET


class Tested(Answer, frozen=True):
    result: TestResult


class OurWebhook(Answer, frozen=True):
    """A webhook.  `pending` and `dead` are numbers of deliveries: queued, and given up."""

    webhook_id: str
    name: str
    description: str
    url: str
    events: list[str]
    status: str
    has_secret: bool
    has_authorization: bool
    format: str
    creation_timestamp: int  # ms
    last_updated_timestamp: int  # ms
    digest_s: int
    mute: MutePart
    is_muted: bool
    pending: int
    dead: int


class GotOurs(Answer, frozen=True):
    webhook: OurWebhook


class ListedOurs(Answer, frozen=True):
    webhooks: list[OurWebhook] = []
    next_page_token: str | UnsetType = UNSET


class Delivery(Answer, frozen=True):
    """A delivery.  `number` increases; `change` is the number of its change in the change log."""

    delivery_id: str
    number: int
    change: int
    event: str
    state: str
    attempts: int
    created_at: int  # ms
    next_attempt_at: int | UnsetType = UNSET  # ms
    ended_at: int | UnsetType = UNSET  # ms
    last_status: int | UnsetType = UNSET  # of HTTP
    last_error: str | UnsetType = UNSET


class ListedDeliveries(Answer, frozen=True):
    deliveries: list[Delivery] = []
    more: bool = False


class GotDelivery(Answer, frozen=True):
    """A delivery with `payload`, the body that is sent."""

    delivery: Delivery
    payload: Any


class Again(Answer, frozen=True):
    deliveries: int


def check_name(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise Invalid(
            f"Webhook name {name[:100]!r} is invalid. It must start and end with a letter or digit, "
            "be less than 63 characters long, and contain only letters, digits, dots (.), "
            "underscores (_), and hyphens (-)."
        ).because("bad-name", kind="webhook", name=name)
    return name


def check_description(description: str) -> str:
    if len(description) > MAX_DESCRIPTION:
        raise Invalid(f"The description has {len(description)} characters; at most {MAX_DESCRIPTION} are allowed")
    return description


def check_status(status: str) -> Status:
    if status.upper() not in Status.__members__:
        raise Invalid(f"status is {status[:100]!r}; it must be ACTIVE or DISABLED")
    return Status(status.upper())


def mlflow_event(part: EventPart) -> str:
    """Return `entity.action` for MLflow's enum names."""
    entity, action = (part.entity or "").lower(), (part.action or "").lower()
    if entity not in MLFLOWS:
        hint = "; POST /api/trackside/v1/webhooks accepts Trackside's other events" if entity in OURS else ""
        raise Invalid(
            f"Invalid entity {(part.entity or '')[:100]!r} of a webhook's event. "
            f"Valid entities are: {', '.join(MLFLOWS).upper()}{hint}"
        )
    if action not in MLFLOWS[entity]:
        raise Invalid(
            f"Invalid action '{action[:100]}' for entity '{entity}'. Valid actions are: {sorted(MLFLOWS[entity])}"
        )
    return f"{entity}.{action}"


def mlflow_events(parts: Iterable[EventPart]) -> list[str]:
    return _some([mlflow_event(part) for part in parts])


def our_event(name: str) -> str:
    if name.lower() not in EVENTS:
        raise Invalid(f"{name[:100]!r} is not an event; choose from: {', '.join(sorted(EVENTS))}")
    return name.lower()


def our_events(names: Iterable[str]) -> list[str]:
    return _some([our_event(name) for name in names])


def wire_event(name: str) -> WireEvent:
    entity, _, action = name.upper().partition(".")
    return WireEvent(entity=entity, action=action)


def check_state(state: str | None) -> list[str]:
    if not state:
        return list(State)
    if state.upper() not in State.__members__:
        raise Invalid(f"state is {state[:100]!r}; it must be one of {', '.join(State)}")
    return [state.upper()]


def _some(events: list[str]) -> list[str]:
    if not events:
        raise Invalid("Webhook events must be a non-empty list of WebhookEvent objects: [].")
    return list(dict.fromkeys(events))
