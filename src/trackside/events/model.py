"""Webhooks, deliveries and changes on the wire, and which values they take.  Knows MLflow's shapes and limits; knows no SQL.

Through MLflow's own calls a webhook shows MLflow's events alone: its clients fail at names that they do not know.  Ours show
all, and write an event as `entity.action`.
"""

import base64
import re
from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Any, ClassVar
from urllib.parse import unquote, urlsplit

from msgspec import UNSET, Struct, UnsetType

from trackside.core import locations
from trackside.core.access import Action
from trackside.core.errors import Invalid
from trackside.core.http.codec import Answer, Call, Part

MAX_URL = 2_000
PORTS = {"http": 80, "https": 443}
MAX_DESCRIPTION = 1_000
MAX_SECRET = 1_000
MAX_WEBHOOKS = 1_000
DEFAULT_WEBHOOKS = 100
MAX_PAGE = 1_000
DEFAULT_PAGE = 100

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
    "budget_policy": ("exceeded",),  # of MLflow's AI gateway, which is not here: it never happens
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
}
MLFLOW_EVENTS = frozenset(f"{entity}.{action}" for entity, actions in MLFLOWS.items() for action in actions)
EVENTS = MLFLOW_EVENTS | {f"{entity}.{action}" for entity, actions in OURS.items() for action in actions}

_NAME = re.compile(r"(?=.{1,63}$)[a-z0-9]([a-z0-9._-]*[a-z0-9])?", re.IGNORECASE)


_READ_BY = {"run": Action.RUNS_READ, "experiment": Action.EXPERIMENTS_READ, "endpoint": Action.ENDPOINTS_READ,
            "deployment": Action.ENDPOINTS_READ}  # fmt: skip


def acts_of(events: Iterable[str]) -> list[Action]:
    """Return what a webhook with these events does: it tells its receiver what the actions let its maker read."""
    reads = {_READ_BY.get(event.partition(".")[0], Action.MODELS_READ) for event in events}
    return [Action.WEBHOOKS_WRITE, *sorted(reads)]


class Status(StrEnum):
    ACTIVE = "ACTIVE"
    DISABLED = "DISABLED"


class State(StrEnum):
    """Of a delivery."""

    PENDING = "PENDING"
    DELIVERED = "DELIVERED"
    DEAD = "DEAD"  # given up: the receiver refused it, or was tried often enough


class Entry(Struct, frozen=True):
    """A row of the change log."""

    seq: int
    ws: int
    entity: str
    entity_id: str
    action: str
    at: int  # ms
    user: str
    detail: str | None  # JSON


class Webhook(Struct, frozen=True, kw_only=True):
    """`events` has the number of the change after which each is wanted."""

    webhook_seq: int
    webhook_id: str
    name: str
    description: str
    url: str
    events: dict[str, int]
    status: Status
    sealed_secret: bytes | None
    sealed_authorization: bytes | None = None  # what is sent as the header Authorization
    format: str = "mlflow"  # of envelopes.Format
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
    """`events` such as `run.finished`.  `username` and `password`, or the header's value `authorization`, let the server in
    at the receiver.  `format` is mlflow (the default), cloudevents, cloudevents-binary, eventgrid, slack or teams."""

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


class TestOurs(Call, frozen=True):
    webhook_id: str | None = None
    event: str | None = None


class ListDeliveries(Call, frozen=True):
    """The newest first; `before` is the `number` of the last one of the page before."""

    webhook_id: str | None = None
    state: str | None = None
    limit: int | None = None
    before: int | None = None


class OfDelivery(Call, frozen=True):
    webhook_id: str | None = None
    delivery_id: str | None = None


class ListChanges(Call, frozen=True):
    """With `after`: what came later, the oldest first.  Without: the newest, or those `before` a number, the newest first."""

    after: int | None = None
    before: int | None = None
    limit: int | None = None
    entity: str | None = None
    entity_id: str | None = None
    user: str | None = None


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
    """`pending` and `dead` count deliveries: those that wait, and those that were given up."""

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
    pending: int
    dead: int


class GotOurs(Answer, frozen=True):
    webhook: OurWebhook


class ListedOurs(Answer, frozen=True):
    webhooks: list[OurWebhook] = []
    next_page_token: str | UnsetType = UNSET


class Delivery(Answer, frozen=True):
    """`number` counts up; `change` is the number of the change that it tells of."""

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
    """`payload` is the body that is sent."""

    delivery: Delivery
    payload: Any


class Again(Answer, frozen=True):
    deliveries: int


class LoggedChange(Answer, frozen=True):
    """`user` is who the caller said they were, unverified; absent if they did not say."""

    seq: int
    time: int  # ms
    entity: str
    entity_id: str
    action: str
    user: str | UnsetType = UNSET
    detail: Any = UNSET


class ListedChanges(Answer, frozen=True):
    """`next_after` is what to ask for next, to miss nothing and see nothing twice."""

    changes: list[LoggedChange] = []
    next_after: int | UnsetType = UNSET
    more: bool = False


def check_name(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise Invalid(
            f"Webhook name {name[:100]!r} is invalid. It must start and end with a letter or digit, "
            "be less than 63 characters long, and contain only letters, digits, dots (.), "
            "underscores (_), and hyphens (-)."
        )
    return name


def check_url(url: str, schemes: Sequence[str]) -> str:
    """Its form only: where it leads is found out when it is called."""
    if not url.strip():
        raise Invalid(f"Webhook URL cannot be empty or just whitespace: {url!r}")
    try:
        parts = urlsplit(url)
        (parts.hostname or "").encode("idna")  # as a look-up does
        port = parts.port
    except ValueError as fault:
        raise Invalid(f"Invalid webhook URL {locations.redact(url[:200])!r}") from fault
    if parts.scheme not in schemes:
        raise Invalid(
            f"Invalid webhook URL scheme: {parts.scheme[:20]!r}. Allowed schemes are: {', '.join(schemes)}. "
            "The server's setting --webhook-schemes says which."
        )
    if not parts.hostname:
        raise Invalid(f"Webhook URL must include a hostname: {locations.redact(url[:200])!r}")
    if len(url) > MAX_URL:
        raise Invalid(f"The webhook's URL has {len(url)} characters; at most {MAX_URL} are allowed")
    if port == 0 or not url.isprintable() or " " in url:
        raise Invalid(
            f"Invalid webhook URL {locations.redact(url[:200])!r}: it has a space, a control character or port 0"
        )
    return url


def check_new_url(url: str, schemes: Sequence[str]) -> str:
    """Raise Invalid for a URL that is not called, or that holds a password: it is stored and shown as it is."""
    if "@" in urlsplit(check_url(url, schemes)).netloc:
        raise Invalid(
            "The webhook's URL has a user or a password, which everyone who may read webhooks would see. Leave them out; "
            "POST /api/trackside/v1/webhooks takes username and password, or authorization, and keeps them sealed."
        )
    return url


def shown_url(url: str) -> str:
    """Return the URL without a user and a password, which earlier releases took."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return url if host == parts.netloc else parts._replace(netloc=f"***@{host}").geturl()


def check_description(description: str) -> str:
    if len(description) > MAX_DESCRIPTION:
        raise Invalid(f"The description has {len(description)} characters; at most {MAX_DESCRIPTION} are allowed")
    return description


def check_secret(secret: str) -> str:
    if len(secret) > MAX_SECRET:
        raise Invalid(f"The secret has {len(secret)} characters; at most {MAX_SECRET} are allowed")
    return secret


def authorization(username: str | None, password: str | None, header: str | None) -> str | None:
    """Return what is sent as the header Authorization: the given value, or that of a basic sign-in.  None if nothing is
    given, empty to send none from now on."""
    if username or password:
        if header:
            raise Invalid("Give either username and password or authorization, which is a whole header's value.")
        if not username or ":" in username:
            raise Invalid("The user name must have a character and no colon.")
        header = _basic(username, password or "")
    if header is None:
        return "" if username == "" else None
    if not (header.isascii() and (not header or header.isprintable())) or header != header.strip():
        raise Invalid("authorization must be printable ASCII without a space at either end")
    if len(header) > MAX_SECRET:
        raise Invalid(f"The header Authorization has {len(header)} characters; at most {MAX_SECRET} are allowed")
    return header


def sign_in_of(url: str) -> tuple[str, str | None]:
    """Return the URL without a user and a password, and what they are as the header Authorization, None without them."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    if host == parts.netloc:
        return url, None
    return parts._replace(netloc=host).geturl(), _basic(unquote(parts.username or ""), unquote(parts.password or ""))


def is_same_origin(one: str, other: str) -> bool:
    """Return whether both URLs lead to one scheme, host and port."""
    first, second = urlsplit(one), urlsplit(other)
    return (first.scheme, first.hostname, first.port or PORTS.get(first.scheme)) == (
        second.scheme,
        second.hostname,
        second.port or PORTS.get(second.scheme),
    )


def check_status(status: str) -> Status:
    if status.upper() not in Status.__members__:
        raise Invalid(f"status is {status[:100]!r}; it must be ACTIVE or DISABLED")
    return Status(status.upper())


def mlflow_event(part: EventPart) -> str:
    """`entity.action` of MLflow's enum names."""
    entity, action = (part.entity or "").lower(), (part.action or "").lower()
    if entity not in MLFLOWS:
        hint = "; POST /api/trackside/v1/webhooks takes Trackside's own events" if entity in OURS else ""
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
        raise Invalid(f"{name[:100]!r} is no event; these are: {', '.join(sorted(EVENTS))}")
    return name.lower()


def our_events(names: Iterable[str]) -> list[str]:
    return _some([our_event(name) for name in names])


def wire_event(name: str) -> WireEvent:
    entity, _, action = name.upper().partition(".")
    return WireEvent(entity=entity, action=action)


def check_limit(given: int | None, most: int = MAX_PAGE, default: int = DEFAULT_PAGE, name: str = "limit") -> int:
    limit = given or default
    if not 1 <= limit <= most:
        raise Invalid(f"{name} must be between 1 and {most}.")
    return limit


def check_state(state: str | None) -> list[str]:
    if not state:
        return list(State)
    if state.upper() not in State.__members__:
        raise Invalid(f"state is {state[:100]!r}; it must be one of {', '.join(State)}")
    return [state.upper()]


def _basic(username: str, password: str) -> str:
    return f"Basic {base64.b64encode(f'{username}:{password}'.encode()).decode()}"


def _some(events: list[str]) -> list[str]:
    if not events:
        raise Invalid("Webhook events must be a non-empty list of WebhookEvent objects: [].")
    return list(dict.fromkeys(events))
