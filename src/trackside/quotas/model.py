"""Quotas on the wire, their rules, and the words of a refusal.  Pure."""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import ClassVar

from msgspec import UNSET, Struct, UnsetType

from trackside.core.access import experiment_named
from trackside.core.errors import Fault, Invalid
from trackside.core.http.codec import Answer, Call

WARN_SHARE = 0.8  # of a limit: from here on an event warns
MOST = 2**62
MAX_SUBJECT = 250
EACH = "*"  # as subject: each user, or each experiment, without its own quota
MAX_QUOTAS = 10_000  # of a workspace


class Scope(StrEnum):
    SERVER = "server"  # all workspaces together
    WORKSPACE = "workspace"
    USER = "user"
    EXPERIMENT = "experiment"


class Measure(StrEnum):
    RUNS = "runs"
    POINTS = "points"  # of metrics
    BYTES = "bytes"  # of artifacts and of the spans of traces
    ENDPOINTS = "endpoints"
    JOBS = "jobs"  # that wait or run


class Level(StrEnum):
    NONE = ""
    WARNING = "warning"
    EXCEEDED = "exceeded"


COUNTED = (
    Measure.RUNS,
    Measure.POINTS,
    Measure.BYTES,
)  # in quota_usage; the others are counted when they are checked
_NOUNS = {
    Measure.RUNS: "runs",
    Measure.POINTS: "metric points",
    Measure.BYTES: "bytes of artifacts and traces",
    Measure.ENDPOINTS: "endpoints",
    Measure.JOBS: "jobs that wait or run",
}


class QuotaExceeded(Fault):
    """403: MLflow's clients repeat a call that 429 or 507 answers, and no repetition helps before the quota is raised."""

    code = "RESOURCE_LIMIT_EXCEEDED"
    status = 403


class Quota(Struct, frozen=True):
    scope: Scope
    subject: str
    measure: Measure
    limit: int
    updated_by: str = ""
    updated_at: int = 0  # ms


class Subject(Struct, frozen=True):
    """The owner of a use.  A workspace's own use belongs to (workspace, '')."""

    scope: Scope
    name: str


WORKSPACE = Subject(Scope.WORKSPACE, "")
TOTAL = Subject(Scope.SERVER, "")


class Use(Struct, frozen=True):
    """The use of a measure by a subject."""

    quota: Quota
    subject: str
    used: int

    @property
    def level(self) -> Level:
        if self.used >= self.quota.limit:
            return Level.EXCEEDED
        return Level.WARNING if self.used >= WARN_SHARE * self.quota.limit else Level.NONE


class SetQuota(Call, frozen=True):
    """`subject` is the name of a user, the id of an experiment, or `*` for each one without its own quota; quotas of the
    workspace, and of the server for all workspaces together, have none.  `limit` counts runs, metric points, bytes of artifacts
    and traces, endpoints, or queued and running jobs."""

    required: ClassVar[tuple[str, ...]] = ("scope", "measure")
    scope: str | None = None
    subject: str | None = None
    measure: str | None = None
    limit: int | None = None


class DeleteQuota(Call, frozen=True):
    required: ClassVar[tuple[str, ...]] = ("scope", "measure")
    scope: str | None = None
    subject: str | None = None
    measure: str | None = None


class ListQuotas(Call, frozen=True):
    scope: str | None = None
    subject: str | None = None


class ShownQuota(Answer, frozen=True):
    """`used` is the use of `subject`; a quota for each user or experiment (`is_each`) is shown for each that has some."""

    scope: str
    subject: str
    measure: str
    limit: int
    used: int
    level: str  # "", "warning" or "exceeded"
    is_each: bool
    updated_by: str
    updated_at: int  # ms


class Quotas(Answer, frozen=True):
    """`counted_at` is when a job last counted runs, points and files; since then each change is added."""

    quotas: list[ShownQuota] = []
    counted_at: int | UnsetType = UNSET  # ms


class GotQuota(Answer, frozen=True):
    quota: ShownQuota


def scope_of(given: str | None) -> Scope:
    try:
        return Scope(given or "")
    except ValueError:
        raise Invalid(f"scope is {(given or '')[:100]!r}; it must be one of {', '.join(Scope)}") from None


def measure_of(given: str | None, scope: Scope) -> Measure:
    try:
        measure = Measure(given or "")
    except ValueError:
        raise Invalid(f"measure is {(given or '')[:100]!r}; it must be one of {', '.join(Measure)}") from None
    if scope is Scope.EXPERIMENT and measure not in COUNTED:
        raise Invalid(f"measure is {given!r}; a quota of an experiment limits {', '.join(COUNTED)}")
    return measure


def subject_of(given: str | None, scope: Scope) -> str:
    subject = given or ""
    if scope in (Scope.SERVER, Scope.WORKSPACE):
        if subject:
            raise Invalid(f"subject is {subject[:100]!r}; a quota of the {scope} has none")
        return ""
    if not subject or len(subject) > MAX_SUBJECT or not subject.isprintable():
        what = "the name of a user" if scope is Scope.USER else "the id of an experiment"
        raise Invalid(f"subject is {subject[:100]!r}; it must be {what}, or * for each")
    if scope is Scope.EXPERIMENT and subject != EACH and not (subject.isascii() and subject.isdigit()):
        raise Invalid(f"subject is {subject[:100]!r}; it must be the id of an experiment, or * for each")
    return experiment_named(subject).id if scope is Scope.EXPERIMENT else subject


def limit_of(given: int | None) -> int:
    if given is None or not 0 <= given <= MOST:
        raise Invalid(f"limit is {given}; it must be between 0 and {MOST}")
    return given


def applying(quotas: Iterable[Quota], subjects: Iterable[Subject]) -> list[tuple[Quota, Subject]]:
    """Return the quotas that apply to each of the subjects: its own, or else the one for each subject of its kind."""
    by_key = {(quota.scope, quota.subject, quota.measure): quota for quota in quotas}
    found: list[tuple[Quota, Subject]] = []
    for subject in subjects:
        if subject.scope in (Scope.USER, Scope.EXPERIMENT) and not subject.name:
            continue  # the user is unknown
        for measure in Measure:
            own = by_key.get((subject.scope, subject.name, measure)) or by_key.get((subject.scope, EACH, measure))
            if own is not None:
                found.append((own, subject))
    return found


def is_over(quota: Quota, used: int, more: int) -> bool:
    """Return whether `more` of a measure exceeds the quota; `more` is 0 for an object that adds none of it, such as a run that
    will log points."""
    return used + more > quota.limit or used >= quota.limit


def refusal(
    quota: Quota, subject: Subject, used: int, more: int, workspace: str, names: Mapping[str, str]
) -> QuotaExceeded:
    """Return the fault with the limit, the use, and who can raise the limit.  `names` are names of experiments by id."""
    who = {
        Scope.SERVER: "The server, in all workspaces together,",
        Scope.WORKSPACE: f"Workspace {workspace!r}",
        Scope.USER: f"User {subject.name!r}",
        Scope.EXPERIMENT: f"Experiment {names.get(subject.name, subject.name)!r}",
    }[subject.scope]
    asked = f", and this call adds {more:,}" if more > 1 else ""
    by = f" {quota.updated_by!r} set it." if quota.updated_by else ""
    return QuotaExceeded(
        f"{who} has {used:,} of at most {quota.limit:,} {_NOUNS[quota.measure]}{asked}.{by}"
        f" {_RAISED_BY[subject.scope]} can raise the limit: {command(quota, subject, workspace)}"
    )


_RAISED_BY = {
    Scope.SERVER: "An administrator of the server",
    Scope.WORKSPACE: "An administrator of the server",
    Scope.USER: "An owner of the workspace or an administrator",
    Scope.EXPERIMENT: "An owner of the workspace or an administrator",
}


def command(quota: Quota, subject: Subject, workspace: str) -> str:
    if quota.scope is Scope.SERVER:
        return f"trackside quota set {quota.measure} LIMIT --all-workspaces"
    of = f" --{quota.scope} {subject.name}" if subject.name else ""
    return f"trackside quota set {quota.measure} LIMIT{of} --workspace {workspace}"
