"""Alert rules on the wire, which values they take, and when they fire.  Pure."""

import math
import re
from enum import StrEnum
from typing import ClassVar, TypeVar

from msgspec import UNSET, Struct, UnsetType

from trackside.core.errors import Invalid
from trackside.core.http.codec import Answer, Call
from trackside.webhooks.model import EVENTS

T = TypeVar("T", bound=StrEnum)

MAX_RULES = 200  # of a workspace: each is evaluated twice a minute
MAX_TARGET = 250
WINDOW_S = 300
LONGEST_S = 86_400
_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._ -]{0,98}[A-Za-z0-9])?")


class Measure(StrEnum):
    """The value that a rule compares with its threshold."""

    EVENTS = "events"  # the number of events of the type `target` in the window
    QUOTA_PERCENT = "quota_percent"  # of the fullest quota
    LINK_LAG_S = "link_lag_s"
    LINK_FAILED_ITEMS = "link_failed_items"
    JOB_WAIT_S = "job_wait_s"  # age of the oldest waiting job
    FAILED_JOBS = "failed_jobs"  # in the window
    UNHEALTHY_DEPLOYMENTS = "unhealthy_deployments"
    ENDPOINT_ERROR_PERCENT = "endpoint_error_percent"  # answers of 5xx in the window
    ENDPOINT_P95_MS = "endpoint_p95_ms"  # in the window
    ENDPOINT_REQUESTS = "endpoint_requests"  # in the window
    DEAD_DELIVERIES = "dead_deliveries"  # of webhooks, in the window


TARGETS = {  # kinds of objects that `target` can name
    Measure.LINK_LAG_S: "link",
    Measure.LINK_FAILED_ITEMS: "link",
    Measure.UNHEALTHY_DEPLOYMENTS: "endpoint",
    Measure.ENDPOINT_ERROR_PERCENT: "endpoint",
    Measure.ENDPOINT_P95_MS: "endpoint",
    Measure.ENDPOINT_REQUESTS: "endpoint",
}


class State(StrEnum):
    OK = "ok"
    PENDING = "pending"  # over the threshold, not yet for long enough
    FIRING = "firing"


class Severity(StrEnum):
    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"


class Rule(Struct, frozen=True):
    """A rule that fires when the value is above `above` for `for_s` seconds."""

    rule_seq: int
    name: str
    measure: Measure
    target: str
    above: float
    window_s: int
    for_s: int
    severity: Severity
    is_enabled: bool
    state: State
    value: float | None
    pending_since: int | None  # ms
    fired_at: int | None  # ms
    checked_at: int | None  # ms
    created_by: str
    updated_at: int  # ms


class Next(Struct, frozen=True):
    """The state after a look; `event` is `fired`, `resolved` or empty."""

    state: State
    pending_since: int | None
    fired_at: int | None
    event: str = ""


def next_of(rule: Rule, value: float | None, now: int) -> Next:
    """Return the next state of a rule.  `value` is None if there is nothing to measure, such as an endpoint without
    requests."""
    if value is None or not value > rule.above:
        event = "resolved" if rule.state is State.FIRING else ""
        return Next(State.OK, None, None, event)
    if rule.state is State.FIRING:
        return Next(State.FIRING, rule.pending_since, rule.fired_at)
    since = now if rule.pending_since is None else min(rule.pending_since, now)  # a clock may go back
    if now - since >= rule.for_s * 1000:
        return Next(State.FIRING, since, now, "fired")
    return Next(State.PENDING, since, None)


class PutRule(Call, frozen=True):
    """`target` is the type of an event for the measure events, otherwise the name of a link or an endpoint; omitted: all of
    them."""

    required: ClassVar[tuple[str, ...]] = ("measure",)
    name: str | None = None
    measure: str | None = None
    target: str | None = None
    above: float | None = None
    window_s: int | None = None
    for_s: int | None = None
    severity: str | None = None
    is_enabled: bool | None = None


class OfRule(Call, frozen=True):
    name: str | None = None


class ListRules(Call, frozen=True):
    """`rule_state` is ok, pending or firing."""

    rule_state: str | None = None


class Wanted(Struct, frozen=True):
    """A rule that was checked."""

    name: str
    measure: Measure
    target: str
    above: float
    window_s: int
    for_s: int
    severity: Severity
    is_enabled: bool


class ShownRule(Answer, frozen=True):
    name: str
    measure: str
    target: str
    above: float
    window_s: int
    for_s: int
    severity: str
    is_enabled: bool
    state: str
    created_by: str
    updated_at: int  # ms
    value: float | UnsetType = UNSET
    pending_since: int | UnsetType = UNSET  # ms
    fired_at: int | UnsetType = UNSET  # ms
    checked_at: int | UnsetType = UNSET  # ms


class GotRule(Answer, frozen=True):
    rule: ShownRule


class Rules(Answer, frozen=True):
    rules: list[ShownRule] = []


def checked(call: PutRule) -> Wanted:
    """Raise Invalid for a rule that makes no sense."""
    name = (call.name or "").strip()
    if not _NAME.fullmatch(name):
        raise Invalid(f"name is {name[:100]!r}; it must have 1 to 100 letters, digits, spaces, dots, - and _")
    measure = _one_of(Measure, "measure", call.measure)
    above = 0.0 if call.above is None else call.above
    if not math.isfinite(above):
        raise Invalid(f"above is {above}; it must be a number")
    return Wanted(
        name=name,
        measure=measure,
        target=_target(measure, (call.target or "").strip()),
        above=above,
        window_s=_seconds("window_s", call.window_s, WINDOW_S, 60),
        for_s=_seconds("for_s", call.for_s, 0, 0),
        severity=_one_of(Severity, "severity", call.severity or Severity.WARNING),
        is_enabled=call.is_enabled is not False,
    )


def state_of(given: str | None) -> State | None:
    return _one_of(State, "rule_state", given) if given else None


def shown(rule: Rule) -> ShownRule:
    return ShownRule(
        name=rule.name,
        measure=rule.measure,
        target=rule.target,
        above=rule.above,
        window_s=rule.window_s,
        for_s=rule.for_s,
        severity=rule.severity,
        is_enabled=rule.is_enabled,
        state=rule.state,
        value=UNSET if rule.value is None else rule.value,
        pending_since=UNSET if rule.pending_since is None else rule.pending_since,
        fired_at=UNSET if rule.fired_at is None else rule.fired_at,
        checked_at=UNSET if rule.checked_at is None else rule.checked_at,
        created_by=rule.created_by,
        updated_at=rule.updated_at,
    )


def _target(measure: Measure, target: str) -> str:
    if measure is Measure.EVENTS:
        if target not in EVENTS or target.startswith("alert."):
            raise Invalid(f"target is {target[:100]!r}; it must be the type of an event, such as run.failed")
        return target
    what = TARGETS.get(measure)
    if target and what is None:
        raise Invalid(f"target is {target[:100]!r}; the measure {measure} takes none")
    if len(target) > MAX_TARGET or not (target == "" or target.isprintable()):
        raise Invalid(f"target is {target[:100]!r}; it must be the name of an {what}")
    return target


def _seconds(name: str, given: int | None, usual: int, least: int) -> int:
    value = usual if given is None else given
    if not least <= value <= LONGEST_S:
        raise Invalid(f"{name} is {value}; it must be between {least} and {LONGEST_S} seconds")
    return value


def _one_of(kind: type[T], name: str, given: str | None) -> T:
    try:
        return kind(given or "")
    except ValueError:
        raise Invalid(f"{name} is {(given or '')[:100]!r}; it must be one of {', '.join(kind)}") from None
